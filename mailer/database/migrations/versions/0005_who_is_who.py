"""Who is who: statuses and merges, past affiliations, tags, notes, further addresses, embargo terms with their text,
suppression by domain and by organisation, erasure."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)

# As SQL, and not by Alembic's own column: it would add the constraints apart, which SQLite cannot. One that is added
# later may be looked at by the database for every row, so none of them refuses what a registry may hold by now.
_COLUMNS = (
    "outlet ADD COLUMN type VARCHAR(20)",
    "contact_language ADD COLUMN salutation VARCHAR(200) DEFAULT '' NOT NULL",
    "contact ADD COLUMN status VARCHAR(20) DEFAULT 'active' NOT NULL",
    "contact ADD COLUMN merged_into_id INTEGER "
    "CONSTRAINT fk_contact_merged_into_id REFERENCES contact (id) "
    "CONSTRAINT ck_contact_merged_into_another CHECK ((status = 'merged') = (merged_into_id IS NOT NULL))",
    "contact ADD COLUMN given_name VARCHAR(200) DEFAULT '' NOT NULL",
    "contact ADD COLUMN family_name VARCHAR(200) DEFAULT '' NOT NULL",
    "contact ADD COLUMN source VARCHAR(300) DEFAULT '' NOT NULL",
    "contact ADD COLUMN lawful_basis VARCHAR(20)",
    "contact ADD COLUMN basis_since DATE",
)


def _enum(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=20)


def upgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE {column}")
    op.add_column("contact", sa.Column("verified_at", _INSTANT, nullable=True))
    op.add_column("contact", sa.Column("erased_at", _INSTANT, nullable=True))
    op.create_index("ix_contact_merged_into_id", "contact", ["merged_into_id"])
    _affiliations()
    _embargo_terms()
    _suppression()
    _people()
    _own_beats()


def _affiliations() -> None:
    # One that is over is kept, so that there may be several between a contact and an outlet.
    op.create_table(
        "affiliation_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("outlet_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_affiliation_contact_id"),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name="fk_affiliation_outlet_id"),
        sa.PrimaryKeyConstraint("id", name="pk_affiliation_anew"),
    )
    op.execute(
        "INSERT INTO affiliation_anew (id, contact_id, outlet_id, role) "
        "SELECT id, contact_id, outlet_id, role FROM affiliation"
    )
    _take_the_place_of("affiliation")
    op.create_index("ix_affiliation_contact_id", "affiliation", ["contact_id"])
    op.create_index("ix_affiliation_outlet_id", "affiliation", ["outlet_id"])
    current = sa.text("until IS NULL")
    op.create_index(
        "uq_affiliation_current",
        "affiliation",
        ["contact_id", "outlet_id"],
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )


def _take_the_place_of(table: str) -> None:
    """The table ``…_anew`` becomes the table; on PostgreSQL its key's sequence goes on where the rows end."""
    op.drop_table(table)
    op.rename_table(f"{table}_anew", table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT pk_{table}_anew TO pk_{table}")
        op.execute(f"ALTER SEQUENCE {table}_anew_id_seq RENAME TO {table}_id_seq")
        op.execute(
            f"SELECT setval('{table}_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"  # noqa: S608
        )


def _embargo_terms() -> None:
    op.create_table(
        "embargo_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embargo_terms")),
        sa.UniqueConstraint("key", name=op.f("uq_embargo_terms_key")),
    )
    op.create_table(
        "embargo_acceptance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("terms_id", sa.Integer(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("how", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_embargo_acceptance_contact_id")),
        sa.ForeignKeyConstraint(["terms_id"], ["embargo_terms.id"], name=op.f("fk_embargo_acceptance_terms_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embargo_acceptance")),
    )
    op.create_index("ix_embargo_acceptance_contact_id", "embargo_acceptance", ["contact_id"])
    op.execute(
        "INSERT INTO embargo_acceptance (contact_id, accepted_on, how, recorded_at) "
        "SELECT id, embargo_terms, '', added_at FROM contact WHERE embargo_terms IS NOT NULL ORDER BY id"
    )
    op.drop_column("contact", "embargo_terms")


def _suppression() -> None:
    op.create_table(
        "suppression_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("kind", _enum("asked", "undeliverable", name="suppressionkind"), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_suppression_organisation_id"),
        sa.PrimaryKeyConstraint("id", name="pk_suppression_anew"),
    )
    op.execute(
        "INSERT INTO suppression_anew (address_key, kind, reason, since) "
        "SELECT address_key, 'asked', reason, since FROM suppression ORDER BY since, address_key"
    )
    _take_the_place_of("suppression")
    by_all, by_one = sa.text("organisation_id IS NULL"), sa.text("organisation_id IS NOT NULL")
    op.create_index(
        "uq_suppression_by_all",
        "suppression",
        ["address_key"],
        unique=True,
        sqlite_where=by_all,
        postgresql_where=by_all,
    )
    op.create_index(
        "uq_suppression_by_one",
        "suppression",
        ["address_key", "organisation_id"],
        unique=True,
        sqlite_where=by_one,
        postgresql_where=by_one,
    )
    op.create_table(
        "erased_address",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("erased_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased_address")),
    )


def _people() -> None:
    op.create_table(
        "contact_tag",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_tag_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", "tag", name=op.f("pk_contact_tag")),
    )
    op.create_index("ix_contact_tag_tag", "contact_tag", ["tag"])
    op.create_table(
        "contact_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("address", "phone", name="pointkind"), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_point_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint("contact_id", "kind", "key", name=op.f("uq_contact_point_contact_id_kind_key")),
    )
    address = sa.text("kind = 'address'")
    op.create_index(
        "uq_contact_point_address",
        "contact_point",
        ["key"],
        unique=True,
        sqlite_where=address,
        postgresql_where=address,
    )
    op.create_table(
        "contact_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("note", "request", name="notekind"), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_note_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_note")),
    )
    op.create_index("ix_contact_note_contact_id", "contact_note", ["contact_id"])
    op.create_table(
        "contact_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("laid_over", sa.JSON(), nullable=False),
        sa.Column("undone_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["contact.id"], name=op.f("fk_contact_merge_kept_id")),
        sa.ForeignKeyConstraint(["merged_id"], ["contact.id"], name=op.f("fk_contact_merge_merged_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merge")),
    )
    op.create_index("ix_contact_merge_kept_id", "contact_merge", ["kept_id"])
    op.create_index("ix_contact_merge_merged_id", "contact_merge", ["merged_id"])
    op.create_table(
        "beat",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("arabic", sa.String(length=120), nullable=False),
        sa.Column("french", sa.String(length=120), nullable=False),
        sa.Column("mediatopic", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_beat")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("saved_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("key", name=op.f("uq_import_mapping_key")),
    )


def _own_beats() -> None:
    # Until now a beat was whatever a list said: all of them stay, as the office's own.
    op.execute(
        "INSERT INTO beat (slug, name, arabic, french, mediatopic) "
        "SELECT DISTINCT beat, beat, '', '', '' FROM contact_beat"
    )
