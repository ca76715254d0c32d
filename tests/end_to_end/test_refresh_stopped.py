"""A refresh of a live audience that is killed leaves the wave as it was, and the next one does all of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import DESK, make_contact, make_list
from newsroom import make_release, make_version, plan_wave
from sqlalchemy import select

from mailer.audit import entries
from mailer.cli.setup import make_office
from mailer.contacts.lists import change_list
from mailer.contacts.models import ContactLanguage
from mailer.database import Database
from mailer.schedule.models import Audience, Delivery, DeliveryState, Exclusion

# The command itself, which kills itself right before it says this to the database for the first time.
PROGRAM = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from mailer.cli import main

instant = sys.argv.pop(1)

def before(connection, cursor, statement, *rest):
    if statement.upper().lstrip().startswith(instant):
        os.kill(os.getpid(), signal.SIGKILL)

def at_the_end(connection):
    if told:
        os.kill(os.getpid(), signal.SIGKILL)

told = []
if instant == "COMMIT":
    event.listen(Engine, "after_cursor_execute", lambda c, u, s, *r: told.append(1) if "log_entry" in s else None)
    event.listen(Engine, "commit", at_the_end)
else:
    event.listen(Engine, "before_cursor_execute", before)
main()
"""
INSTANTS = ("UPDATE DELIVERY", "INSERT INTO EXCLUSION", "INSERT INTO DELIVERY", "INSERT INTO LOG_ENTRY", "COMMIT")

Standing = tuple[dict[int, tuple[str, str, str]], set[tuple[int, str]], int]


@pytest.fixture
def office(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def standing(office: Database) -> Standing:
    """Of each delivery by contact its state, address and language; who is left out and why; how long the log is."""
    with office.read() as session:
        rows = select(Delivery.contact_id, Delivery.state, Delivery.address_key, Delivery.language)
        out = session.execute(select(Exclusion.contact_id, Exclusion.reason)).all()
        deliveries = {row[0]: (row[1].value, row[2], row[3]) for row in session.execute(rows)}
        return deliveries, {(row[0], row[1].value) for row in out}, len(list(entries(session)))


@pytest.mark.parametrize("instant", INSTANTS)
def test_a_refresh_that_is_killed_changes_nothing_and_the_next_one_all(
    office: Database, database_url: str, tmp_path: Path, instant: str
) -> None:
    home = tmp_path / "office"
    make_office(home)
    at = datetime.now(UTC).replace(microsecond=0)
    with office.write() as session:
        stay, leave, come, moved, reads = (make_contact(session) for _ in range(5))
        media_list = make_list(session, stay, leave, moved, reads)
        version = make_version(session, make_release(session))
        due = at + timedelta(hours=1)
        options = {"due": due, "now": at, "audience": Audience.LIVE, "templates": home / "templates"}
        wave = plan_wave(session, version, media_list, **options).wave  # type: ignore[arg-type]
        change_list(session, media_list, add=(come,), remove=(leave,), at=at, actor=DESK)
        moved.address = moved.address_key = "moved@paper.example"
        reads.languages = []
        session.flush()
        reads.languages = [ContactLanguage(language="ar", position=0)]
        session.flush()
        people = (stay.id, leave.id, come.id, moved.id, reads.id)
        number = str(wave.id)
    before = standing(office)

    def refresh(*program: str) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        return subprocess.run(
            [sys.executable, *program, "--home", str(home), "waves", "refresh", number],
            env=environment | {"DATELINE_DATABASE__URL": database_url},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    killed = refresh("-c", PROGRAM, instant)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert standing(office) == before

    done = refresh("-m", "mailer")
    assert done.returncode == 0, done.stderr
    deliveries, out, log = standing(office)
    assert {contact for contact, row in deliveries.items() if row[0] == DeliveryState.QUEUED} == {*people} - {
        people[1]
    }
    assert deliveries[people[1]][0] == DeliveryState.CANCELLED
    assert out == {(people[1], "left-list")}
    assert (deliveries[people[3]][1], deliveries[people[4]][2]) == ("moved@paper.example", "ar")
    assert log > before[2]
