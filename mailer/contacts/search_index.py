"""Keeps the words by which contacts are found in step with the contacts.

A trigger of the database marks each contact whose words may have changed, whoever changes her and by whatever way;
before a transaction ends, the words of those whom it marked are made anew. So no part of the program has to think of
it, and a journalist who was changed is never missing from a search that comes after.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, islice
from weakref import WeakSet

from sqlalchemy import Pool, delete, event, inspect, select, text
from sqlalchemy.orm import Session

from mailer.contacts.collecting import without_collecting
from mailer.contacts.models import Contact, ContactStatus, ContactText, ContactUnindexed
from mailer.contacts.words import IN_NAME, MAX_WORD, words_of
from mailer.database import Alongside, Rows, chunks, fetch, insert_rows, is_sqlite, is_writing, one_of, run

MAX_WORDS = 5_000
"""Of one contact, the first ones of her name, titles, tags, outlets and notes, newest notes first. PostgreSQL takes no
more than a megabyte of them."""

_BATCH = 5_000
"""Contacts whose words are made at a time: some ten megabytes."""
_MANY = 10_000
"""Changed at once, they change how common words are, which PostgreSQL's planner has to know."""
_READ = (
    *(
        "contact",
        "contact_text",
        "affiliation",
        "contact_language",
        "contact_beat",
        "contact_tag",
        "contact_point",
    ),
    "embargo_acceptance",
)
"""What a search reads of those whom it finds."""


def refresh(session: Session) -> int:
    """Make the words of all who are marked, before somebody searches in the transaction that changed them; returns
    how many. A transaction that only reads has changed nobody."""
    if not is_writing(session):
        return 0
    session.flush()
    return _index_marked(session)


def reindex(session: Session) -> int:
    """Make the words of every contact anew; returns how many there are. Nobody need call it but to mend a database
    that something else than Dateline has written to."""
    session.execute(delete(ContactText))
    if is_sqlite(session):
        session.execute(text("INSERT INTO contact_search (contact_search) VALUES ('rebuild')"))
    session.execute(delete(ContactUnindexed))
    session.execute(text("INSERT INTO contact_unindexed (contact_id) SELECT id FROM contact"))
    return _index_marked(session)


def forget_words(session: Session) -> None:
    """After somebody was erased: bring the words up to date and build the database's index on them anew.

    What was taken out of it stays on its pages otherwise: SQLite's full-text index notes a deletion beside the entry,
    and PostgreSQL's never lets go of a word. It takes seconds with a million contacts.
    """
    session.flush()
    _index_marked(session)
    rebuild = "INSERT INTO contact_search (contact_search) VALUES ('rebuild')"
    session.execute(text(rebuild if is_sqlite(session) else "REINDEX INDEX ix_contact_text_lexemes"))


def stale(session: Session, *, thorough: bool = False) -> list[int]:
    """Contacts whose words are not those that they should be; thorough: their words are made again and compared."""
    found = set(session.scalars(select(ContactUnindexed.contact_id)))
    if thorough:
        kept = dict(session.execute(select(ContactText.contact_id, ContactText.words)).all())
        ids = session.scalars(select(Contact.id).order_by(Contact.id)).all()
        for some in chunks(ids, _BATCH):
            wanted = dict(_texts(_read(session, _EVERYBODY, some[0], some[-1])))
            found |= {number for number in some if kept.get(number) != wanted.get(number)}
        found |= kept.keys() - set(ids)
    return sorted(found)


_HAVE_IT: WeakSet[Pool] = WeakSet()
"""Databases whose level has the index, so that it is asked once."""


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if session.in_nested_transaction() or not is_writing(session):
        return
    connection = session.connection()
    pool = connection.engine.pool
    if pool not in _HAVE_IT:
        if not inspect(connection).has_table(ContactUnindexed.__tablename__):
            return  # at an older level, on its way to this one
        _HAVE_IT.add(pool)
    session.flush()
    _index_marked(session)


def _index_marked(session: Session) -> int:
    count = 0
    add = None
    with without_collecting(), Alongside() as alongside:
        for ids in _marked(session):
            old = _old_words(session, ids)
            read = _read(session, _MARKED, ids[0], ids[-1])
            if add is not None:
                alongside.start(add)
            wanted = dict(_texts(read))
            alongside.wait()
            add = _keep(session, ids, old, wanted)
            count += len(ids)
        if add is not None:
            add()
    if count >= _MANY and not is_sqlite(session):
        session.execute(text(f"ANALYZE {', '.join(_READ)}"))
    return count


def _marked(session: Session) -> Iterator[Sequence[int]]:
    """Those who are marked, the lowest numbers first: so those who write at once wait for each other and do not lock
    up."""
    query = f"SELECT contact_id FROM contact_unindexed ORDER BY contact_id LIMIT {_BATCH}"  # noqa: S608
    connection = session.connection()
    while ids := [row[0] for row in connection.exec_driver_sql(query)]:
        yield ids


def _old_words(session: Session, ids: Sequence[int]) -> dict[int, str]:
    # Between the first and the last of them, all who are marked are among them.
    between = ContactUnindexed.contact_id.between(ids[0], ids[-1])
    marked = select(ContactUnindexed.contact_id).where(between)
    old = select(ContactText.contact_id, ContactText.words).where(ContactText.contact_id.in_(marked))
    return dict(session.execute(old).all())


def _keep(
    session: Session, ids: Sequence[int], have: Mapping[int, str], wanted: Mapping[int, str]
) -> Callable[[], None] | None:
    """Keep these words, but for SQLite's index, which takes longer than all else; returns what adds them there."""
    changed = [number for number in ids if have.get(number) != wanted.get(number)]
    gone = [(number, have[number]) for number in changed if number in have]
    new = [(number, wanted[number]) for number in changed if number in wanted]
    if gone and is_sqlite(session):
        forget = "INSERT INTO contact_search (contact_search, rowid, words) VALUES ('delete', ?, ?)"
        session.connection().exec_driver_sql(forget, gone)
    for some in chunks(number for number, _ in gone):
        session.execute(delete(ContactText).where(ContactText.contact_id.in_(some)))
    insert_rows(session, ContactText, ("contact_id", "words"), new)
    run(session, "DELETE FROM contact_unindexed WHERE contact_id BETWEEN ? AND ?", (ids[0], ids[-1]))
    if not new or not is_sqlite(session):
        return None
    # Not by triggers, as SQLite's own manual does it: with trusted_schema off none may write to a virtual table.
    condition, numbers = one_of(session, "contact_id", [number for number, _ in new])
    into = "INSERT INTO contact_search (rowid, words) SELECT contact_id, words FROM contact_text WHERE"
    return partial(run, session, f"{into} {condition} ORDER BY contact_id", (numbers,))


_Read = tuple[Mapping[int, list[str]], Rows]
"""What hangs on contacts, and the contacts themselves."""


def _read(session: Session, people: str, first: int, last: int) -> _Read:
    """What the words are made of, of these contacts between two numbers; none for who is erased or gone."""
    among = f"IN (SELECT {people} BETWEEN ? AND ?)"
    parts: defaultdict[int, list[str]] = defaultdict(list)
    for columns, source in _PARTS:
        for number, *values in fetch(session, ("contact_id", *columns), source.format(among), (first, last)):
            parts[number] += values
    is_there = f"FROM contact WHERE id {among} AND status <> '{ContactStatus.ERASED.value}'"
    return parts, fetch(session, _COLUMNS, is_there, (first, last))


def _texts(read: _Read) -> Iterator[tuple[int, str]]:
    """The words of each contact."""
    parts, people = read
    nothing: list[str] = []
    for number, title, arabic_title, *names in people:
        words: dict[str, None] = {}
        for name in filter(None, names):
            words.update(dict.fromkeys(words_of(name)))
        marked = [IN_NAME + word for word in words]
        for part in filter(None, (title, arabic_title, *parts.get(number, nothing))):
            words.update(_words_of_part(part) if len(part) <= MAX_WORD else dict.fromkeys(words_of(part)))
        if len(marked) + len(words) > MAX_WORDS:
            yield number, " ".join(islice(chain(marked, words), MAX_WORDS))
        else:
            yield number, " ".join((*marked, *words))


@lru_cache(maxsize=10_000)
def _words_of_part(text: str) -> Mapping[str, None]:
    """Of an outlet, a role or a tag, as many people have the same."""
    return dict.fromkeys(words_of(text))


_MARKED = "contact_id FROM contact_unindexed WHERE contact_id"
_EVERYBODY = "id FROM contact WHERE id"
_COLUMNS = ("id", "title", "arabic_title", "name", "given_name", "family_name", "arabic_name")
_PARTS = (
    (("tag",), "FROM contact_tag WHERE contact_id {} ORDER BY tag"),
    (
        ("name", "role"),
        "FROM (SELECT a.id, a.contact_id, o.name, a.role FROM affiliation a JOIN outlet o ON o.id = a.outlet_id "
        "WHERE a.until IS NULL AND a.contact_id {}) AS places ORDER BY id",
    ),
    (("text",), "FROM contact_note WHERE contact_id {} ORDER BY at DESC, id DESC"),
)
"""What hangs on a contact, in the order of its words."""
