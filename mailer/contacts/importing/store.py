"""Writes a plan into the registry: statements for many rows at a time, in the caller's transaction."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import DeclarativeBase, Session

from mailer.audit import Actor, Event, append_rows
from mailer.contacts.beats import add_beat
from mailer.contacts.cities import KnownCity
from mailer.contacts.importing.plan import Entry, Outlets
from mailer.contacts.importing.standing import in_force
from mailer.contacts.importing.vocabulary import Vocabulary
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    ContactNote,
    ContactPoint,
    ContactStatus,
    ContactTag,
    EmbargoAcceptance,
    NoteKind,
    Outlet,
    OutletType,
    PointKind,
)
from mailer.contacts.terms import day_of
from mailer.database import insert_rows, is_sqlite, storing, update_rows

_CONTACT = (
    "id",
    "kind",
    "name",
    "given_name",
    "family_name",
    "arabic_name",
    "address",
    "address_key",
    "phone",
    "title",
    "arabic_title",
    "city_id",
    "office_id",
    "source",
    "lawful_basis",
    "basis_since",
    "verified_at",
)
_OFFICER, _JOURNALIST = ContactKind.OFFICER.value, ContactKind.JOURNALIST.value
_NEW = (*_CONTACT, "status", "added_at")

Rows = list[tuple[Any, ...]]
Numbered = Sequence[tuple[int, Entry]]
"""Entries with the numbers of their contacts."""


class Store:
    """Writes the entries of one list, chunk by chunk."""

    def __init__(
        self,
        session: Session,
        vocabulary: Vocabulary,
        outlets: Outlets,
        *,
        how: str,
        at: datetime,
        actor: Actor,
    ) -> None:
        self._session, self._vocabulary, self._outlets = session, vocabulary, outlets
        self._how = how[:200]
        self._at, self._actor, self._day = at, actor, day_of(at)
        self._instant: Callable[[datetime], Any] = storing(session)
        self._sqlite = is_sqlite(session)
        self._cities: dict[tuple[str, str], int] = {
            (name, country): number for number, name, country in session.execute(_cities())
        }
        self._beats: set[str] = set()

    def write(self, entries: Sequence[Entry]) -> None:
        """Everything of these entries, and one log entry for each contact added or changed."""
        entries = [entry for entry in entries if entry.after]
        if not entries:
            return
        self._new_beats(entries)
        self._new_cities(entry.after["city"] for entry in entries if "city" in entry.after)
        self._outlets_of(entries)
        new = [entry for entry in entries if not entry.before.id]
        known = [(entry.before.id, entry) for entry in entries if entry.before.id]
        added = list(zip(self._numbers(Contact, len(new)), new, strict=True))
        self._clear(known)
        self._contacts(added, known)
        of = [*added, *known]
        self._languages(of)
        self._values(of, "beats", ContactBeat, "beat")
        self._values(of, "tags", ContactTag, "tag")
        self._points(of)
        self._affiliations(of)
        self._acceptances(of)
        self._notes(of)
        self._log(added, known)

    def _contacts(self, added: Numbered, known: Numbered) -> None:
        status, at = ContactStatus.ACTIVE.value, self._instant(self._at)
        new = [(*self._contact(number, entry), status, at) for number, entry in added]
        insert_rows(self._session, Contact, _NEW, new)
        changed = [self._contact(number, entry) for number, entry in known if not _ASIDE.issuperset(entry.after)]
        update_rows(self._session, Contact, _CONTACT, changed)

    def _contact(self, number: int, entry: Entry) -> tuple[Any, ...]:
        before, after = entry.before, entry.after
        get = after.get
        address = (get("address") or before.address)[0]
        phones = get("phone", before.phone)
        city = get("city")
        office_id = before.office_id
        if "organisation" in after:
            office_id = self._office(entry)
        verified = before.verified_at
        if "verified" in after:
            day = after["verified"]
            verified = self._instant(datetime.combine(day, time(), UTC)) if day else None
        basis = get("basis", before.basis)
        return (
            number,
            _OFFICER if office_id else _JOURNALIST,
            get("name", before.name),
            get("given_name", before.given_name),
            get("family_name", before.family_name),
            get("name_ar", before.name_ar),
            address.text,
            address.key,
            phones[0].text if phones else "",
            get("title", before.title),
            get("title_ar", before.title_ar),
            self._cities[city.name, city.country] if city else before.city_id,
            office_id,
            get("source", before.source),
            str(basis) if basis else None,
            self._day_kept(get("basis_since", before.basis_since)),
            verified,
        )

    def _office(self, entry: Entry) -> int | None:
        slug = entry.after["organisation"]
        if not slug:
            return None
        city: KnownCity | None = entry.candidate.city
        place = (city.name, city.country) if city else entry.before.city
        return self._vocabulary.issuers[slug].offices[place]

    def _clear(self, of: Numbered) -> None:
        """Take away what is written anew of contacts who are known."""

        def having(*fields: str) -> list[int]:
            return [n for n, e in of if not e.after.keys().isdisjoint(fields)]

        for model, numbers in (
            (ContactLanguage, having("languages", "salutations")),
            (ContactBeat, having("beats")),
            (ContactTag, having("tags")),
        ):
            if numbers:
                self._session.execute(delete(model).where(model.contact_id.in_(numbers)))
        for kind, field in ((PointKind.ADDRESS, "address"), (PointKind.PHONE, "phone")):
            if numbers := having(field):
                points = delete(ContactPoint).where(
                    ContactPoint.contact_id.in_(numbers), ContactPoint.kind == kind
                )
                self._session.execute(points)

    def _languages(self, of: Numbered) -> None:
        rows: Rows = []
        for number, entry in of:
            after, before = entry.after, entry.before
            if "languages" not in after and "salutations" not in after:
                continue
            words = dict(after.get("salutations", before.salutations))
            for place, code in enumerate(after.get("languages", before.languages)):
                rows.append((number, code, place, words.get(code, "")))
        insert_rows(self._session, ContactLanguage, ("contact_id", "language", "position", "salutation"), rows)

    def _values(self, of: Numbered, field: str, model: type[DeclarativeBase], column: str) -> None:
        rows = [(number, value) for number, entry in of for value in entry.after.get(field, ())]
        insert_rows(self._session, model, ("contact_id", column), rows)

    def _points(self, of: Numbered) -> None:
        rows: Rows = []
        for kind, field in ((PointKind.ADDRESS.value, "address"), (PointKind.PHONE.value, "phone")):
            for number, entry in of:
                if len(several := entry.after.get(field, ())) > 1:
                    rows += [(number, kind, one.text, one.key, place) for place, one in enumerate(several[1:])]
        insert_rows(self._session, ContactPoint, ("contact_id", "kind", "value", "key", "position"), rows)

    def _affiliations(self, of: Numbered) -> None:
        begun: Rows = []
        roles: Rows = []
        ended: list[int] = []
        for number, entry in of:
            if "outlets" not in entry.after:
                continue
            if not entry.before.id:
                begun += [(number, self._outlets.ids[place.key], place.role) for place in entry.after["outlets"]]
                continue
            known, roles_before = entry.before.affiliations, {p.key: p.role for p in entry.before.outlets}
            told = {place.key: place for place in entry.after["outlets"]}
            for key, place in told.items():
                if key not in known:
                    begun.append((number, self._outlets.ids[key], place.role))
                elif roles_before[key] != place.role:
                    roles.append((known[key], place.role))
            ended += [affiliation for key, affiliation in known.items() if key not in told]
        insert_rows(self._session, Affiliation, ("contact_id", "outlet_id", "role"), begun)
        update_rows(self._session, Affiliation, ("id", "role"), roles)
        if ended:
            self._session.execute(update(Affiliation).where(Affiliation.id.in_(ended)).values(until=self._day))

    def _acceptances(self, of: Numbered) -> None:
        recorded = self._instant(self._at)
        accepted: Rows = []
        withdrawn: list[int] = []
        for number, entry in of:
            if "embargo_terms" not in entry.after:
                continue
            if day := entry.after["embargo_terms"]:
                accepted.append((number, self._day_kept(day), self._how, recorded))
            else:
                withdrawn += [a.id for a in entry.before.acceptances if in_force(a, self._day)]
        columns = ("contact_id", "accepted_on", "how", "recorded_at")
        insert_rows(self._session, EmbargoAcceptance, columns, accepted)
        if withdrawn:
            ends = update(EmbargoAcceptance).where(EmbargoAcceptance.id.in_(withdrawn))
            self._session.execute(ends.values(withdrawn_on=self._day))

    def _notes(self, of: Numbered) -> None:
        at = self._instant(self._at)
        rows = [
            (number, NoteKind.NOTE.value, at, self._actor, entry.after["notes"])
            for number, entry in of
            if "notes" in entry.after
        ]
        insert_rows(self._session, ContactNote, ("contact_id", "kind", "at", "actor", "text"), rows)

    def _log(self, added: Numbered, known: Numbered) -> None:
        at, actor = self._instant(self._at), self._actor
        event = Event.CONTACT_ADDED.value
        rows = [(at, event, actor, None, None, None, number, "{}") for number, _ in added]
        event = Event.CONTACT_CHANGED.value
        for number, entry in known:
            # What, never the values: the log is kept when a person is erased.
            data = json.dumps({"fields": list(entry.after)})
            rows.append((at, event, actor, None, None, None, number, data))
        append_rows(self._session, rows)

    def _outlets_of(self, entries: Iterable[Entry]) -> None:
        """Make the outlets that are new, and say of what type they are."""
        new: dict[str, str] = {}
        typed: dict[str, OutletType] = {}
        for entry in entries:
            for place in entry.after.get("outlets", ()):
                if place.key not in self._outlets.ids:
                    new.setdefault(place.key, place.name)
            if "outlet_type" in entry.after:
                typed |= {
                    place.key: self._outlets.told[place.key] for place in entry.candidate.outlets if place.type
                }
        for (key, name), number in zip(new.items(), self._numbers(Outlet, len(new)), strict=True):
            self._outlets.ids[key] = number
            new[key] = name
        rows = [(self._outlets.ids[key], name, key, _text(typed.pop(key, None))) for key, name in new.items()]
        insert_rows(self._session, Outlet, ("id", "name", "key", "type"), rows)
        changed = [(self._outlets.ids[key], kind.value) for key, kind in typed.items()]
        update_rows(self._session, Outlet, ("id", "type"), changed)

    def _new_cities(self, cities: Iterable[KnownCity]) -> None:
        for city in cities:
            if (city.name, city.country) in self._cities:
                continue
            made = City(
                name=city.name, country=city.country, zone=city.zone, arabic=city.arabic, french=city.french
            )
            self._session.add(made)
            self._session.flush()
            self._cities[city.name, city.country] = made.id

    def _new_beats(self, entries: Iterable[Entry]) -> None:
        if not self._vocabulary.added:
            return
        wanted = {slug for entry in entries for slug in entry.after.get("beats", ())}
        for slug in sorted((wanted & self._vocabulary.added.keys()) - self._beats):
            add_beat(self._session, slug, name=self._vocabulary.added[slug], at=self._at, actor=self._actor)
            self._beats.add(slug)
        self._session.flush()

    def _numbers(self, model: type[Contact] | type[Outlet], count: int) -> Collection[int]:
        """Numbers for new rows. On SQLite nobody else writes meanwhile; PostgreSQL gives them out."""
        if not count:
            return ()
        if self._sqlite:
            last = self._session.scalar(select(func.max(model.id))) or 0
            return range(last + 1, last + 1 + count)
        ask = text(f"SELECT nextval('{model.__tablename__}_id_seq') FROM generate_series(1, :count)")  # noqa: S608
        return self._session.scalars(ask, {"count": count}).all()

    def _day_kept(self, day: date | None) -> Any:
        return day.isoformat() if day and self._sqlite else day


_ASIDE = frozenset(
    ("languages", "salutations", "beats", "tags", "outlets", "outlet_type", "embargo_terms", "notes")
)
"""Fields that are not in the contact's own row."""


def _cities() -> Any:
    return select(City.id, City.name, City.country)


def _text(kind: OutletType | None) -> str | None:
    return kind.value if kind else None
