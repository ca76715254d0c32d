"""Takes a contact list into the registry: good rows go in, bad rows are told with their place and reason."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.contacts.address import Address, address
from mailer.contacts.cities import city_named, why_no_city
from mailer.contacts.models import (
    Affiliation,
    City,
    Contact,
    ContactBeat,
    ContactKind,
    ContactLanguage,
    EmbargoAcceptance,
    Office,
    Organisation,
    Outlet,
)
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import MAX_CELL, Row, clean, read_rows
from mailer.contacts.terms import day_of

REQUIRED = ("name", "address", "city", "languages")
ALLOWED = (*REQUIRED, "name_ar", "phone", "beats", "outlets", "embargo_terms", "organisation", "title", "title_ar")

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2}|-\d{3})?", re.ASCII)
_BEAT = re.compile(r"[\w&' -]{1,60}")
_OUTLET = re.compile(r"([^()]{1,200}?)\s*(?:\(([^()]{1,120})\))?")
_PHONE = re.compile(r"[+\d][\d ()./-]{3,58}(?: ?(?:ext\.?|x) ?\d{1,8})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: where, and why."""

    file: str
    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        shown = f" “{self.value[:60]}”" if self.value else ""
        return f"{self.file}, row {self.row}, {self.column}{shown}: {self.reason}"


@dataclass(slots=True)
class Imported:
    """What an import did."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)


class _Unfit(Exception):
    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason


@dataclass(frozen=True, slots=True)
class _Person:
    """A checked row. What is compared with the registry, and nothing else, is in ``plain`` and the tuples."""

    plain: dict[str, object]
    city: City
    office: Office | None
    address: Address
    languages: tuple[str, ...]
    beats: tuple[str, ...]
    outlets: tuple[tuple[str, str], ...]
    embargo_terms: date | None


def import_contacts(session: Session, file: Path, *, at: datetime, actor: Actor) -> Imported:
    """Add the people of a CSV file, or bring them up to date by their address.

    Each cell that the file has replaces what the registry knows, column by column; a column that the file
    lacks is left as it is. Raises ``UnreadableFile`` or ``BadTable`` when nothing of it can be used.
    """
    done = Imported()
    seen: dict[str, int] = {}
    for row in read_rows(file, required=REQUIRED, allowed=ALLOWED):
        try:
            person = _check(session, row)
            if (first := seen.setdefault(person.address.key, row.number)) != row.number:
                raise _Unfit("address", f"row {first} of this file has the same address")
        except _Unfit as unfit:
            value = clean(row.cells.get(unfit.column, ""))
            done.refused.append(Refusal(file.name, row.number, unfit.column, value, unfit.reason))
            continue
        _store(session, person, row.cells, done, at=at, actor=actor)
    return done


def _check(session: Session, row: Row) -> _Person:
    if row.surplus:
        raise _Unfit("name", "the row has more cells than there are headings; put quotation marks round commas")
    for column, cell in row.cells.items():
        if len(cell) > MAX_CELL:
            raise _Unfit(column, f"longer than {MAX_CELL:,} characters; is a quotation mark missing?")
    cells = {column: clean(cell) for column, cell in row.cells.items()}
    for column, cell in cells.items():
        if CONTROLS.search(cell):
            raise _Unfit(column, "it has a control character; type it again")
        if cell[:1] in ("=", "@") or (cell[:1] in ("+", "-") and column != "phone"):
            raise _Unfit(column, "it looks like a spreadsheet's formula; put the value itself there")
    for column in REQUIRED:
        if not cells[column]:
            raise _Unfit(column, "it is empty")
    for column in ("name", "name_ar", "title", "title_ar"):
        if len(cells.get(column, "")) > 200:
            raise _Unfit(column, "longer than 200 characters")
    city = city_named(session, cells["city"])
    if city is None:
        raise _Unfit("city", "; ".join(why_no_city(cells["city"])).rstrip("."))
    if cells.get("phone") and not _PHONE.fullmatch(cells["phone"]):
        raise _Unfit("phone", "not a telephone number; write it as +961 1 555 0100")
    office = _office(session, cells["organisation"], city) if cells.get("organisation") else None
    plain: dict[str, object] = {
        attribute: cells[column]
        for column, attribute in (
            ("name", "name"),
            ("name_ar", "arabic_name"),
            ("phone", "phone"),
            ("title", "title"),
            ("title_ar", "arabic_title"),
        )
        if column in cells
    }
    return _Person(
        plain=plain,
        city=city,
        office=office,
        address=_address(cells["address"]),
        languages=_parts(cells["languages"], "languages", _LANGUAGE, "a language code, such as ar, en or fr"),
        beats=_parts(cells.get("beats", "").casefold(), "beats", _BEAT, "a beat of letters and hyphens"),
        outlets=_outlets(cells.get("outlets", "")),
        embargo_terms=_day(cells.get("embargo_terms", "")),
    )


def _address(text: str) -> Address:
    try:
        return address(text)
    except ValueError as error:
        raise _Unfit("address", str(error)) from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _Unfit("embargo_terms", "not a day; write it as 2026-03-01, or leave it empty") from error


def _office(session: Session, slug: str, city: City) -> Office:
    organisation = session.scalar(select(Organisation).where(Organisation.slug == slug.casefold()))
    if organisation is None:
        raise _Unfit("organisation", "not one of our organisations; import organisations.toml first")
    office = next((o for o in organisation.offices if o.city_id == city.id), None)
    if office is None:
        raise _Unfit("city", f"{organisation.acronym} has no office in {city.name}; add it to organisations.toml")
    return office


def _parts(cell: str, column: str, form: re.Pattern[str], wanted: str) -> tuple[str, ...]:
    parts = dict.fromkeys(part.strip() for part in re.split("[;؛]", cell) if part.strip())
    for part in parts:
        if not form.fullmatch(part):
            raise _Unfit(column, f"“{part[:40]}” is not {wanted}")
    return tuple(parts)


def _outlets(cell: str) -> tuple[tuple[str, str], ...]:
    outlets: dict[str, tuple[str, str]] = {}
    for part in filter(None, (part.strip() for part in re.split("[;؛]", cell))):
        match = _OUTLET.fullmatch(part)
        # Folding may lengthen: one Arabic ligature stands for eighteen letters.
        if match is None or not 0 < len(fold(match[1])) <= 200:
            raise _Unfit("outlets", f"“{part[:40]}” is not an outlet; write it as Levant Courier (reporter)")
        outlets.setdefault(fold(match[1]), (match[1], match[2] or ""))
    return tuple(outlets.values())


def _store(
    session: Session, person: _Person, cells: Mapping[str, str], done: Imported, *, at: datetime, actor: Actor
) -> None:
    contact = session.scalar(select(Contact).where(Contact.address_key == person.address.key))
    if contact is None:
        contact = Contact(address=person.address.text, address_key=person.address.key, added_at=at)
        _change(session, contact, person, cells, at=at)
        session.add(contact)
        session.flush()
        done.added += 1
        append(session, Event.CONTACT_ADDED, at=at, actor=actor, contact_id=contact.id)
        return
    fields = _change(session, contact, person, cells, at=at)
    if not fields:
        done.unchanged += 1
        return
    session.flush()
    done.changed += 1
    append(session, Event.CONTACT_CHANGED, at=at, actor=actor, contact_id=contact.id, data={"fields": fields})


def _change(
    session: Session, contact: Contact, person: _Person, cells: Mapping[str, str], *, at: datetime
) -> list[str]:
    """Lay the row over the contact; returns the names of the fields that were different."""
    plain = {**person.plain, "city_id": person.city.id}
    if "organisation" in cells:
        plain["office_id"] = person.office.id if person.office else None
        plain["kind"] = ContactKind.OFFICER if person.office else ContactKind.JOURNALIST
    elif contact.kind is None:
        plain["kind"] = ContactKind.JOURNALIST
    fields = [name for name, value in plain.items() if getattr(contact, name) != value]
    for name in fields:
        setattr(contact, name, plain[name])
    if tuple(item.language for item in contact.languages) != person.languages:
        kept = {item.language: item for item in contact.languages}
        contact.languages = [kept.get(code) or ContactLanguage(language=code) for code in person.languages]
        for position, item in enumerate(contact.languages):
            item.position = position
        fields.append("languages")
    if "beats" in cells and {item.beat for item in contact.beats} != set(person.beats):
        old = {item.beat: item for item in contact.beats}
        contact.beats = [old.get(beat) or ContactBeat(beat=beat) for beat in sorted(person.beats)]
        fields.append("beats")
    if "outlets" in cells and _change_affiliations(session, contact, person.outlets):
        fields.append("outlets")
    if "embargo_terms" in cells and _change_terms(contact, person.embargo_terms, at):
        fields.append("embargo_terms")
    return fields


def _change_terms(contact: Contact, accepted_on: date | None, at: datetime) -> bool:
    held = contact.embargo_terms(day_of(at))
    if (held.accepted_on if held else None) == accepted_on:
        return False
    if accepted_on is not None:
        contact.acceptances.append(EmbargoAcceptance(accepted_on=accepted_on, recorded_at=at))
    elif held is not None:
        held.withdrawn_on = day_of(at)
    return True


def _change_affiliations(session: Session, contact: Contact, outlets: Iterable[tuple[str, str]]) -> bool:
    wanted = {fold(name): (name, role) for name, role in outlets}
    if {a.outlet.key: a.role for a in contact.current_affiliations} == {
        key: role for key, (_, role) in wanted.items()
    }:
        return False
    kept = {a.outlet.key: a for a in contact.current_affiliations}
    affiliations = [a for a in contact.affiliations if a.until is not None]
    for key, (name, role) in wanted.items():
        affiliation = kept.get(key) or Affiliation(outlet=_outlet(session, key, name))
        affiliation.role = role
        affiliations.append(affiliation)
    contact.affiliations = affiliations
    return True


def _outlet(session: Session, key: str, name: str) -> Outlet:
    outlet = session.scalar(select(Outlet).where(Outlet.key == key))
    if outlet is None:
        outlet = Outlet(name=name, key=key)
        session.add(outlet)
        session.flush()
    return outlet
