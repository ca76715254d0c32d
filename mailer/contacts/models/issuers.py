"""Who issues releases, and from where: cities, organisations and their offices."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailer.database import Base


class City(Base):
    """A city in its country and time zone, by its English, Arabic and French names."""

    __tablename__ = "city"
    __table_args__ = (UniqueConstraint("name", "country"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    arabic: Mapped[str] = mapped_column(String(120))
    french: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    """ISO 3166-1 alpha-2."""
    zone: Mapped[str] = mapped_column(String(60))
    """IANA name."""

    def name_in(self, language: str) -> str:
        """The city's name in that language; the English one where we have no other."""
        return {"ar": self.arabic, "fr": self.french}.get(language.partition("-")[0]) or self.name


class Organisation(Base):
    """A body that issues releases."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    acronym: Mapped[str] = mapped_column(String(40))
    texts: Mapped[list["OrganisationText"]] = relationship(
        cascade="all, delete-orphan", order_by="OrganisationText.language", lazy="selectin"
    )
    offices: Mapped[list["Office"]] = relationship(order_by="Office.id", lazy="selectin")

    def name_in(self, language: str) -> str:
        """Its name in that language; else its first name; else its acronym."""
        names = {text.language: text.name for text in self.texts}
        exact = names.get(language) or names.get(language.partition("-")[0])
        return exact or next(iter(names.values()), self.acronym)


class OrganisationText(Base):
    """An organisation's name and boilerplate in one language."""

    __tablename__ = "organisation_text"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    about: Mapped[str] = mapped_column(Text)


class Office(Base):
    """An organisation's press office in one city."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("organisation_id", "city_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    city_id: Mapped[int] = mapped_column(ForeignKey("city.id"))
    city: Mapped[City] = relationship(lazy="joined")
