"""Beats: the subjects that contacts cover, those that Dateline knows and the office's own."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.models import Beat as OwnBeat
from mailer.contacts.models import Contact, ContactBeat, ContactStatus
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.errors import BadBeat, BeatExists, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A subject by its short name, which the registry keeps, and by its names in three languages."""

    slug: str
    name: str
    arabic: str = ""
    french: str = ""
    mediatopic: str = ""
    """The code of the IPTC Media Topic that it is; empty where none fits."""
    own: bool = False
    """Whether the office has added it."""

    @property
    def keys(self) -> frozenset[str]:
        """Everything that it is called, folded: see ``beat_key``."""
        return frozenset(beat_key(name) for name in (self.slug, self.name, self.arabic, self.french) if name)


def beat_key(text: str) -> str:
    """A beat's name for comparison: folded, a hyphen or underscore being no more than a space."""
    return " ".join(re.sub(r"[-_]", " ", fold(text)).split())


@cache
def known_beats() -> tuple[Beat, ...]:
    """Those that Dateline knows."""
    text = files("mailer.contacts").joinpath("beats.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Beat(slug=r["slug"], name=r["name"], arabic=r["arabic"], french=r["french"], mediatopic=r["mediatopic"])
        for r in rows
    )


@cache
def _known_by_key() -> Mapping[str, str]:
    return {key: beat.slug for beat in known_beats() for key in beat.keys}


def all_beats(session: Session) -> tuple[Beat, ...]:
    """Those that Dateline knows and the office's own, by their short names."""
    own = (
        Beat(slug=b.slug, name=b.name, arabic=b.arabic, french=b.french, mediatopic=b.mediatopic, own=True)
        for b in session.scalars(select(OwnBeat))
    )
    return tuple(sorted((*known_beats(), *own), key=lambda beat: beat.slug))


def beats_by_name(session: Session) -> Mapping[str, str]:
    """The short name of each beat by everything that it is called, folded; look a name up by its ``beat_key``.

    ``fold`` of a name finds it too, as does the short name as it is.
    """
    found: dict[str, str] = {}
    for beat in all_beats(session):
        for name in (beat.slug, beat.name, beat.arabic, beat.french):
            if name:
                found |= {beat_key(name): beat.slug, fold(name): beat.slug}
    return found


def beat_called(session: Session, text: str) -> str:
    """The short name of the beat that a text names; empty for none."""
    key = beat_key(text)
    if slug := _known_by_key().get(key):
        return slug
    return next((beat.slug for beat in all_beats(session) if beat.own and key in beat.keys), "")


def nearest_beat(session: Session, text: str) -> str:
    """A sentence that offers the known beat most like a mistyped one."""
    names = beats_by_name(session)
    return nearest(beat_key(text), dict.fromkeys([*names.values(), *names]), cutoff=0.6)


def contacts_by_beat(session: Session) -> Mapping[str, int]:
    """How many active contacts cover each beat, by its short name; those that nobody knows as well."""
    query = (
        select(ContactBeat.beat, func.count())
        .join(Contact, Contact.id == ContactBeat.contact_id)
        .where(Contact.status == ContactStatus.ACTIVE)
        .group_by(ContactBeat.beat)
    )
    return dict(session.execute(query).all())


def add_beat(
    session: Session,
    slug: str,
    *,
    name: str,
    arabic: str = "",
    french: str = "",
    mediatopic: str = "",
    at: datetime,
    actor: Actor,
) -> Beat:
    """Add a beat of the office's own. Raises ``BadBeat``, or ``BeatExists`` where any of its names is taken."""
    names = {"name": clean(name), "arabic": clean(arabic), "french": clean(french)}
    beat = Beat(slug=slug.strip(), **names, mediatopic=mediatopic.strip().removeprefix("medtop:"), own=True)
    _check(beat)
    for other in all_beats(session):
        if shared := beat.keys & other.keys:
            raise BeatExists(name=min(shared), beat=other.slug)
    try:
        # Not relied on what was looked up: somebody else may add the same one in between.
        with session.begin_nested():
            session.add(OwnBeat(slug=beat.slug, **names, mediatopic=beat.mediatopic))
    except IntegrityError as error:
        raise BeatExists(name=beat.slug, beat=beat.slug) from error
    append(session, Event.BEAT_ADDED, at=at, actor=actor, data={"beat": beat.slug})
    return beat


_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


def _check(beat: Beat) -> None:
    if not _SLUG.fullmatch(beat.slug) or len(beat.slug) > 60:
        raise BadBeat(
            slug=beat.slug[:60],
            reason="that is no short name",
            advice="Use small Latin letters, digits and single hyphens, 60 at most, such as sea-rescue.",
        )
    for name in (beat.name, beat.arabic, beat.french):
        if len(name) > 120 or CONTROLS.search(name) or (name and not beat_key(name)):
            raise BadBeat(
                slug=beat.slug, reason="one of its names cannot be read", advice="Use 120 letters at most."
            )
    if not beat.name:
        raise BadBeat(slug=beat.slug, reason="it has no English name", advice="Say one with --name.")
    # The form of IPTC's codes: eight digits, as in https://cv.iptc.org/newscodes/mediatopic/20000645
    if beat.mediatopic and not re.fullmatch(r"\d{8}", beat.mediatopic, re.ASCII):
        raise BadBeat(
            slug=beat.slug,
            reason=f"{beat.mediatopic[:40]} is not the code of a Media Topic",
            advice="A code has eight digits, such as 20000645; leave it out if none fits.",
        )
