"""The office's own words, as far as a list may name them: its beats, and its organisations with their offices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.beats import beat_key, beats_by_name, nearest_beat
from mailer.contacts.fields import split_values
from mailer.contacts.importing.unfit import Unfit
from mailer.contacts.models import Organisation
from mailer.contacts.spelling import fold

IMPORT_WITH = "Or import it with --new-beats to add it as a beat of your own."
ADD_IT = "Or add it as a beat of your own with: dateline beats add"

_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Issuer:
    """One of our organisations, with its offices' numbers by city (name, country)."""

    slug: str
    acronym: str
    offices: Mapping[tuple[str, str], int]


class Vocabulary:
    """Read once for a file."""

    def __init__(self, session: Session, *, new_beats: bool, to_add: str = IMPORT_WITH) -> None:
        """``to_add`` is the advice for a beat that nobody knows, where the list may bring none."""
        self._session, self._beats, self._to_add = session, dict(beats_by_name(session)), to_add
        self._new_beats = new_beats
        self.added: dict[str, str] = {}
        """Beats that the list brings with it: name by slug; only where that is allowed."""
        self.issuers: dict[str, Issuer] = {}
        self._slugs: dict[str, str] = {}
        for organisation in session.scalars(select(Organisation).order_by(Organisation.id.desc())):
            offices = {(office.city.name, office.city.country): office.id for office in organisation.offices}
            self.issuers[organisation.slug] = Issuer(organisation.slug, organisation.acronym, offices)
            names = (organisation.acronym, *(text.name for text in organisation.texts), organisation.slug)
            self._slugs |= {fold(name): organisation.slug for name in names}

    def organisation(self, cell: str) -> str:
        """The slug of the organisation that a cell names; empty for an empty one. Raises ``Unfit``."""
        if not cell:
            return ""
        if (slug := self._slugs.get(fold(cell))) is None:
            remedy = "Write its short name, or import organisations.toml first."
            raise Unfit("organisation", "it is not one of our organisations", remedy)
        return slug

    def beats(self, cell: str) -> tuple[str, ...]:
        """The slugs of the beats that a cell names, sorted. Raises ``Unfit``."""
        found: set[str] = set()
        for value in split_values(cell):
            if slug := self._beats.get(beat_key(value)):
                found.add(slug)
                continue
            # The names of some have commas in them, so that the whole is asked for first.
            parts = [part.strip() for part in re.split(r"[,،/|]", value) if part.strip()]
            known = [self._beats.get(beat_key(part)) for part in parts]
            found |= {slug or self._new(part) for slug, part in zip(known, parts, strict=True)}
        return tuple(sorted(found))

    def _new(self, name: str) -> str:
        slug = _NOT_IN_A_SLUG.sub("-", fold(name)).strip("-")
        if self._new_beats and 0 < len(slug) <= 60 and len(name) <= 120 and name.isprintable():
            slug = self._beats.get(beat_key(slug), slug)
            self._beats[beat_key(name)] = self._beats[beat_key(slug)] = slug
            self.added.setdefault(slug, name)
            return slug
        remedy = nearest_beat(self._session, name)
        if not self._new_beats:
            remedy += f" {self._to_add}"
        elif not slug:
            remedy += " A beat with no Latin name is added with: dateline beats add"
        raise Unfit("beats", f"“{name[:40]}” is not a beat that Dateline knows", remedy.strip(), name)
