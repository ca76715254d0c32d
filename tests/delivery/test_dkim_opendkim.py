"""A second judge of our signatures, written by others than dkimpy's: opendkim, which many mail servers run."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from components import lacking
from test_dkim import ED25519, EDITIONS, OPENED, RSA, WAYS, compiled

from mailer.delivery.dkim import Signer, sign
from mailer.rendering import Personal


@pytest.fixture(scope="session")
def opendkim() -> str:
    """The program."""
    program = shutil.which("opendkim") or shutil.which("opendkim", path="/usr/sbin")
    if program is None:
        lacking("opendkim")
    return str(program)


def knows_ed25519(program: str) -> bool:
    """Older ones do not; then dkimpy alone judges those signatures (test_dkim)."""
    return "ed25519-sha256" in subprocess.run([program, "-V"], capture_output=True, text=True).stdout


def verdicts(program: str, message: bytes, folder: Path) -> list[tuple[str, str]]:
    """Its word on each signature, with the algorithm. The keys are given to it in a file instead of the DNS."""
    keys, settings, mail = folder / "keys", folder / "opendkim.conf", folder / "mail.eml"
    keys.write_text("".join(f"{s.record.name} {s.record.value}\n" for s in (RSA, ED25519)))
    settings.write_text(f"Mode v\nSyslog no\nTestPublicKeys {keys}\n")
    mail.write_bytes(message)
    ended = subprocess.run(
        [program, "-x", settings, "-t", mail, "-v", "-v"], capture_output=True, text=True, timeout=60
    )
    return re.findall(r"\bdkim=(\w+)[^;]*? header\.a=([\w-]+)", ended.stdout)


@pytest.mark.parametrize("signers", WAYS)
@pytest.mark.parametrize("languages", EDITIONS, ids="-".join)
def test_opendkim_finds_our_mail_ours_and_unchanged_and_sees_a_change(
    opendkim: str, tmp_path: Path, signers: Sequence[Signer], languages: tuple[str, ...]
) -> None:
    if ED25519 in signers and not knows_ed25519(opendkim):
        lacking("an opendkim that knows Ed25519")
    person = Personal(name="نور حداد", address="nour@courier.example", token="a" * 26, date=OPENED)
    head, body = compiled(*languages).splice_parts(person)
    message = b"".join([sign(signers, head, body, at=OPENED), *head, b"\r\n", *body])
    algorithms = [f"{signer.algorithm}-sha256" for signer in signers]
    assert verdicts(opendkim, message, tmp_path) == [("pass", name) for name in algorithms]
    forged = re.sub(rb"(?m)^Subject: ", b"Subject: Not ", message, count=1)
    assert forged != message
    assert {word for word, _ in verdicts(opendkim, forged, tmp_path)} == {"fail"}
