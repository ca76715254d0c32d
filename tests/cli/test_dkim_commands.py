"""``dateline dkim``, and what the other commands do with a key: the way from no key to mail that is signed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from newsroom import TestClock

from cli.conftest import Dateline, database_of
from mailer.config import Dkim, config_file, load
from mailer.delivery.claims import Claim
from mailer.delivery.dkim import Signer
from mailer.delivery.messages import Messages
from mailer.schedule.models import Delivery, Wave


def append(home: Path, lines: str) -> None:
    file = config_file(home)
    file.write_text(f"{file.read_text('utf-8')}\n{lines}", "utf-8")


def add_key(dateline: Dateline, home: Path, *words: str) -> Dkim:
    """Make a key and do what the command says."""
    told = dateline("dkim", "new", *words)
    assert told.code == 0
    append(home, told.out[told.out.index("[[dkim]]") :])
    return load(home, {}).dkim[-1]


def findings(dateline: Dateline) -> list[tuple[str, str]]:
    """What the check-up says about keys."""
    return [(row["grade"], row["text"]) for row in dateline("check", "--json").json() if row["subject"] == "dkim"]


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_the_printed_lines_are_settings_that_work(office: Path, dateline: Dateline, algorithm: str) -> None:
    setting = add_key(dateline, office, "Press2026", "--algorithm", algorithm)
    assert (setting.domain, setting.selector) == ("desk.example", "press2026")
    assert setting.key_file == office / "config" / "keys" / "press2026.desk.example.pem"
    assert setting.key_file.stat().st_mode & 0o777 == 0o600
    record = Signer.of(setting).record
    told = dateline("dkim", "show")
    assert f"name   press2026._domainkey.desk.example\nvalue  {record.value}\n{record.zone_line}\n" == told.out
    assert record.value.startswith(f"v=DKIM1; k={algorithm}; p=")


def test_a_key_is_rsa_where_nothing_is_said(office: Path, dateline: Dateline) -> None:
    document = dateline("dkim", "new", "press", "--json").json()
    assert (document["algorithm"], document["retired"]) == ("rsa", False)
    assert "".join(document["record_strings"]) == document["record_value"]


def test_a_key_is_never_written_over(office: Path, dateline: Dateline) -> None:
    file = add_key(dateline, office, "press").key_file
    before = file.read_bytes()
    told = dateline("dkim", "new", "press")
    assert (told.code, told.out) == (1, "")
    assert "already; nothing was changed" in told.err
    assert file.read_bytes() == before


def test_no_private_key_is_printed(office: Path, dateline: Dateline) -> None:
    told = [
        dateline("dkim", "new", "press"),
        dateline("dkim", "new", "press2", "--json"),
        dateline("dkim", "show"),
    ]
    secret = (office / "config" / "keys" / "press.desk.example.pem").read_text("ascii").splitlines()[1]
    assert not any(secret in t.out + t.err or "PRIVATE" in t.out + t.err for t in told)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["a_b"], "SELECTOR cannot be a_b."),
        (["a.."], "SELECTOR cannot be a..."),
        (["../press"], "SELECTOR cannot be ../press."),
        (["press", "--domain", "desk"], "--domain cannot be desk."),
        (["press", "--domain", "desk.example;x"], "--domain cannot be"),
    ],
)
def test_a_name_that_the_dns_cannot_have_is_refused(
    office: Path, dateline: Dateline, words: Sequence[str], reason: str
) -> None:
    told = dateline("dkim", "new", *words)
    assert (told.code, told.out) == (1, "")
    assert reason in told.err
    assert not (office / "config" / "keys").exists()


def test_a_domain_in_arabic_is_written_as_the_dns_has_it(office: Path, dateline: Dateline) -> None:
    document = dateline("dkim", "new", "press", "--domain", "صحيفة.example", "--json").json()
    assert document["record_name"] == "press._domainkey.xn--ogbhx3c3b.example"


def test_without_keys_there_is_a_way_to_make_one(office: Path, dateline: Dateline) -> None:
    told = dateline("dkim", "show")
    assert (told.code, told.out) == (0, "")
    assert "dateline dkim new" in told.err
    assert dateline("dkim", "show", "--json").json() == []
    assert [grade for grade, _ in findings(dateline)] == ["warning"]


def test_the_check_is_content_with_an_rsa_key_of_the_senders_domain(office: Path, dateline: Dateline) -> None:
    add_key(dateline, office, "press")
    add_key(dateline, office, "press-ed", "--algorithm", "ed25519")
    assert findings(dateline) == [
        ("ok", "mail is signed for desk.example with press (rsa)"),
        ("ok", "mail is signed for desk.example with press-ed (ed25519)"),
    ]


def test_the_check_tells_what_is_wrong_with_a_key(office: Path, dateline: Dateline) -> None:
    setting = add_key(dateline, office, "press", "--algorithm", "ed25519", "--domain", "elsewhere.example")
    setting.key_file.chmod(0o644)
    found = [text for grade, text in findings(dateline) if grade == "warning"]
    assert [text.split(":")[0] for text in found] == [
        f"{setting.key_file} is open to others",
        "no key is for desk.example, from which the mail is",
        "there is no RSA key beside the Ed25519 one, which not every receiver knows (RFC 8463)",
    ]
    setting.key_file.unlink()
    ((grade, text),) = findings(dateline)
    assert grade == "problem"
    assert str(setting.key_file) in text
    append(office, "retired = true")
    assert [grade for grade, _ in findings(dateline)] == ["warning", "warning"]


def test_nothing_is_sent_unsigned_when_a_key_is_gone(office: Path, dateline: Dateline) -> None:
    setting = add_key(dateline, office, "press", "--algorithm", "ed25519")
    setting.key_file.unlink()
    told = dateline("run")
    assert told.code == 1
    assert str(setting.key_file) in told.err


def test_a_signed_delivery_is_shown_again_while_its_key_is_there(
    planned: Path, dateline: Dateline, clock: TestClock
) -> None:
    setting = add_key(dateline, planned, "press", "--algorithm", "ed25519")
    with database_of(planned) as database, database.write() as session:
        row = session.get_one(Delivery, 1)
        session.get_one(Wave, row.wave_id).opened_at = clock.now()
        messages = Messages("press@desk.example", [Signer.of(setting)])
        claim = Claim.of(row)
        messages.load(session, [claim])
        row.sha256 = messages.personalise(claim, date=clock.now()).sha256
    told = dateline("deliveries", "show", "1", "--eml", "one.eml")
    assert (told.code, "is the one in the log." in told.err) == (0, True)
    assert (planned / "one.eml").read_bytes().startswith(b"DKIM-Signature: ")
    append(planned, "retired = true")
    assert dateline("deliveries", "show", "1", "--eml", "one.eml").code == 0
    setting.key_file.unlink()
    told = dateline("deliveries", "show", "1", "--eml", "one.eml")
    assert told.code == 1
    assert str(setting.key_file) in told.err
    assert "is NOT the one in the log" in told.err
    assert "only with it" in told.err
