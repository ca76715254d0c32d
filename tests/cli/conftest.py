"""A prepared office, and a way to type commands into it: the app's own front door, in this process."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON
from newsroom import TestClock
from sqlalchemy import update

from mailer.audit import Event, entries
from mailer.cli import main
from mailer.cli.setup import make_office
from mailer.config import config_file, load
from mailer.database import Database
from mailer.delivery.models import Attempt
from mailer.schedule.models import Delivery, DeliveryState

EMBARGO = NOON + timedelta(days=1)
"""Of the prepared release, ``ports``: 14:00 in Beirut on the next day."""

PEOPLE = """\
name,name_ar,address,phone,city,languages,beats,outlets,embargo_terms
Nour Haddad,نور حداد,nour@courier.example,+961 1 555 0101,Beirut,ar;en,migration,Levant Courier (reporter),2026-01-05
Hagop Terzian,,hagop@ledger.example,,Beirut,en,economy,Cedar Ledger,
Mona Rashwan,منى رشوان,mona@sentinel.example,,Cairo,en;ar,migration,Nile Sentinel (editor); Levant Courier,2026-02-06
هبة سليم,,heba@alwadi.example,,القاهرة,ar,health,وكالة الوادي,
"""

RELEASE_EN = """\
Ports agreement signed

Beirut, 24 November 2026 – Help begins at the quay. It takes five years, said the two organisations.

The first three ports open in March, and each of them has a doctor.

About ESRF:

The Eastern Shore Relief Federation (ESRF) helps along the coast.

For more information please contact:

In Beirut, ESRF Head of Communications, Lamia Tarazi, lamia.tarazi@esrf.example
"""

RELEASE_AR = """\
---
language: ar
headline: توقيع اتفاق الموانئ
dateline: بيروت، 24 نوفمبر 2026
---

تبدأ المساعدة على الرصيف، وتستمر خمس سنوات.

## نبذة عن اتحاد الساحل الشرقي للإغاثة

يعمل اتحاد الساحل الشرقي للإغاثة على امتداد الساحل.

## للمزيد من المعلومات

في بيروت، رئيسة قسم الاتصال، لمياء طرزي، lamia.tarazi@esrf.example
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


Dateline = Callable[..., Told]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TestClock:
    """The clock of every command: it stands at noon until a test moves it."""
    clock = TestClock()
    monkeypatch.setattr("mailer.cli.office.SystemClock", lambda: clock)
    monkeypatch.setattr("mailer.cli.setup.SystemClock", lambda: clock)
    monkeypatch.setattr("mailer.cli.backup.SystemClock", lambda: clock)
    return clock


@pytest.fixture
def dateline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, clock: TestClock) -> Dateline:
    """Type a command."""
    for name in [name for name in os.environ if name.startswith("DATELINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("mailer.cli.home._home", Path())

    def type_in(*words: object, home: Path | None = None) -> Told:
        monkeypatch.setattr(sys, "argv", ["dateline", *(["--home", str(home)] if home else []), *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Told(int(ended.value.code or 0), said.out, said.err)

    return type_in


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with people, a list, a release in two languages that is approved, made once; do not change it."""
    home = tmp_path_factory.mktemp("prepared") / "office"
    make_office(home)
    for file in (home / "contacts").glob("*.csv"):
        if file.name != "officers.csv":
            file.unlink()
    (home / "contacts" / "people.csv").write_text(PEOPLE, "utf-8")
    (home / "ports.en.txt").write_text(RELEASE_EN, "utf-8")
    (home / "ports.ar.md").write_text(RELEASE_AR, "utf-8")
    settings = config_file(home)
    settings.write_text(settings.read_text("utf-8").replace("press@office.example", "press@desk.example"), "utf-8")

    _carry_out(
        home,
        ["contacts", "import", "contacts/organisations.toml", "contacts/people.csv", "contacts/officers.csv"],
        ["lists", "create", "Desk", "--query", "kind:journalist"],
        ["releases", "import", "--slug", "ports", "ports.en.txt", "ports.ar.md"],
        ["releases", "embargo", "ports", "--at", "2026-11-25 14:00", "--zone", "Asia/Beirut"],
        ["releases", "freeze", "ports"],
        ["releases", "approve", "ports", "--organisation", "esrf"],
    )
    return home


@pytest.fixture(scope="session")
def prepared_plan(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with two waves: 1 under embargo at 13:00 UTC, 2 public at the embargo; do not change it."""
    home = tmp_path_factory.mktemp("plan") / "office"
    shutil.copytree(prepared, home)
    schedule = ["waves", "schedule", "ports", "--list", "Desk"]
    _carry_out(home, [*schedule, "--under-embargo", "--at", "2026-11-24 15:00"], [*schedule, "--at", "embargo"])
    return home


def _carry_out(home: Path, *commands: list[str]) -> None:
    from mailer.cli.app import app

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DATELINE_")]:
            patch.delenv(name)
        patch.setattr("mailer.cli.office.SystemClock", TestClock)
        patch.chdir(home)
        for words in commands:
            app(["--home", str(home), *words], standalone_mode=False)


@pytest.fixture
def office(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the prepared office, with the test inside it."""
    return _enter(prepared, tmp_path, monkeypatch)


@pytest.fixture
def planned(prepared_plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the one with the two waves, with the test inside it."""
    return _enter(prepared_plan, tmp_path, monkeypatch)


def _enter(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "office"
    shutil.copytree(home, copy)
    monkeypatch.chdir(copy)
    return copy


@contextmanager
def database_of(home: Path) -> Iterator[Database]:
    """An office's database, for what no command does."""
    database = Database(load(home, {}).database_url)
    yield database
    database.close()


def end(database: Database, delivery: int, state: DeliveryState, *, at: datetime, code: int = 250) -> None:
    """Bring a delivery to an end, as a sending process does."""
    with database.write() as session:
        session.execute(
            update(Delivery).where(Delivery.id == delivery).values(state=state, attempts=1, finished_at=at)
        )
        session.add(
            Attempt(
                delivery_id=delivery,
                number=1,
                at=at,
                relay="main",
                stage="end",
                code=code,
                enhanced="2.0.0",
                text="Ok",
            )
        )


def logged(home: Path) -> int:
    """How many entries the office's log has, besides those that somebody looked at people's details."""
    with database_of(home) as database, database.read() as session:
        return sum(entry.event != Event.PEOPLE_READ for entry in entries(session))
