"""Which contacts are not one person though they look so: an officer has said it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mailer.database import Base


class ContactDistinct(Base):
    """That two contacts are two people; the lower number first."""

    __tablename__ = "contact_distinct"
    __table_args__ = (CheckConstraint("first_id < second_id", name="in_order"),)

    first_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
