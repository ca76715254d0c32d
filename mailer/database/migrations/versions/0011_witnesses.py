"""Who is given the log's checkpoints, and how that went."""

import sqlalchemy as sa
from alembic import op

import mailer.database.base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_witness",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tried_at", mailer.database.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("given_at", mailer.database.base.UTCDateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_witness")),
    )


def downgrade() -> None:
    op.drop_table("log_witness")
