"""What an edition says: its parts as plain values, and their one canonical form that is hashed.

Everything here is frozen text. Dates are calendar days as printed; the embargo is frozen beside the editions,
so that a moved embargo is a new version and nobody's approval carries over to it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

from mailer.clock import ZonedTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """The release's picture with this edition's words about it."""

    asset: str = ""
    """SHA-256 (hex) of the picture's bytes; empty while the file is still to come."""
    caption: str = ""
    credit: str = ""
    alt: str = ""
    """What the picture shows, for who cannot see it; the caption serves where this is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boilerplate:
    """The standing paragraph about one organisation."""

    heading: str
    """As printed, without a colon: ``About the ESRF``."""
    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressContact:
    """A communications officer as printed at the foot of a release, in the edition's language."""

    city: str
    name: str
    title: str = ""
    organisation: str = ""
    """Organisation or office, as printed."""
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another release that the reader may want."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionContent:
    """A release in one language."""

    language: str
    headline: str
    subhead: str = ""
    cities: tuple[str, ...] = ()
    """The dateline's cities, as printed in this language."""
    day: date | None = None
    """The dateline's day."""
    body: str = ""
    """Markdown; paragraphs are set apart by an empty line."""
    photo: Photo | None = None
    boilerplates: tuple[Boilerplate, ...] = ()
    press_contacts: tuple[PressContact, ...] = ()
    related: tuple[Related, ...] = ()

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The body's blocks, in order."""
        return tuple(block for block in self.body.split("\n\n") if block.strip())

    def to_json(self) -> dict[str, Any]:
        """As plain values for a JSON column and for the canonical form."""
        plain = asdict(self)
        plain["day"] = self.day.isoformat() if self.day else None
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The edition that ``to_json`` wrote."""
        parts = dict(plain)
        return cls(
            **parts
            | {
                "cities": tuple(parts["cities"]),
                "day": date.fromisoformat(parts["day"]) if parts["day"] else None,
                "photo": Photo(**parts["photo"]) if parts["photo"] else None,
                "boilerplates": tuple(Boilerplate(**b) for b in parts["boilerplates"]),
                "press_contacts": tuple(PressContact(**c) for c in parts["press_contacts"]),
                "related": tuple(Related(**r) for r in parts["related"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionContent:
    """All that a version freezes: what is approved, and what is sent."""

    slug: str
    organisations: tuple[str, ...]
    """Their slugs."""
    embargo: ZonedTime | None
    editions: tuple[EditionContent, ...]

    def canonical(self) -> str:
        """The one text that stands for it: JSON with sorted keys and no spare white space (after RFC 8785)."""
        whole = {
            "release": self.slug,
            "organisations": sorted(self.organisations),
            "embargo": {
                "wall": self.embargo.wall.isoformat(),
                "zone": self.embargo.zone,
                "instant": self.embargo.instant.isoformat(),
            }
            if self.embargo
            else None,
            "editions": [e.to_json() for e in sorted(self.editions, key=lambda e: e.language)],
        }
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, canonical: str) -> Self:
        """The content that ``canonical`` wrote."""
        whole = json.loads(canonical)
        embargo = whole["embargo"]
        return cls(
            slug=whole["release"],
            organisations=tuple(whole["organisations"]),
            embargo=ZonedTime(
                datetime.fromisoformat(embargo["wall"]),
                embargo["zone"],
                datetime.fromisoformat(embargo["instant"]).astimezone(UTC),
            )
            if embargo
            else None,
            editions=tuple(EditionContent.from_json(e) for e in whole["editions"]),
        )


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
