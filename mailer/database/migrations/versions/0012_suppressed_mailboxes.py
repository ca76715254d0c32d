"""Of each suppression the mailbox that it is of, so that an index finds it in whichever spelling; and defaults that are
kept with a mapping."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppression", sa.Column("mailbox", sa.String(320), server_default="", nullable=False))
    op.execute("UPDATE suppression SET mailbox = address_key")
    suppression = sa.table("suppression", sa.column("id"), sa.column("address_key"), sa.column("mailbox"))
    key = suppression.c.address_key
    at_google = sa.select(suppression.c.id, key).where(
        sa.or_(key.like("_%@gmail.com"), key.like("_%@googlemail.com"))
    )
    connection = op.get_bind()
    for number, spelling in connection.execute(at_google).all():
        connection.execute(
            sa.update(suppression).where(suppression.c.id == number).values(mailbox=_mailbox(spelling))
        )
    op.create_index("ix_suppression_mailbox", "suppression", ["mailbox"])
    op.add_column("import_mapping", sa.Column("defaults", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("import_mapping", "defaults")
    op.drop_index("ix_suppression_mailbox", "suppression")
    op.drop_column("suppression", "mailbox")


def _mailbox(spelling: str) -> str:
    """As ``contacts.mailbox`` had it when this step was written."""
    local = spelling.rpartition("@")[0]
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '')}@gmail.com"
