"""After an erasure the sealed log says what it said, and nobody who has the log can try a guess against its hashes."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact
from newsroom import SENDER
from sqlalchemy import inspect, text, update
from zenobia import make_sent

from mailer.audit import Event, append
from mailer.audit.sealing import Sealer, log_key_of, verify
from mailer.cli.output import plain
from mailer.contacts.erased import needed_key
from mailer.contacts.models import Contact
from mailer.database import Database
from mailer.delivery.messages import reproduce
from mailer.privacy import erase
from mailer.privacy.dossier import dossier
from mailer.schedule.models import Delivery

NAME, ADDRESS = "Zenobia Quartermain", "zq@wire.example"


@pytest.fixture
def sent(office: Database, tmp_path: Path) -> Delivery:
    """A delivery to her whose message's hash is in the sealed log, though she is erased by now."""
    keeper = Sealer(office, log_key_of(tmp_path / "keys", "press.example/log")[0])
    with office.write() as session:
        (delivery,) = make_sent(session, make_contact(session, NAME, address=ADDRESS))
        sha256 = reproduce(session, delivery.id, bounce_address=SENDER.bounce_address).sha256
        delivery.sha256 = sha256
        append(
            session,
            Event.DELIVERY_ACCEPTED,
            at=NOON,
            actor=DESK,
            delivery_id=delivery.id,
            contact_id=delivery.contact_id,
            data={"sha256": sha256},
        )
    keeper.seal_all(at=NOON)
    with office.write() as session:
        key = needed_key(session, tmp_path / "data" / "erasure.key")
        contact = session.get_one(Contact, delivery.contact_id)
        erase(session, contact, key=key, at=NOON + timedelta(days=1), actor=DESK)
    assert office.forget("contact", "delivery", "attempt")
    keeper.seal_all(at=NOON + timedelta(days=1))
    return delivery


def test_the_log_verifies_and_the_dossier_says_that_she_was_erased(
    office: Database, sent: Delivery, tmp_path: Path
) -> None:
    key, _ = log_key_of(tmp_path / "keys", "press.example/log")
    with office.read() as session:
        found = verify(session, [key.verifier])
        assert (found.unsealed, found.checkpoints, found.problems) == (0, 2, [])
        contact = session.get_one(Contact, sent.contact_id)
        document = dossier(session, contact, office="Joint Press Desk", zone="Asia/Beirut", at=NOON)
    told = json.dumps(plain(document), ensure_ascii=False)
    assert "erased on 2026-11-25" in told
    assert NAME not in told


def test_what_made_the_message_s_hash_impossible_to_guess_is_gone(
    office: Database, sent: Delivery, tmp_path: Path
) -> None:
    assert len(bytes.fromhex(sent.token)) == 16  # 128 random bits
    with office.read() as session:
        for table in inspect(session.connection()).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                assert sent.token not in " ".join(map(str, row))
    if office.is_sqlite:
        for file in tmp_path.glob("dateline.db*"):
            assert sent.token.encode() not in file.read_bytes()


def test_whoever_guesses_name_and_address_right_makes_another_hash_without_the_token(
    office: Database, sent: Delivery
) -> None:
    """All else is still there: text, version, time of the wave, the name and the address as they were."""

    def hash_with(token: str) -> str:
        with office.write() as session:
            values = {"name": NAME, "address": ADDRESS, "address_key": ADDRESS, "token": token}
            session.execute(update(Delivery).where(Delivery.id == sent.id).values(**values))
            session.expire_all()
            return reproduce(session, sent.id, bounce_address=SENDER.bounce_address).sha256

    assert hash_with(sent.token) == sent.sha256
    assert hash_with("0" * 32) != sent.sha256
