"""Audiences that follow their media list until the wave opens, and what is needed to let somebody in by then."""

import sqlalchemy as sa
from alembic import op

import mailer.database.base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Those that are scheduled keep the audience that they have.
    op.add_column("wave", sa.Column("audience", sa.String(20), server_default="frozen", nullable=False))
    op.add_column(
        "wave", sa.Column("refreshed_at", mailer.database.base.UTCDateTime(timezone=True), nullable=True)
    )
    op.add_column("wave", sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("wave", sa.Column("default_language", sa.String(20), server_default="", nullable=False))
    op.add_column("wave", sa.Column("source_sha256", sa.String(64), server_default="", nullable=False))


def downgrade() -> None:
    for column in ("source_sha256", "default_language", "again", "refreshed_at", "audience"):
        op.drop_column("wave", column)
