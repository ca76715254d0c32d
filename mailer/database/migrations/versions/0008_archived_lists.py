"""Media lists that are put aside: kept for the record of the waves that went to them, and offered no more."""

import sqlalchemy as sa
from alembic import op

import mailer.database.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = mailer.database.base.UTCDateTime(timezone=True)
    op.add_column("media_list", sa.Column("archived_at", instant, nullable=True))


def downgrade() -> None:
    op.drop_column("media_list", "archived_at")
