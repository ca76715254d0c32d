"""Full-text search: the words of each contact, the database's own index on them, and triggers that mark whoever has
changed. Every contact that is there already is marked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FIELDS = ("name", "given_name", "family_name", "arabic_name", "title", "arabic_title", "status")
"""Of a contact; each of them changes her words."""
_PARTS = ("affiliation", "contact_tag", "contact_note")

# The tokenizer keeps letters beyond ASCII as they are and splits at ASCII's signs, of which the words have but the
# space between them. Who asks for words asks for all of them and in no order, so places in the text are not kept;
# prefixes count the sign that stands before a word of a name.
_SQLITE = (
    "CREATE VIRTUAL TABLE contact_search USING fts5(words, content='contact_text', content_rowid='contact_id', "
    "tokenize='ascii', detail='none', columnsize=0, prefix='1 2 3 4 5 6 7 8 9 10 11 12')"
)

# Both of the functions are immutable, and no configuration of the server has a say in them. The planner has to know how
# common a word is: of a rare one it reads the index, with a common one it goes through the contacts in their order.
_POSTGRESQL = (
    "ALTER TABLE contact_text ADD COLUMN lexemes tsvector NOT NULL "
    "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED",
    "ALTER TABLE contact_text ALTER COLUMN lexemes SET STATISTICS 1000",
    "CREATE INDEX ix_contact_text_lexemes ON contact_text USING gin (lexemes)",
)


def upgrade() -> None:
    op.create_table(
        "contact_text",
        sa.Column("contact_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_text")),
    )
    op.create_table(
        "contact_unindexed",
        sa.Column("contact_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_unindexed")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (_SQLITE, *_sqlite_marks()) if sqlite else (*_POSTGRESQL, *_postgresql_marks()):
        op.execute(statement)
    op.execute("INSERT INTO contact_unindexed (contact_id) SELECT id FROM contact")


def _sqlite_marks() -> list[str]:
    def mark(row: str, key: str) -> str:
        return f"INSERT OR IGNORE INTO contact_unindexed (contact_id) VALUES ({row}.{key}); "  # noqa: S608 - names of ours

    differs = " OR ".join(f"old.{field} IS NOT new.{field}" for field in _FIELDS)
    made = [
        f"CREATE TRIGGER contact_added AFTER INSERT ON contact BEGIN {mark('new', 'id')}END",
        f"CREATE TRIGGER contact_gone AFTER DELETE ON contact BEGIN {mark('old', 'id')}END",
        f"CREATE TRIGGER contact_changed AFTER UPDATE OF {', '.join(_FIELDS)} ON contact WHEN {differs} "
        f"BEGIN {mark('new', 'id')}END",
        "CREATE TRIGGER outlet_changed AFTER UPDATE OF name ON outlet WHEN old.name IS NOT new.name BEGIN "
        "INSERT OR IGNORE INTO contact_unindexed (contact_id) "
        "SELECT contact_id FROM affiliation WHERE outlet_id = new.id; END",
    ]
    for part in _PARTS:
        new, old = mark("new", "contact_id"), mark("old", "contact_id")
        made += [
            f"CREATE TRIGGER {part}_added AFTER INSERT ON {part} BEGIN {new}END",
            f"CREATE TRIGGER {part}_changed AFTER UPDATE ON {part} BEGIN {old}{new}END",
            f"CREATE TRIGGER {part}_gone AFTER DELETE ON {part} BEGIN {old}END",
        ]
    return made


def _postgresql_marks() -> list[str]:
    def function(name: str, marked: str) -> str:
        return (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"INSERT INTO contact_unindexed (contact_id) {marked} ON CONFLICT DO NOTHING; RETURN NULL; END $$"
        )

    differs = " OR ".join(f"OLD.{field} IS DISTINCT FROM NEW.{field}" for field in _FIELDS)
    # In the order of their numbers, so that two who mark the same contacts wait for each other and do not lock up.
    made = [
        function("contact_marks", "SELECT id FROM rows ORDER BY id"),
        function("contact_mark", "VALUES (NEW.id)"),
        function("outlet_mark", "SELECT contact_id FROM affiliation WHERE outlet_id = NEW.id ORDER BY contact_id"),
        function("contact_part_marks", "SELECT DISTINCT contact_id FROM rows ORDER BY contact_id"),
        function(
            "contact_part_changes",
            "SELECT contact_id FROM rows UNION SELECT contact_id FROM before ORDER BY contact_id",
        ),
        "CREATE TRIGGER contact_added AFTER INSERT ON contact REFERENCING NEW TABLE AS rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION contact_marks()",
        "CREATE TRIGGER contact_gone AFTER DELETE ON contact REFERENCING OLD TABLE AS rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION contact_marks()",
        f"CREATE TRIGGER contact_changed AFTER UPDATE OF {', '.join(_FIELDS)} ON contact "
        f"FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION contact_mark()",
        "CREATE TRIGGER outlet_changed AFTER UPDATE OF name ON outlet "
        "FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION outlet_mark()",
    ]
    for part in _PARTS:
        made += [
            f"CREATE TRIGGER {part}_added AFTER INSERT ON {part} REFERENCING NEW TABLE AS rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION contact_part_marks()",
            f"CREATE TRIGGER {part}_changed AFTER UPDATE ON {part} "
            "REFERENCING NEW TABLE AS rows OLD TABLE AS before "
            "FOR EACH STATEMENT EXECUTE FUNCTION contact_part_changes()",
            f"CREATE TRIGGER {part}_gone AFTER DELETE ON {part} REFERENCING OLD TABLE AS rows "
            "FOR EACH STATEMENT EXECUTE FUNCTION contact_part_marks()",
        ]
    return made
