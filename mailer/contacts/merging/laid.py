"""What a merge lays over the contact who is kept, in a form that JSON keeps and that undoes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mailer.audit import Actor
from mailer.contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the kept contact that the merge changes, in words for the officer."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The two, and who says so, when."""

    session: Session
    kept: Contact
    merged: Contact
    at: datetime
    actor: Actor


@dataclass(slots=True)
class Laid:
    """What one part of the merge did: how to undo it, and how to tell it."""

    undo: dict[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def add(self, other: "Laid") -> None:
        """Take over what another part did."""
        self.undo |= other.undo
        self.changes += other.changes


Undo = Mapping[str, Any]
"""As ``contact_merge.laid_over`` keeps it."""
