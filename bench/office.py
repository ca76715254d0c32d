"""Makes an office with as many invented contacts as a measurement needs, and one release to send them."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mailer.audit import Actor  # noqa: E402
from mailer.contacts.cities import city_named  # noqa: E402
from mailer.contacts.lists import create_list, list_named  # noqa: E402
from mailer.contacts.models import Contact, ContactKind, ContactLanguage, Organisation  # noqa: E402
from mailer.contacts.organisations import import_organisations  # noqa: E402
from mailer.database import Database, migrate  # noqa: E402
from mailer.releases.importing import import_file  # noqa: E402
from mailer.releases.versions import approve, freeze, release_named, version_numbered  # noqa: E402
from mailer.rendering import Layout, Occasion, SenderIdentity  # noqa: E402
from mailer.schedule.plan import Order, Planned, schedule  # noqa: E402

SLUG, LIST = "ports", "Everybody"
BENCH = Actor("cli:bench")
SENDER = SenderIdentity(
    name="Joint Press Desk",
    address="press@desk.example",
    bounce_address="press@desk.example",
    unsubscribe_url="https://desk.example/unsubscribe",
    list_id="press.desk.example",
)
CITIES = ("Beirut", "Cairo", "Amman", "Tunis", "Geneva")


def fill(session: Session, people: int) -> None:
    """So many journalists of five cities, who read English, on one list."""
    now = datetime.now(UTC)
    cities = [city_named(session, name) for name in CITIES]
    for start in range(1, people + 1, 10_000):
        numbers = range(start, min(start + 10_000, people + 1))
        session.execute(
            insert(Contact),
            [
                {
                    "id": n,
                    "kind": ContactKind.JOURNALIST,
                    "name": f"Nour Haddad {n}",
                    "arabic_name": f"نور حداد {n}",
                    "address": f"nour.haddad.{n}@paper{n % 500}.example",
                    "address_key": f"nour.haddad.{n}@paper{n % 500}.example",
                    "phone": "",
                    "title": "",
                    "arabic_title": "",
                    "city_id": cities[n % len(cities)].id,  # type: ignore[union-attr]
                    "added_at": now,
                }
                for n in numbers
            ],
        )
        session.execute(
            insert(ContactLanguage), [{"contact_id": n, "language": "en", "position": 0} for n in numbers]
        )
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT setval('contact_id_seq', :people)"), {"people": people})
    create_list(session, LIST, queries=["kind:journalist"], at=now, actor=BENCH)


def release(session: Session) -> None:
    """The demonstration's release in English, frozen and approved; its mail has some 20 kB without a photo."""
    now = datetime.now(UTC)
    import_organisations(session, ROOT / "contacts" / "organisations.toml", at=now, actor=BENCH)
    taken = import_file(
        session,
        ROOT / "mailer" / "demo" / "release.en.txt",
        slug=SLUG,
        language="en",
        organisations=(),
        photo=None,
        embargo=None,
        at=now,
        actor=BENCH,
    )
    version = freeze(session, taken.release, at=now, actor=BENCH)
    for organisation in session.scalars(select(Organisation)):
        approve(session, taken.release, version, organisation, at=now, actor=BENCH)


def plan(session: Session, *, again: bool = True) -> Planned:
    """A wave of that release to everybody, due now."""
    found = release_named(session, SLUG)
    return schedule(
        session,
        found,
        version_numbered(found, None),
        list_named(session, LIST),
        Order(kind=Occasion.PUBLIC, due=None, zone="Asia/Beirut", layout=Layout.PREFERRED, again=again),
        templates=ROOT / "templates",
        sender=SENDER,
        default_language="en",
        now=datetime.now(UTC),
        actor=BENCH,
    )


def opened(url: str) -> Database:
    """The database of that URL, at this version's level."""
    database = Database(url)
    migrate.upgrade(database)
    return database
