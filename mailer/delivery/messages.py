"""Turns a claim into the bytes of its message, and reproduces them later."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from mailer.contacts.erased import ERASED_DOMAIN
from mailer.delivery.claims import Claim
from mailer.delivery.dkim import Signer, sign
from mailer.delivery.mail_object import Envelope, MailObject
from mailer.errors import PersonForgotten, UnknownDelivery
from mailer.releases.models import Asset as StoredAsset
from mailer.rendering import Asset, CompiledMessage, Personal, header_address, needs_smtputf8, pictures_in, verp
from mailer.schedule.models import CompiledText, Delivery, Wave


class Message(NamedTuple):
    """One delivery's message, ready for the wire."""

    mail: MailObject
    chunks: list[bytes]
    sha256: str
    """Of the chunks, joined: of the message before its dots were doubled."""


class Messages:
    """The compiled texts in use. Loads with a session on any thread; personalises without one."""

    def __init__(self, bounce_address: str, signers: Sequence[Signer] = ()) -> None:
        """Those of ``signers`` that are not retired sign each message."""
        self._bounce_address = bounce_address
        self._signers = tuple(signer for signer in signers if not signer.retired)
        self.slow = any(signer.slow for signer in self._signers)
        """Whether to make a message takes so long that the wire should not wait for it."""
        self._other_ways = [
            way for count in range(3) for way in permutations(signers, count) if way != self._signers
        ]
        self._texts: dict[int, dict[int, CompiledMessage]] = {}  # of each wave
        self._assets: dict[str, Asset] = {}

    def load(self, session: Session, claims: Iterable[Claim]) -> None:
        """Make sure that the texts of these are at hand, until their wave is forgotten."""
        for wave_id, compiled_id in {(claimed.wave_id, claimed.compiled_id) for claimed in claims}:
            texts = self._texts.setdefault(wave_id, {})
            if compiled_id not in texts:
                texts[compiled_id] = load_text(session, compiled_id, self._assets)

    def forget(self, wave_id: int) -> None:
        """No claim of that wave is in hand any more."""
        self._texts.pop(wave_id, None)

    def personalise(self, claim: Claim, *, date: datetime) -> Message:
        """The message of a claim, signed; ``date`` is the opening of its wave. On any thread.

        One that may have been sent before is signed as it was then, whatever has become of the settings, if its keys
        are here; if not, its hash is not that of the claim.
        """
        personal = Personal(name=claim.name, address=claim.address, token=claim.token, date=date)
        head, body = self._texts[claim.wave_id][claim.compiled_id].splice_parts(personal)
        international = needs_smtputf8(claim.address)
        recipient = claim.address if international else header_address(claim.address)
        envelope = Envelope(verp(self._bounce_address, claim.token), recipient, international, claim.token)
        message = _signed(envelope, head, body, self._signers, date)
        if claim.sha256 not in ("", message.sha256):
            for signers in self._other_ways:
                other = _signed(envelope, head, body, signers, date)
                if other.sha256 == claim.sha256:
                    return other
        return message


def _signed(
    envelope: Envelope, head: list[bytes], body: list[bytes], signers: Sequence[Signer], date: datetime
) -> Message:
    # Last of all: what is signed are the very bytes that go out.
    signatures = [sign(signers, head, body, at=date)] if signers else []
    chunks = [*signatures, *head, b"\r\n", *body]
    mail = MailObject.of(envelope, chunks)
    content = mail.content if len(mail.content) == mail.size else b"".join(chunks)
    return Message(mail, chunks, hashlib.sha256(content).hexdigest())


def load_text(session: Session, compiled_id: int, assets: dict[str, Asset] | None = None) -> CompiledMessage:
    """The compiled text of that number, with its pictures (kept in ``assets``, where given, for the next one)."""
    stored = session.scalars(
        select(CompiledText).where(CompiledText.id == compiled_id).options(undefer(CompiledText.content))
    ).one()
    known = {} if assets is None else assets
    for sha256 in pictures_in(stored.content):
        if sha256 not in known:
            asset = session.get_one(StoredAsset, sha256, options=[undefer(StoredAsset.content)])
            known[sha256] = Asset(media_type=asset.media_type, content=asset.content)
    return CompiledMessage.from_bytes(stored.content, known)


@dataclass(frozen=True, slots=True)
class Reproduced:
    """A delivery's message produced again from what is kept of it."""

    message: bytes
    sha256: str
    recorded: str
    """The hash that was kept when a relay had taken it, or may have; empty before that."""

    @property
    def matches(self) -> bool:
        """Whether it is, byte for byte, what was sent."""
        return self.sha256 == self.recorded


def reproduce(
    session: Session, delivery_id: int, *, bounce_address: str, signers: Sequence[Signer] = ()
) -> Reproduced:
    """The message of a delivery, signed as it was if the keys are here.

    Raises ``UnknownDelivery``, or ``PersonForgotten`` where nobody knows any more whom it went to.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise UnknownDelivery(delivery=delivery_id)
    refuse_erased(delivery, verb="produced again")
    wave = session.get_one(Wave, delivery.wave_id)
    messages = Messages(bounce_address, signers)
    claim = Claim.of(delivery)
    messages.load(session, [claim])
    message = messages.personalise(claim, date=wave.opened_at or wave.due_at)
    return Reproduced(b"".join(message.chunks), message.sha256, delivery.sha256)


def refuse_erased(delivery: Delivery, *, verb: str) -> None:
    """Raises ``PersonForgotten`` for a delivery to somebody who was erased since."""
    if delivery.address_key.endswith(f"@{ERASED_DOMAIN}"):
        raise PersonForgotten(delivery=delivery.id, verb=verb)
