"""The seal of the log: a Merkle tree over its entries, in tiles, and the signed checkpoints of it."""

import sqlalchemy as sa
from alembic import op

import mailer.database.base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = ("log_run", "log_checkpoint")
_WORDS = "the seal of the log is never changed"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log_run",
        sa.Column("first_index", big, autoincrement=False, nullable=False),
        sa.Column("first_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("first_index", name=op.f("pk_log_run")),
        sa.UniqueConstraint("first_entry_id", name=op.f("uq_log_run_first_entry_id")),
    )
    op.create_table(
        "log_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", big, autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tile")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", big, autoincrement=False, nullable=False),
        sa.Column("at", mailer.database.base.UTCDateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_entry_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    for table in (*APPEND_ONLY, "log_tile"):
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(
        "CREATE TRIGGER log_tile_grows BEFORE UPDATE ON log_tile WHEN NEW.level <> OLD.level "
        "OR NEW.number <> OLD.number OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes " + refuse
    )


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION log_seal_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$"
    )
    op.execute(
        "CREATE FUNCTION log_tile_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.level <> OLD.level OR NEW.number <> OLD.number "
        "OR substring(NEW.hashes FROM 1 FOR length(OLD.hashes)) <> OLD.hashes "
        f"THEN RAISE EXCEPTION '{_WORDS}'; END IF; RETURN NEW; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION log_seal_append_only()"
        )
    op.execute(
        "CREATE TRIGGER log_tile_append_only BEFORE DELETE OR TRUNCATE ON log_tile "
        "FOR EACH STATEMENT EXECUTE FUNCTION log_seal_append_only()"
    )
    op.execute(
        "CREATE TRIGGER log_tile_grows BEFORE UPDATE ON log_tile FOR EACH ROW EXECUTE FUNCTION log_tile_grows()"
    )


def downgrade() -> None:
    for table in ("log_checkpoint", "log_tile", "log_run"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION log_tile_grows()")
        op.execute("DROP FUNCTION log_seal_append_only()")
