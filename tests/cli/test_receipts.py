"""A receipt proves one delivery without the database, to us and to a program that shares no line with ours."""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import NOON
from sqlalchemy import select, update

from cli.conftest import Dateline, database_of, end
from cli.test_json_reference import documented
from mailer.audit import Actor, Event, append
from mailer.audit.sealing import VerifierKey
from mailer.schedule.models import Delivery, DeliveryState, Wave

VERIFIER = Path(__file__).parents[2] / "docs" / "reference" / "verify_receipt.py"


@pytest.fixture
def number(planned: Path, dateline: Dateline) -> int:
    """Of a delivery that a relay has taken, in a log that is sealed."""
    with database_of(planned) as database, database.read() as session:
        number = session.scalars(select(Delivery.id).join(Wave).where(Wave.kind == "public")).first()
    assert number
    dateline("deliveries", "show", number, "--eml", "sent.eml")
    sha256 = hashlib.sha256((planned / "sent.eml").read_bytes()).hexdigest()
    with database_of(planned) as database:
        end(database, number, DeliveryState.ACCEPTED, at=NOON)
        with database.write() as session:
            session.execute(update(Delivery).where(Delivery.id == number).values(sha256=sha256))
            delivery = session.get_one(Delivery, number)
            append(
                session,
                Event.DELIVERY_ACCEPTED,
                at=NOON,
                actor=Actor("system:sender"),
                release_id=session.get_one(Wave, delivery.wave_id).release_id,
                wave_id=delivery.wave_id,
                delivery_id=number,
                contact_id=delivery.contact_id,
                data={"code": 250, "sha256": sha256},
            )
    return number


@pytest.fixture
def receipt(number: int, planned: Path, dateline: Dateline) -> Path:
    dateline("log", "seal")
    assert dateline("log", "receipt", number, "--output", "receipt.json").out == "receipt.json\n"
    return planned / "receipt.json"


def elsewhere(receipt: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(VERIFIER), str(receipt), key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_receipt_proves_what_was_approved_scheduled_and_sent(
    receipt: Path, planned: Path, dateline: Dateline, tmp_path: Path
) -> None:
    key = dateline("log", "key").out.strip()
    found = dateline("verify-receipt", receipt, "--key", key, "--eml", tmp_path / "proven.eml", "--json").json()
    assert [entry["event"] for entry in found["entries"]] == [
        "version.frozen",
        "version.approved",
        "wave.scheduled",
        "delivery.accepted",
    ]
    assert (found["key"], found["believed"]) == (key, True)
    assert set(found) == set(documented()["verify-receipt"])
    assert set(found["entries"][0]) == set(documented()["log list"])
    assert (tmp_path / "proven.eml").read_bytes() == (planned / "sent.eml").read_bytes()
    assert found["version_characters"] == len(json.loads(receipt.read_text("utf-8"))["version"]) > 100
    told = elsewhere(receipt, key)
    assert (told.returncode, told.stdout.count("proven: ")) == (0, 4), told.stderr
    assert "as the entries name it" in told.stdout
    assert "This holds if the key is theirs" in dateline("verify-receipt", receipt).err


def _other_leaf(document: dict[str, Any]) -> None:
    document["entries"][-1]["leaf"] = document["entries"][-1]["leaf"].replace('"code": 250', '"code": 251')


def _other_place(document: dict[str, Any]) -> None:
    document["entries"][0]["index"] += 1


def _other_size(document: dict[str, Any]) -> None:
    origin, size, rest = document["checkpoint"].split("\n", 2)
    document["checkpoint"] = f"{origin}\n{int(size) + 1}\n{rest}"


def _other_text(document: dict[str, Any]) -> None:
    document["version"] += " "


def _other_message(document: dict[str, Any]) -> None:
    document["message"] = base64.b64encode(b"Subject: other\r\n\r\n").decode()


def _shorter_path(document: dict[str, Any]) -> None:
    document["entries"][0]["path"].pop()


@pytest.mark.parametrize(
    "change", [_other_leaf, _other_place, _other_size, _other_text, _other_message, _shorter_path]
)
def test_a_receipt_that_was_changed_proves_nothing(
    receipt: Path, dateline: Dateline, change: Callable[[dict[str, Any]], None]
) -> None:
    key = dateline("log", "key").out.strip()
    document = json.loads(receipt.read_text("utf-8"))
    change(document)
    receipt.write_text(json.dumps(document), "utf-8")
    told = dateline("verify-receipt", receipt, "--key", key)
    assert (told.code, "proves nothing" in told.err, told.out) == (1, True, "")
    assert elsewhere(receipt, key).returncode != 0


def test_another_key_is_not_believed(receipt: Path, dateline: Dateline) -> None:
    other = str(VerifierKey("press.example/log", bytes(32)))
    told = dateline("verify-receipt", receipt, "--key", other)
    assert (told.code, "signed by no key that is believed" in told.err) == (1, True)
    assert elsewhere(receipt, other).returncode != 0


@pytest.mark.parametrize(
    "content", ["", "[]", "[" * 100_000, "{}", '{"format": "dateline-receipt/1"}', '{"format": 1', "null"]
)
def test_what_is_no_receipt_is_refused(planned: Path, dateline: Dateline, content: str) -> None:
    (planned / "x.json").write_text(content, "utf-8")
    told = dateline("verify-receipt", "x.json")
    assert (told.code, "x.json proves nothing" in told.err) == (1, True)
    assert dateline("verify-receipt", "gone.json").code == 1


def test_what_waits_for_its_seal_is_not_proven_yet(number: int, dateline: Dateline) -> None:
    told = dateline("log", "receipt", number, "--output", "receipt.json")
    assert (told.code, "dateline log seal" in told.err) == (1, True)
    assert "Nothing has become of delivery" in dateline("log", "receipt", number + 1, "--output", "no.json").err
    assert "There is no delivery 9999." in dateline("log", "receipt", 9999, "--output", "receipt.json").err
    assert not [*Path().glob("*.json")]


def test_after_an_erasure_the_hash_is_proven_and_nothing_names_her(
    receipt: Path, number: int, dateline: Dateline
) -> None:
    address = json.loads(receipt.read_text("utf-8"))["told"]["address"]
    assert dateline("contacts", "erase", address, "--yes").code == 0
    dateline("log", "seal")
    assert dateline("log", "receipt", number, "--output", "after.json").code == 0
    assert address not in Path("after.json").read_text("utf-8")
    found = dateline("verify-receipt", "after.json", "--json").json()
    assert (found["message_bytes"], len(found["entries"])) == (0, 4)
    assert dateline("log", "verify").code == 0
