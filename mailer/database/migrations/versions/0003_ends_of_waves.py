"""When a wave gives up what it cannot hand over, and from when on it is stale."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GIVE_UP_AFTER = timedelta(days=2)
"""The setting's default at this step."""


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("wave", sa.Column("give_up_at", instant, nullable=True))
    op.add_column("wave", sa.Column("stale_at", instant, nullable=True))
    wave = sa.table(
        "wave", sa.column("state", sa.String), sa.column("opened_at", instant), sa.column("give_up_at", instant)
    )
    # Counted from now: a wave that was paused for days, and resumed before this, must not fail with the upgrade.
    op.execute(
        wave.update()
        .where(wave.c.opened_at.is_not(None), wave.c.state.in_(["sending", "paused", "held"]))
        .values(give_up_at=datetime.now(UTC) + GIVE_UP_AFTER)
    )
