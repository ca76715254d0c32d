"""Remembers that two contacts are not one person, so that nobody is asked twice."""

import sqlalchemy as sa
from alembic import op

import mailer.database.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_distinct",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("at", mailer.database.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_contact_distinct_in_order")),
        sa.ForeignKeyConstraint(["first_id"], ["contact.id"], name=op.f("fk_contact_distinct_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["contact.id"], name=op.f("fk_contact_distinct_second_id")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_contact_distinct")),
    )


def downgrade() -> None:
    op.drop_table("contact_distinct")
