"""Who was erased is known again by the office's key, and nobody is taken for a stranger without it."""

import hashlib
import hmac
import stat
from pathlib import Path

import pytest
from builders import NOON
from sqlalchemy import select

from mailer.contacts.erased import check_key, erased_among, keep_erased, needed_key, read_key, readmit
from mailer.contacts.models import ErasedAddress
from mailer.database import Database
from mailer.errors import BadErasureKey, ErasureKeyMissing, UnwritableFile

NOUR, OMAR = "nour@paper.example", "omar@paper.example"


@pytest.fixture
def office(database: Database) -> Database:
    return database


def erase_nour(office: Database, file: Path) -> None:
    with office.write() as session:
        keep_erased(session, [NOUR], needed_key(session, file), at=NOON)


def test_without_a_key_nobody_has_been_erased(office: Database, tmp_path: Path) -> None:
    with office.read() as session:
        assert erased_among(session, [NOUR], read_key(tmp_path / "erasure.key")) == set()


def test_an_erased_address_is_known_again(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "data" / "erasure.key"
    erase_nour(office, file)
    erase_nour(office, file)
    with office.read() as session:
        assert erased_among(session, [OMAR, NOUR], read_key(file)) == {NOUR}
        many = [f"p{number}@paper.example" for number in range(1200)]
        assert erased_among(session, [*many, NOUR], read_key(file)) == {NOUR}


def test_the_hash_is_hmac_sha_256_of_the_address_by_the_key_in_the_file(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "erasure.key"
    erase_nour(office, file)
    secret = bytes.fromhex(file.read_text().strip())
    with office.read() as session:
        kept = session.scalars(select(ErasedAddress)).one()
    assert kept.digest == hmac.new(secret, NOUR.encode(), "sha256").hexdigest()
    assert kept.key_id == hashlib.sha256(secret).hexdigest()[:16]


def test_only_its_owner_reads_the_key_and_no_message_shows_it(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "erasure.key"
    erase_nour(office, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = read_key(file)
    assert key.secret is not None
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)
    assert [path.name for path in tmp_path.glob("*erasure*")] == ["erasure.key"]
    assert not list(tmp_path.glob(".erasure*"))


def test_a_key_that_is_gone_is_told_and_no_other_is_made(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "erasure.key"
    erase_nour(office, file)
    file.unlink()
    with office.write() as session:
        with pytest.raises(ErasureKeyMissing):
            erased_among(session, [], read_key(file))
        with pytest.raises(ErasureKeyMissing):
            needed_key(session, file)
    assert not file.exists()


def test_another_key_is_told(office: Database, tmp_path: Path) -> None:
    file = tmp_path / "erasure.key"
    erase_nour(office, file)
    file.write_text("0" * 64 + "\n")
    with office.read() as session, pytest.raises(BadErasureKey, match="people were erased with"):
        check_key(session, read_key(file))
    with office.write() as session, pytest.raises(BadErasureKey):
        needed_key(session, file)


@pytest.mark.parametrize("content", [b"", b"0" * 63, b"x" * 64, b"\xff" * 64, b"0" * 64 + b"\n0"])
def test_a_file_that_is_no_key_is_refused(office: Database, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "erasure.key"
    file.write_bytes(content)
    with pytest.raises(BadErasureKey, match="it is not such a key"):
        read_key(file)


def test_a_folder_in_its_place_is_refused(office: Database, tmp_path: Path) -> None:
    (tmp_path / "erasure.key").mkdir()
    with pytest.raises(BadErasureKey, match="directory"):
        read_key(tmp_path / "erasure.key")
    (tmp_path / "file").touch()
    with office.write() as session, pytest.raises((UnwritableFile, BadErasureKey)):
        needed_key(session, tmp_path / "file" / "erasure.key")


def test_who_asked_to_be_in_again_is_not_barred_any_more_and_nobody_else_is(
    office: Database, tmp_path: Path
) -> None:
    file = tmp_path / "erasure.key"
    erase_nour(office, file)
    with office.write() as session:
        key = read_key(file)
        keep_erased(session, [OMAR], key, at=NOON)
        readmit(session, [NOUR, "stranger@paper.example"], key)
        assert erased_among(session, [NOUR, OMAR], key) == {OMAR}
        # She may be erased again.
        keep_erased(session, [NOUR], key, at=NOON)
        assert erased_among(session, [NOUR, OMAR], key) == {NOUR, OMAR}


DOTTED, OTHERWISE, BARE = "nour.haddad@gmail.com", "nourhaddad+x@googlemail.com", "nourhaddad@gmail.com"


@pytest.mark.parametrize("erased", [DOTTED, OTHERWISE, BARE])
def test_an_erased_mailbox_is_known_again_in_each_spelling_until_she_asks(
    office: Database, tmp_path: Path, erased: str
) -> None:
    spellings = [DOTTED, OTHERWISE, BARE]
    others = ["nour.hadad@gmail.com", "nour+x@paper.example", "nourhaddad@paper.example"]
    erase_nour(office, tmp_path / "erasure.key")
    with office.write() as session:
        key = read_key(tmp_path / "erasure.key")
        keep_erased(session, [erased], key, at=NOON)
        keep_erased(session, [erased, BARE], key, at=NOON)
        assert erased_among(session, [*spellings, *others], key) == set(spellings)
        readmit(session, [erased, BARE], key)
        assert erased_among(session, [*spellings, NOUR], key) == {NOUR}


def test_who_was_erased_by_an_older_dateline_is_known_as_she_was_written(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        key = needed_key(session, tmp_path / "erasure.key")
        session.add(ErasedAddress(digest=key.digest(DOTTED), key_id=key.id, erased_at=NOON))
        session.flush()
        assert erased_among(session, [DOTTED, OTHERWISE], key) == {DOTTED}
        readmit(session, [DOTTED], key)
        assert erased_among(session, [DOTTED], key) == set()


def test_a_mailbox_that_another_contact_has_is_barred_only_as_it_was_written(
    office: Database, tmp_path: Path
) -> None:
    with office.write() as session:
        key = needed_key(session, tmp_path / "erasure.key")
        keep_erased(session, [DOTTED], key, at=NOON, shared=[DOTTED])
        assert erased_among(session, [DOTTED, BARE], key) == {DOTTED}


def test_nobody_is_let_in_again_with_a_key_that_is_not_the_office_s(office: Database, tmp_path: Path) -> None:
    erase_nour(office, tmp_path / "erasure.key")
    (tmp_path / "other.key").write_text("0" * 64, "ascii")
    with office.write() as session:
        for file, error in (("other.key", BadErasureKey), ("none.key", ErasureKeyMissing)):
            with pytest.raises(error):
                readmit(session, [NOUR], read_key(tmp_path / file))
        assert session.scalars(select(ErasedAddress)).all() != []
