"""Something in a release that an officer should look at before it is frozen."""

from dataclasses import dataclass
from enum import StrEnum

from mailer.releases.comparison import Place


class Kind(StrEnum):
    """What it is about."""

    PLACEHOLDER = "placeholder"
    LINK = "link"
    CONTACT = "contact"
    EMBARGO = "embargo"
    SUBJECT = "subject"
    SIZE = "size"
    IMAGE = "image"
    DIRECTION = "direction"
    CONTRAST = "contrast"
    MAIL = "mail"
    """It cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at."""

    kind: Kind
    language: str
    """Of the edition; empty where it is about the release as a whole."""
    place: Place
    text: str
    """What is odd, as a sentence."""
    remedy: str
    """What to do, as a sentence."""
