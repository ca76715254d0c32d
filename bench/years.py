"""Makes an office with years of sending behind it, to ask it who received what."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import office
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from mailer.audit import append_rows
from mailer.clock import ZonedTime
from mailer.contacts.lists import list_named
from mailer.contacts.models import Affiliation, Outlet
from mailer.contacts.spelling import fold
from mailer.database import Database, insert_rows, storing
from mailer.delivery.models import Attempt
from mailer.releases.models import Release, Version
from mailer.releases.versions import release_named
from mailer.rendering import Layout, Occasion
from mailer.schedule.models import (
    CompiledText,
    Delivery,
    DeliveryState,
    Exclusion,
    ExclusionReason,
    Wave,
    WaveState,
)

CONTACTS = 100_000
OUTLETS = 500
SHARE = 10
"""Each release goes to so small a part of the contacts, one in ten of them under embargo."""
FIRST = datetime(2019, 1, 7, 7, tzinfo=UTC)
BETWEEN = timedelta(days=2)
ADVANCE = timedelta(hours=24)
"""From the wave under embargo to the lift."""
_RELAYS = ("main", "second")


def fill(database: Database, deliveries: int) -> int:
    """Contacts, and as many deliveries as asked for in waves that are done; the number of releases.

    One in fifty has failed, one in fifty was deferred once, and a hundred contacts of each release were left out.
    """
    with database.write() as session:
        office.fill(session, CONTACTS)
        office.release(session)
        _outlets(session)
    each = CONTACTS // SHARE
    for number in range(1, deliveries // each + 1):
        with database.write() as session:
            _release(session, number)
    with database.write() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT setval('delivery_id_seq', (SELECT max(id) FROM delivery))"))
        # What a server does by itself in years, and SQLite when it closes a file.
        session.execute(text("ANALYZE"))
    return deliveries // each


def slug(number: int) -> str:
    """The short name of that release."""
    return f"release-{number}"


def lift(number: int) -> datetime:
    """When its embargo ends, in UTC."""
    return FIRST + number * BETWEEN


def _outlets(session: Session) -> None:
    names = [f"Levant Courier {n}" for n in range(1, OUTLETS + 1)]
    insert_rows(session, Outlet, ("name", "key"), [(name, fold(name)) for name in names])
    ids = list(session.scalars(select(Outlet.id).order_by(Outlet.id)))
    rows = [(n, ids[n % OUTLETS], "reporter") for n in range(1, CONTACTS + 1)]
    insert_rows(session, Affiliation, ("contact_id", "outlet_id", "role"), rows)


def _release(session: Session, number: int) -> None:
    model = release_named(session, office.SLUG).versions[-1]
    at = lift(number)
    release = Release(slug=slug(number), added_at=at - 2 * ADVANCE)
    release.embargo = ZonedTime.of(at, office.ZONE)
    session.add(release)
    session.flush()
    version = Version(
        release_id=release.id,
        number=1,
        content=model.content,
        sha256=model.sha256,
        frozen_at=at - 2 * ADVANCE,
        embargo_at=at,
    )
    session.add(version)
    session.flush()
    people = range(1 + number % SHARE, CONTACTS + 1, SHARE)
    early, rest = people[::SHARE], [n for at, n in enumerate(people) if at % SHARE]
    _wave(session, release, version, Occasion.UNDER_EMBARGO, at - ADVANCE, early)
    wave = _wave(session, release, version, Occasion.PUBLIC, at, rest)
    left_out = [
        {"wave_id": wave, "contact_id": n, "reason": ExclusionReason.SUPPRESSED}
        for n in range(1 + (number + 1) % SHARE, CONTACTS + 1, CONTACTS // 100)
    ]
    session.execute(insert(Exclusion), left_out)


def _wave(
    session: Session, release: Release, version: Version, kind: Occasion, due: datetime, people: Iterable[int]
) -> int:
    wall = ZonedTime.of(due, office.ZONE)
    wave = Wave(
        release_id=release.id,
        version_id=version.id,
        list_id=list_named(session, office.LIST).id,
        kind=kind,
        layout=Layout.PREFERRED,
        template="release",
        state=WaveState.DONE,
        wall=wall.wall.isoformat(),
        zone=office.ZONE,
        due_at=due,
        scheduled_at=due - ADVANCE,
        opened_at=due,
        done_at=due + timedelta(minutes=20),
    )
    session.add(wave)
    session.flush()
    compiled = CompiledText(wave_id=wave.id, languages=",en,", content=b"")
    session.add(compiled)
    session.flush()
    first = (session.scalar(text("SELECT coalesce(max(id), 0) FROM delivery")) or 0) + 1
    deliveries, attempts, entries = [], [], []
    store = storing(session)
    moments = [store(due + timedelta(seconds=second)) for second in range(600)]
    for id_, person in enumerate(people, first):
        address = f"nour.haddad.{person}@paper{person % 500}.example"
        failed, deferred = id_ % 50 == 0, id_ % 50 == 1
        ended = moments[person % 600]
        relay = _RELAYS[person % 2]
        sha256 = hashlib.sha256(address.encode()).hexdigest()
        state = DeliveryState.FAILED if failed else DeliveryState.ACCEPTED
        deliveries.append(
            (id_, wave.id, person, compiled.id, f"Nour Haddad {person}", address, address, "en", f"{id_:032x}",
             state.value, 1 + deferred, ended, "" if failed else sha256)
        )  # fmt: skip
        if deferred:
            attempts.append((id_, 1, moments[0], relay, "end", 451, "4.7.1", "Greylisted, come again"))
        code, enhanced, reply = (550, "5.1.1", "No such mailbox") if failed else (250, "2.0.0", "Queued as 4XyZ")
        attempts.append((id_, 1 + deferred, ended, relay, "rcpt" if failed else "end", code, enhanced, reply))
        data = f'{{"attempt": 1, "relay": "{relay}", "stage": "end", "code": {code}, "sha256": "{sha256}"}}'
        event = f"delivery.{state.value}"
        entries.append((ended, event, "system:sender 1a2b3c4d", release.id, wave.id, id_, person, data))
    insert_rows(
        session,
        Delivery,
        ("id", "wave_id", "contact_id", "compiled_id", "name", "address", "address_key", "language", "token",
         "state", "attempts", "finished_at", "sha256"),
        deliveries,
    )  # fmt: skip
    insert_rows(
        session, Attempt, ("delivery_id", "number", "at", "relay", "stage", "code", "enhanced", "text"), attempts
    )
    append_rows(session, entries)
    return wave.id


def main(path: Path, deliveries: int) -> None:
    """For trying out: ``python bench/years.py``."""
    database = office.opened(f"sqlite:///{path}")
    print(fill(database, deliveries))


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]), int(sys.argv[2]))
