"""Outlets: their types by name, and what an officer does to one: type, rename, make two of its spellings one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append_many, entry
from mailer.contacts.models import Affiliation, Contact, ContactStatus, Outlet, OutletType
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.errors import BadOutletName, OutletExists, SameOutlet, UnknownOutlet, nearest

_NAMES = {
    OutletType.AGENCY: ("News agency", "وكالة أنباء", "Agence de presse"),
    OutletType.NEWSPAPER: ("Newspaper", "صحيفة", "Journal"),
    OutletType.MAGAZINE: ("Magazine", "مجلة", "Magazine"),
    OutletType.TELEVISION: ("Television", "تلفزيون", "Télévision"),
    OutletType.RADIO: ("Radio", "إذاعة", "Radio"),
    OutletType.ONLINE: ("Online", "موقع إلكتروني", "Site d'information"),
    OutletType.FREELANCE: ("Freelance", "صحافة حرة", "Indépendant"),
    OutletType.OTHER: ("Other", "أخرى", "Autre"),
}
# What lists call them besides.
_WORDS = {
    OutletType.AGENCY: "agency, press agency, wire, wire service, newswire, وكالة, وكالات, وكالة اخبار, وكالة الأنباء, "
    "agence, agence d'information, fil d'actualité",
    OutletType.NEWSPAPER: "paper, daily, daily newspaper, weekly newspaper, print, press, جريدة, جرائد, صحف, يومية, "
    "صحيفة يومية, صحيفة أسبوعية, مطبوعة, quotidien, journal quotidien, presse écrite, hebdomadaire",
    OutletType.MAGAZINE: "weekly magazine, monthly, periodical, review, journal mensuel, مجلات, مجلة أسبوعية, دورية, "
    "revue, mensuel, périodique",
    OutletType.TELEVISION: "tv, television channel, tv channel, tv station, channel, satellite channel, "
    "تلفزة, تلفاز, قناة, قناة تلفزيونية, قناة فضائية, فضائية, محطة تلفزيونية, télé, chaîne, chaîne de télévision",
    OutletType.RADIO: "radio station, fm, راديو, إذاعة محلية, محطة إذاعية, station de radio, radiodiffusion",
    OutletType.ONLINE: "web, website, site, news site, online media, digital, internet, blog, podcast, portal, موقع, "
    "موقع إخباري, مواقع, إنترنت, رقمي, بوابة, مدونة, إلكتروني, en ligne, site web, presse en ligne, numérique, "
    "média en ligne, pure player",
    OutletType.FREELANCE: "freelancer, free-lance, independent, independent journalist, stringer, حر, صحفي حر, "
    "صحافي حر, صحفي مستقل, مستقل, عمل حر, pigiste, journaliste indépendant, indépendante, freelance",
    OutletType.OTHER: "others, misc, miscellaneous, غير ذلك, آخر, autres, divers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffed:
    """An outlet, and how many active contacts work there now."""

    id: int
    name: str
    type: OutletType | None
    contacts: int


def outlet_type(text: str) -> OutletType | None:
    """The type that a list calls by any of its names in English, Arabic or French; ``None`` for none we know."""
    return _types().get(fold(text).replace("-", " "))


def type_name(kind: OutletType, language: str) -> str:
    """Its name in that language; the English one where we have no other."""
    english, arabic, french = _NAMES[kind]
    return {"ar": arabic, "fr": french}.get(language.partition("-")[0], english)


def all_outlets(session: Session) -> tuple[Staffed, ...]:
    """Every outlet by name, those too where nobody works now."""
    staff = func.count(Contact.id)
    query = (
        select(Outlet.id, Outlet.name, Outlet.type, staff)
        .outerjoin(Affiliation, (Affiliation.outlet_id == Outlet.id) & Affiliation.until.is_(None))
        .outerjoin(Contact, (Contact.id == Affiliation.contact_id) & (Contact.status == ContactStatus.ACTIVE))
        .group_by(Outlet.id)
    )
    rows = sorted(session.execute(query), key=lambda row: (fold(row[1]), row[0]))
    return tuple(Staffed(id=i, name=name, type=kind, contacts=count) for i, name, kind, count in rows)


def outlet_named(session: Session, name: str) -> Outlet:
    """The outlet of that name in any spelling. Raises ``UnknownOutlet`` with the nearest one."""
    name = CONTROLS.sub("\ufffd", clean(name))
    found = session.scalar(select(Outlet).where(Outlet.key == fold(name)))
    if found is None:
        near = nearest(name, session.scalars(select(Outlet.name).order_by(Outlet.key).limit(10_000)))
        raise UnknownOutlet(name=name[:200], nearest=near or "See: dateline contacts list")
    return found


def staff_of(session: Session, outlet: Outlet) -> Sequence[tuple[Contact, str]]:
    """The active contacts who work there now, with their roles."""
    query = (
        select(Contact, Affiliation.role)
        .join(Affiliation, Affiliation.contact_id == Contact.id)
        .where(Affiliation.outlet_id == outlet.id, Affiliation.until.is_(None))
        .where(Contact.status == ContactStatus.ACTIVE)
        .order_by(Contact.name, Contact.id)
    )
    return [(contact, role) for contact, role in session.execute(query)]


def set_type(session: Session, outlet: Outlet, kind: OutletType, *, at: datetime, actor: Actor) -> bool:
    """Say what kind of outlet it is; ``False`` when it was so already."""
    if outlet.type is kind:
        return False
    outlet.type = kind
    _log(session, Affiliation.outlet_id == outlet.id, "outlet_type", at=at, actor=actor)
    return True


def rename_outlet(session: Session, outlet: Outlet, name: str, *, at: datetime, actor: Actor) -> bool:
    """Give it another name; ``False`` when it had it already. Raises ``BadOutletName`` or ``OutletExists``."""
    name = clean(name)
    key = fold(name)
    # Brackets may be in it: in a list those of a role are told from them (see ``outlet_cells``).
    if not key or max(len(name), len(key)) > 200 or CONTROLS.search(name):
        raise BadOutletName(name=name[:40])
    if name == outlet.name:
        return False
    try:
        with session.begin_nested():
            outlet.name, outlet.key = name, key
    except IntegrityError as error:
        raise OutletExists(name=name) from error
    _log(session, Affiliation.outlet_id == outlet.id, "outlets", at=at, actor=actor)
    return True


def merge_outlets(session: Session, kept: Outlet, gone: Outlet, *, at: datetime, actor: Actor) -> int:
    """Make two spellings of one outlet one: whoever works or worked at ``gone`` does so at ``kept``.

    Returns how many contacts moved. Who is at both now has one place there, with the role and first day that
    ``kept`` lacked. This cannot be undone. Raises ``SameOutlet``.
    """
    if kept.id == gone.id:
        raise SameOutlet(name=kept.name)
    moved = _log(session, Affiliation.outlet_id == gone.id, "outlets", at=at, actor=actor)
    _join_doubles(session, kept, gone)
    session.execute(update(Affiliation).where(Affiliation.outlet_id == gone.id).values(outlet_id=kept.id))
    kept.type = kept.type or gone.type
    session.flush()
    session.execute(delete(Outlet).where(Outlet.id == gone.id))
    session.expire_all()
    return moved


def _join_doubles(session: Session, kept: Outlet, gone: Outlet) -> None:
    """Only one place at an outlet is current for a contact."""
    current = select(Affiliation).where(Affiliation.until.is_(None))
    at_gone = select(Affiliation.contact_id).where(Affiliation.outlet_id == gone.id, Affiliation.until.is_(None))
    stay = session.scalars(current.where(Affiliation.outlet_id == kept.id, Affiliation.contact_id.in_(at_gone)))
    places = {place.contact_id: place for place in stay}
    for double in session.scalars(current.where(Affiliation.outlet_id == gone.id)).all():
        if place := places.get(double.contact_id):
            place.role = place.role or double.role
            place.since = place.since or double.since
            session.delete(double)
    session.flush()


def _log(session: Session, condition: ColumnElement[bool], field: str, *, at: datetime, actor: Actor) -> int:
    """An entry for each contact of these affiliations, past ones too; returns how many there are."""
    contacts = session.scalars(select(Affiliation.contact_id).where(condition).distinct()).all()
    rows: list[Mapping[str, Any]] = [
        entry(Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact, data={"fields": [field]})
        for contact in sorted(contacts)
    ]
    append_many(session, rows)
    return len(rows)


@cache
def _types() -> Mapping[str, OutletType]:
    found = {fold(word).replace("-", " "): kind for kind, words in _WORDS.items() for word in words.split(", ")}
    found |= {fold(name): kind for kind, names in _NAMES.items() for name in names}
    return found | {kind.value: kind for kind in OutletType}
