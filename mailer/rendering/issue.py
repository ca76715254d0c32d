"""What a wave sends and to whom: a version with all that surrounds it, as plain values without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.clock import ZonedTime
from mailer.releases.content import EditionContent
from mailer.rendering.languages import best_of


class Occasion(StrEnum):
    """Why a wave is sent; templates show the embargo on the first only."""

    UNDER_EMBARGO = "under-embargo"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A city: its names and its clock."""

    names: Mapping[str, str]
    """By language; ``en`` is always there."""
    zone: str
    """IANA name."""

    def name_in(self, language: str) -> str:
        """Its name in that language, or in English."""
        return self.names[best_of(language, self.names) or "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIdentity:
    """Whose name and addresses the mail carries; an empty string is none."""

    name: str
    address: str
    reply_to: str = ""
    bounce_address: str = ""
    unsubscribe_url: str = ""
    """An https address; the delivery's token takes the place of ``{token}`` in it, or is its last segment."""
    list_id: str = ""
    """As in RFC 2919: ``press.office.example``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A picture's bytes."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A version as one wave sends it."""

    slug: str
    version: int
    version_sha256: str
    editions: Mapping[str, EditionContent]
    """By language."""
    occasion: Occasion
    embargo: ZonedTime | None
    dateline_places: tuple[Place, ...] = ()
    """The cities of the dateline that we know."""
    assets: Mapping[str, Asset]
    """By SHA-256 (hex)."""
    sender: SenderIdentity
    organisations: tuple[Mapping[str, str], ...] = ()
    """The issuing organisations' names by language, for the masthead; the sender's name where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What differs from one recipient of a wave to the next."""

    name: str
    address: str
    token: str
    """Unguessable, 32 hexadecimal digits, one for each delivery."""
    date: datetime
    """Aware, UTC: the wave's opening, so that a message sent again is the same to the byte."""
