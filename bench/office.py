"""Makes an office with as many invented contacts as a measurement needs, and one release to send them."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.clock import ZonedTime
from mailer.config import config_file
from mailer.contacts.cities import city_named
from mailer.contacts.lists import create_list, list_named
from mailer.contacts.models import Contact, ContactKind, ContactLanguage, Organisation
from mailer.contacts.organisations import import_organisations
from mailer.database import Database, migrate
from mailer.releases.importing import import_file
from mailer.releases.versions import approve, freeze, release_named, version_numbered
from mailer.rendering import Layout, Occasion, SenderIdentity
from mailer.schedule.models import Wave
from mailer.schedule.plan import Order, Planned, schedule

ROOT = Path(__file__).resolve().parent.parent
SLUG, LIST = "ports", "Everybody"
BENCH = Actor("cli:bench")
SENDER = SenderIdentity(
    name="Joint Press Desk",
    address="press@desk.example",
    bounce_address="press@desk.example",
    unsubscribe_url="https://desk.example/unsubscribe",
    list_id="press.desk.example",
)
ZONE = "Asia/Beirut"
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


def plan(session: Session, *, again: bool = True, due: datetime | None = None) -> Planned:
    """A wave of that release to everybody, due now or at that instant."""
    found = release_named(session, SLUG)
    return schedule(
        session,
        found,
        version_numbered(found, None),
        list_named(session, LIST),
        Order(
            kind=Occasion.PUBLIC,
            due=in_zone(due) if due else None,
            zone=ZONE,
            layout=Layout.PREFERRED,
            again=again,
        ),
        templates=ROOT / "templates",
        sender=SENDER,
        default_language="en",
        now=datetime.now(UTC),
        actor=BENCH,
    )


def in_zone(instant: datetime) -> ZonedTime:
    """That instant, to the second, as the office's plans write it."""
    instant = instant.astimezone(UTC).replace(microsecond=0)
    return ZonedTime(instant.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None), ZONE, instant)


def move(session: Session, wave_id: int, due: ZonedTime) -> None:
    """Give a wave that has been planned another time, as how long its planning takes is not known beforehand."""
    values = {"wall": due.wall.isoformat(), "due_at": due.instant}
    session.execute(update(Wave).where(Wave.id == wave_id).values(values))


def settle(home: Path, *, url: str, port: int, connections: int = 10, more: str = "") -> None:
    """Write the settings of an office whose relay listens on that port of loopback."""
    file = config_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"""
[office]
name = "{SENDER.name}"
zone = "{ZONE}"
[database]
url = "{url}"
[sender]
name = "{SENDER.name}"
address = "{SENDER.address}"
list_unsubscribe_url = "{SENDER.unsubscribe_url}"
[delivery]
late_grace = "1d"
[[relay]]
name = "main"
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
{more}""",
        "utf-8",
    )


def opened(url: str) -> Database:
    """The database of that URL, at this version's level."""
    database = Database(url)
    migrate.upgrade(database)
    return database
