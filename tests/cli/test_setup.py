"""``dateline init``, ``check`` and ``migrate``: a fresh office, and a true word about the state of one."""

import shutil
import ssl
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from components import lacking
from newsroom import TestClock
from sqlalchemy import text

from cli.conftest import Dateline, database_of
from mailer.cli import setup
from mailer.cli.setup import FOLDERS, make_office, office_parts
from mailer.config import config_file
from mailer.delivery.claims import register
from mailer.errors import OfficeExists, UnreadableFile, UnwritableFile

CHECKOUT = Path(__file__).parents[2]
Findings = dict[str, tuple[str, str]]
LOCAL = 'host = "localhost"\nport = 587\nsecurity = "starttls"'


def check(dateline: Dateline) -> tuple[int, Findings]:
    """How the check-up ended, and what it found first about each subject."""
    told = dateline("check", "--json")
    return told.code, {row["subject"]: (row["grade"], row["text"]) for row in reversed(told.json())}


def change(home: Path, old: str, new: str) -> None:
    file = config_file(home)
    settings = file.read_text("utf-8")
    assert old in settings
    file.write_text(settings.replace(old, new), "utf-8")


# A fresh office.


def test_a_fresh_office_has_its_folders_and_an_empty_database(tmp_path: Path, dateline: Dateline) -> None:
    told = dateline("init", tmp_path / "desk")
    assert (told.code, told.out) == (0, "")
    assert f"cd {tmp_path / 'desk'}\n" in told.err
    for folder in FOLDERS:
        ours, theirs = (
            {f.relative_to(r) for f in r.rglob("*")} for r in (tmp_path / "desk" / folder, CHECKOUT / folder)
        )
        assert ours == theirs
    assert dateline("contacts", "list", "--json", home=tmp_path / "desk").json() == []


def test_an_office_that_is_there_is_not_touched(office: Path, dateline: Dateline) -> None:
    before = {file: file.read_bytes() for file in office.rglob("*") if file.is_file()}
    told = dateline("init", office)
    assert told.code == 1
    assert "already holds a press office; nothing was changed." in told.err
    assert {file: file.read_bytes() for file in office.rglob("*") if file.is_file()} == before
    with pytest.raises(OfficeExists):
        make_office(office)


def test_files_that_are_somebodys_work_are_not_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "contacts" / "beirut.csv"
    mine.parent.mkdir()
    mine.write_text("mine", "utf-8")
    make_office(tmp_path)
    assert mine.read_text("utf-8") == "mine"
    assert (tmp_path / "contacts" / "cairo.csv").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFile, match="file"):
        make_office(tmp_path / "file" / "desk")


def test_the_parts_of_an_office_lie_in_the_wheel_or_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office_parts() == CHECKOUT
    package = tmp_path / "site-packages" / "mailer"
    package.mkdir(parents=True)
    monkeypatch.setattr(setup, "files", lambda name: package)
    with pytest.raises(UnreadableFile, match="install Dateline anew"):
        office_parts()
    # Where pyproject.toml tells hatchling to put them.
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
    put = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(put) >= set(FOLDERS)
    for part in FOLDERS:
        shutil.copytree(CHECKOUT / part, package.parent / put[part])
    assert office_parts() == package / "office"
    make_office(tmp_path / "desk")
    assert config_file(tmp_path / "desk").exists()


# The database's level.


def test_a_database_is_brought_to_the_level_that_is_needed(office: Path, dateline: Dateline) -> None:
    assert "is at level {HEAD} already; nothing was changed." in dateline("migrate").err
    (office / "data" / "dateline.db").rename(office / "kept.db")
    told = dateline("contacts", "list")
    assert (told.code, told.out) == (1, "")
    assert "is at level empty, and this version needs {HEAD}" in told.err
    assert "is now at level {HEAD}" in dateline("migrate").err
    assert dateline("contacts", "list").code == 0


# The check-up.


def test_a_good_office_is_told_so_line_by_line(office: Path, dateline: Dateline, clock: TestClock) -> None:
    with relay() as port:
        change(office, LOCAL, f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"')
        change(office, 'address = "press@desk.example"', 'address = "press@desk.internal"')
        change(office, 'list_unsubscribe_url = ""', 'list_unsubscribe_url = "https://desk.example/u"')
        with database_of(office) as database, database.write() as session:
            register(session, "f" * 32, at=clock.now())
        code, found = check(dateline)
        assert code == 0
        told = dateline("check")
    assert {subject: grade for subject, (grade, _) in found.items() if subject not in ("clock", "time zones")} == {
        "settings": "ok",
        "sender": "ok",
        "dkim": "warning",  # nothing is signed here
        "database": "ok",
        "registry": "ok",
        "clockwork": "ok",
        "template release": "ok",
        "template notice": "ok",
        "relay main": "ok",
    }
    assert told.code == 0
    assert "ok       registry: 2 organisations, 9 contacts\n" in told.out


def test_an_example_address_and_a_missing_unsubscribe_link_are_warned_of(office: Path, dateline: Dateline) -> None:
    _, found = check(dateline)
    assert found["sender"] == (
        "warning",
        "press@desk.example is an example; write your office's own address under [sender] address",
    )
    assert found["unsubscribe"][0] == "warning"
    change(office, "press@desk.example", "press office")
    code, found = check(dateline)
    assert code == 1
    assert found["sender"][0] == "problem"
    assert "is not a mail address" in found["sender"][1]


def test_a_setting_that_is_wrong_ends_the_check(office: Path, dateline: Dateline) -> None:
    change(office, "late_grace", "late_grase")
    code, found = check(dateline)
    assert code == 1
    assert list(found) == ["settings"]
    assert "Did you mean delivery.late_grace?" in found["settings"][1]
    told = dateline("check")
    assert told.out.startswith("problem  settings: ")
    assert told.err == "1 to mend before mail goes out.\n"


def test_a_folder_without_an_office_is_a_problem(tmp_path: Path, dateline: Dateline) -> None:
    told = dateline("check", home=tmp_path)
    assert told.code == 1
    assert "is not a press office" in told.out
    assert list(tmp_path.iterdir()) == []


def test_a_missing_database_is_told_and_not_made(office: Path, dateline: Dateline) -> None:
    shutil.rmtree(office / "data")
    code, found = check(dateline)
    assert code == 1
    assert found["database"][0] == "problem"
    assert "data/dateline.db is not there: make it with dateline migrate" in found["database"][1]
    assert not (office / "data").exists()


@pytest.mark.parametrize(
    ("level", "words"),
    [("0001", "is at level 0001, and this version needs {HEAD}."), ("9999", "which this version does not know")],
)
def test_a_database_of_another_level_is_a_problem(
    office: Path, dateline: Dateline, level: str, words: str
) -> None:
    with database_of(office) as database, database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :level"), {"level": level})
    code, found = check(dateline)
    assert code == 1
    assert words in found["database"][1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://desk@db.example/press", "mysql is not a kind of database"),
        ("nonsense", "it is not a database URL"),
        ("sqlite:///config/dateline.toml", "file is not a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_problem_and_the_rest_is_checked(
    office: Path, dateline: Dateline, url: str, words: str
) -> None:
    change(office, "sqlite:///data/dateline.db", url)
    code, found = check(dateline)
    assert code == 1
    assert found["database"][0] == "problem"
    assert words in found["database"][1]
    assert found["template release"][0] == "ok"


def test_an_empty_registry_and_a_silent_clock_are_warned_of(tmp_path: Path, dateline: Dateline) -> None:
    make_office(tmp_path)
    found = {row["subject"]: row["grade"] for row in dateline("check", "--json", home=tmp_path).json()}
    assert (found["registry"], found["clockwork"]) == ("warning", "warning")


def test_a_wave_that_waits_with_nothing_running_is_a_problem(
    planned: Path, dateline: Dateline, clock: TestClock
) -> None:
    _, found = check(dateline)
    assert found["clockwork"] == ("problem", "2 waves wait and nothing keeps the clock: start dateline run")
    with database_of(planned) as database, database.write() as session:
        register(session, "f" * 32, at=clock.now())
    assert check(dateline)[1]["clockwork"][0] == "ok"
    # A process that has given no sign of life for a while keeps no clock.
    clock.pass_time(timedelta(minutes=1))
    assert check(dateline)[1]["clockwork"][0] == "problem"


def test_a_template_that_is_broken_is_told_by_file_and_line(office: Path, dateline: Dateline) -> None:
    (office / "templates" / "notice" / "edition.txt").write_text("one\n{% if %}\n", "utf-8")
    code, found = check(dateline)
    assert code == 1
    assert found["template notice"][0] == "problem"
    assert "edition.txt, line 2: " in found["template notice"][1]
    assert found["template release"][0] == "ok"


def test_a_clock_of_the_past_is_a_problem(office: Path, dateline: Dateline, clock: TestClock) -> None:
    clock.jump(datetime(2001, 1, 1, tzinfo=UTC) - clock.now())
    assert check(dateline)[1]["clock"][0] == "problem"


def test_no_relay_is_a_problem(office: Path, dateline: Dateline) -> None:
    file = config_file(office)
    file.write_text(file.read_text("utf-8").partition("[[relay]]")[0], "utf-8")
    assert check(dateline)[1]["relay"] == ("problem", "none is set up: add a [[relay]] to config/dateline.toml")


def test_every_relay_is_asked_and_one_that_our_mail_never_takes_is_warned_of(
    office: Path, dateline: Dateline
) -> None:
    others = '[[relay]]\nname = "{}"\nhost = "127.0.0.1"\nport = {}\nsecurity = "none"\n{}\n'
    with relay() as port:
        change(office, LOCAL, f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"')
        with config_file(office).open("a", encoding="utf-8") as file:
            file.write(others.format("reserve", port, "standby = true"))
            file.write(others.format("gov", 1, 'recipient_domains = ["*.gov.example"]'))
            file.write(others.format("field", port, 'senders = ["field.example"]'))
        code, found = check(dateline)
    assert code == 1
    grades = {subject: grade for subject, (grade, _) in found.items() if subject.startswith("relay")}
    assert grades == {"relay main": "ok", "relay reserve": "ok", "relay gov": "problem", "relay field": "warning"}
    assert "its senders leave out press@desk.example" in found["relay field"][1]


SECRET = "hunter2-and-a-half"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody knows, for 127.0.0.1, with its key in one file."""
    if not shutil.which("openssl"):
        lacking("openssl")
    folder = tmp_path_factory.mktemp("certificate")
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    name = ("-subj", "/CN=relay.example", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        ["openssl", *new, *name, "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@pytest.mark.parametrize(
    ("server", "settings", "grade", "words"),
    [
        (set(), 'security = "none"', "ok", "answers without encryption"),
        (set(), 'security = "starttls"', "problem", "STARTTLS"),
        (set(), 'security = "tls"', "problem", "does not speak TLS here"),
        ({"tls"}, 'security = "starttls"\nca_file = "CERT"', "ok", "answers with STARTTLS"),
        ({"tls"}, 'security = "starttls"', "problem", "self-signed"),
        ({"logins"}, f'security = "none"\npassword = "{SECRET}"', "ok", "lets us in"),
        ({"logins"}, f'security = "none"\npassword = "wrong-{SECRET}"', "problem", "535"),
        ({"off"}, 'security = "none"', "problem", "cannot be reached"),
    ],
)
def test_a_relay_is_asked(
    office: Path,
    dateline: Dateline,
    certificate: Path,
    server: set[str],
    settings: str,
    grade: str,
    words: str,
) -> None:
    with relay(certificate=certificate if "tls" in server else None, logins="logins" in server) as port:
        where = f'host = "127.0.0.1"\nport = {port}\n{settings.replace("CERT", str(certificate))}'
        change(office, LOCAL, where)
        if "logins" in server:
            change(office, 'username = ""', 'username = "desk"')
        if "off" not in server:
            told = dateline("check", "--json")
    if "off" in server:
        told = dateline("check", "--json")
    found = next(row for row in told.json() if row["subject"] == "relay main")
    assert (found["grade"], told.code) == (grade, grade == "problem"), found
    assert words in found["text"]
    assert SECRET not in told.out + told.err


class _Relay:
    """Takes one pair of name and password."""

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        assert isinstance(login, LoginPassword)
        return AuthResult(success=login.password == SECRET.encode(), handled=False)


class _Controller(Controller):
    """aiosmtpd's, on whichever port the system gave."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def relay(*, certificate: Path | None = None, logins: bool = False) -> Iterator[int]:
    """An SMTP server on loopback: its port."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    controller = _Controller(
        object(),
        hostname="127.0.0.1",
        port=0,
        server_hostname="relay.example",
        tls_context=context,
        authenticator=_Relay() if logins else None,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
