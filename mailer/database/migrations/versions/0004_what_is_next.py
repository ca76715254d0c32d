"""Indexes that give what is to be sent next in its order, without a look at the rest of the wave."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CLAIMED = sa.text("process_id IS NOT NULL")
_DEFERRED = sa.text("state = 'deferred'")


def upgrade() -> None:
    op.drop_index("ix_delivery_wave_id_state_next_at", table_name="delivery")
    # What a process has claimed is found by the waves that are open.
    op.drop_index("ix_delivery_process_id", table_name="delivery")
    op.create_index("ix_delivery_wave_id_state_id", "delivery", ["wave_id", "state", "id"], unique=False)
    op.create_index(
        "ix_delivery_deferred",
        "delivery",
        ["wave_id", "next_at"],
        unique=False,
        sqlite_where=_DEFERRED,
        postgresql_where=_DEFERRED,
    )


def downgrade() -> None:
    op.create_index(
        "ix_delivery_process_id",
        "delivery",
        ["process_id"],
        unique=False,
        sqlite_where=_CLAIMED,
        postgresql_where=_CLAIMED,
    )
    op.drop_index(
        "ix_delivery_deferred", table_name="delivery", sqlite_where=_DEFERRED, postgresql_where=_DEFERRED
    )
    op.drop_index("ix_delivery_wave_id_state_id", table_name="delivery")
    op.create_index("ix_delivery_wave_id_state_next_at", "delivery", ["wave_id", "state", "next_at"], unique=False)
