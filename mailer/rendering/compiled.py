"""A compiled message: what its recipients share is encoded once, splicing makes one recipient's bytes.

RFC 5322 and MIME are written here by hand (RFC 2046 5.1, and RFC 2387 for the pictures).
"""

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Self

from markupsafe import escape

from mailer.errors import PictureMissing
from mailer.rendering import headers
from mailer.rendering.encoding import Body, encode, lines
from mailer.rendering.issue import Asset, Personal, SenderIdentity
from mailer.rendering.slots import Segments, Slot

_MARKUP = re.compile("[&<>\"']")

_FORMAT = 1
"""Of ``to_bytes``. What a stored message becomes must never change: another way of writing, another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in the message; its bytes are an asset."""

    sha256: str
    filename: str
    content_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as its reader sees it; the HTML stands alone and opens in a browser."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True)
class CompiledMessage:
    """One message for everyone who gets these editions and, if ``uses_place``, lives in this city."""

    subject: str
    languages: tuple[str, ...]
    sender: SenderIdentity
    text: Segments
    html: Segments
    pictures: tuple[Picture, ...]
    assets: Mapping[str, Asset] = field(repr=False)
    uses_place: bool
    """Whether the template looked at the contact's city."""
    warnings: tuple[str, ...] = ()
    """For the officer; the message can be sent all the same."""

    def splice(self, personal: Personal) -> list[bytes]:
        """One recipient's message in chunks to be joined: CRLF lines, CRLF at the end, no dots stuffed.

        Raises ``UnfitAddress``.
        """
        head, body = self.splice_parts(personal)
        return [*head, b"\r\n", *body]

    def splice_parts(self, personal: Personal) -> tuple[list[bytes], list[bytes]]:
        """The same as header fields and body, without the empty line between them.

        A chunk of the header holds whole fields; one that all recipients share is the same object each time.
        """
        frame = self._frame
        values = self._values(personal)
        head = (
            headers.mailbox_field("To", personal.name, personal.address)
            + headers.date_field(personal.date)
            + f"Message-ID: <{values[Slot.MESSAGE_ID]}>\r\n"
            + frame.way_out.fields(personal.token)
        )
        return [frame.head, head.encode()], [
            frame.before_text,
            *frame.text.splice({slot: values[slot].encode() for slot in frame.text_slots}),
            frame.before_html,
            *frame.html.splice({slot: _escaped(values[slot]) for slot in frame.html_slots}),
            *frame.end,
        ]

    @property
    def size(self) -> int:
        """The message's bytes without what is personal."""
        frame = self._frame
        static = (frame.head, b"\r\n", frame.before_text, frame.before_html, *frame.end)
        return sum(map(len, static)) + frame.text.size + frame.html.size

    def preview(self, personal: Personal) -> Preview:
        """What this recipient will see."""
        values = self._values(personal)
        html = _filled(self.html, {slot: str(escape(value)) for slot, value in values.items()})
        for picture in self.pictures:
            asset = self.assets[picture.sha256]
            data = f"data:{asset.media_type};base64,{b64encode(asset.content).decode()}"
            html = html.replace(f"cid:{picture.content_id}", data)
        return Preview(subject=self.subject, text=_filled(self.text, values), html=html)

    def to_bytes(self) -> bytes:
        """To be stored with the wave: compressed JSON, the pictures by their hash only."""
        plain = {name: getattr(self, name) for name in _STORED} | {
            "format": _FORMAT,
            "sender": asdict(self.sender),
            "text": asdict(self.text),
            "html": asdict(self.html),
            "pictures": [asdict(picture) for picture in self.pictures],
        }
        return zlib.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(), 9)

    @classmethod
    def from_bytes(cls, blob: bytes, assets: Mapping[str, Asset]) -> Self:
        """What ``to_bytes`` wrote, with the pictures' bytes by hash. Raises ``PictureMissing``."""
        plain = json.loads(zlib.decompress(blob))
        if plain["format"] != _FORMAT:
            raise ValueError(f"a compiled message of format {plain['format']} is not known here")
        pictures = tuple(Picture(**picture) for picture in plain["pictures"])
        for picture in pictures:
            if picture.sha256 not in assets:
                raise PictureMissing(asset=picture.sha256[:12], language=plain["languages"][0])
        return cls(
            subject=plain["subject"],
            languages=tuple(plain["languages"]),
            sender=SenderIdentity(**plain["sender"]),
            text=_segments(plain["text"]),
            html=_segments(plain["html"]),
            pictures=pictures,
            assets={picture.sha256: assets[picture.sha256] for picture in pictures},
            uses_place=plain["uses_place"],
            warnings=tuple(plain["warnings"]),
        )

    def _values(self, personal: Personal) -> dict[Slot, str]:
        return {
            Slot.NAME: headers.one_line(personal.name),
            Slot.ADDRESS: personal.address,
            Slot.TOKEN: personal.token,
            Slot.MESSAGE_ID: f"{personal.token}@{self._frame.domain}",
            Slot.UNSUBSCRIBE_URL: self._frame.way_out.link(personal.token),
        }

    @cached_property
    def _frame(self) -> "_Frame":
        return _build(self)


_STORED = ("subject", "languages", "uses_place", "warnings")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The encoded pieces that lie round and between what is personal."""

    head: bytes
    before_text: bytes
    text: Body
    text_slots: tuple[Slot, ...]
    before_html: bytes
    html: Body
    html_slots: tuple[Slot, ...]
    end: tuple[bytes, ...]
    domain: str
    way_out: headers.WayOut


def _build(message: CompiledMessage) -> _Frame:
    sender = message.sender
    text, html = encode(message.text), encode(message.html)
    # RFC 2045 6.7 (the advice at its end): neither base64 nor quoted-printable can hold "=_".
    digest = sha256(repr((message.subject, message.text, message.html)).encode()).hexdigest()[:24]
    outer, inner = f"=_{digest}.1", f"=_{digest}.2"
    head = headers.mailbox_field("From", sender.name, sender.address)
    if sender.reply_to:
        head += headers.mailbox_field("Reply-To", "", sender.reply_to)
    head += headers.text_field("Subject", message.subject)
    if sender.list_id:
        head += f"List-Id: <{headers.one_line(sender.list_id)}>\r\n"
    head += f"Content-Language: {', '.join(message.languages)}\r\nMIME-Version: 1.0\r\n"
    head += f'Content-Type: multipart/alternative; boundary="{outer}"\r\n'
    before_text = f"--{outer}\r\n{_part_head('text/plain', text)}"
    before_html = f"\r\n--{outer}\r\n"
    end = [f"\r\n--{outer}--\r\n".encode()]
    if message.pictures:
        before_html += (
            f'Content-Type: multipart/related; type="text/html";\r\n boundary="{inner}"\r\n\r\n--{inner}\r\n'
        )
        end.insert(0, f"\r\n--{inner}--\r\n".encode())
    for picture in reversed(message.pictures):
        asset = message.assets[picture.sha256]
        part = (
            f"\r\n--{inner}\r\nContent-Type: {asset.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
            f"Content-ID: <{picture.content_id}>\r\n"
            f'Content-Disposition: inline; filename="{picture.filename}"\r\n\r\n'
        )
        end[:0] = [part.encode(), _encoded_picture(asset)]
    return _Frame(
        head=head.encode(),
        before_text=before_text.encode(),
        text=text,
        text_slots=tuple(dict.fromkeys(message.text.slots)),
        before_html=(before_html + _part_head("text/html", html)).encode(),
        html=html,
        html_slots=tuple(dict.fromkeys(message.html.slots)),
        end=tuple(end),
        domain=domain_of(sender),
        way_out=headers.WayOut(sender.unsubscribe_url, sender.bounce_address or sender.reply_to or sender.address),
    )


def pictures_in(blob: bytes) -> tuple[str, ...]:
    """The SHA-256 of each picture that ``from_bytes`` will want."""
    return tuple(picture["sha256"] for picture in json.loads(zlib.decompress(blob))["pictures"])


def sender_in(blob: bytes) -> SenderIdentity:
    """Whose name and addresses are in it."""
    return SenderIdentity(**json.loads(zlib.decompress(blob))["sender"])


def domain_of(sender: SenderIdentity) -> str:
    """The domain of Message-ID and Content-ID, in ASCII."""
    return headers.header_address("x@" + sender.address.rpartition("@")[2]).removeprefix("x@")


def _part_head(media_type: str, body: Body) -> str:
    return f"Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: {body.encoding}\r\n\r\n"


@lru_cache(maxsize=32)
def _encoded_picture(asset: Asset) -> bytes:
    """Encoded once, however many messages carry it."""
    return lines(asset.content)[:-2]


def _segments(plain: Mapping[str, list[str]]) -> Segments:
    return Segments(tuple(plain["texts"]), tuple(Slot(slot) for slot in plain["slots"]))


def _escaped(value: str) -> bytes:
    # Most values need none, and to find that out is cheaper.
    return (str(escape(value)) if _MARKUP.search(value) else value).encode()


def _filled(segments: Segments, values: Mapping[Slot, str]) -> str:
    pieces = [segments.texts[0]]
    for slot, text in zip(segments.slots, segments.texts[1:], strict=True):
        pieces += (values[slot], text)
    return "".join(pieces)
