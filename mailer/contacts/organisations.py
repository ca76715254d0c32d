"""Takes ``organisations.toml`` into the registry: who issues releases, in which words, from which cities."""

import difflib
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.audit import Actor, Event, append
from mailer.config import Language
from mailer.contacts.cities import cities_called, city_named, known_city, nearest_city, why_no_city
from mailer.contacts.importing import Imported
from mailer.contacts.models import Contact, Office, Organisation, OrganisationText
from mailer.contacts.spelling import CONTROLS, fold
from mailer.contacts.table import clean
from mailer.errors import BadSetting, BadSyntax, UnknownOrganisation, UnknownSetting, UnreadableFile

MAX_BYTES = 1_000_000


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value, re.ASCII):
        raise ValueError("small letters a to z, digits and hyphens between them, such as esrf")
    return value


def _words(value: str) -> str:
    if re.search(r"\n\s*\n", value.strip()):
        raise ValueError("one paragraph, without an empty line in it")
    text = clean(value)
    if CONTROLS.search(text) or not fold(text):
        raise ValueError("text that can be read, without control characters")
    return text


def _city(value: str) -> str:
    if cities_called(value) and known_city(value) is None:
        reason, advice = why_no_city(value)
        raise ValueError(f"one city ({reason}). {advice.rstrip('.')}")
    if known_city(value) is None:
        near = nearest_city(value)
        hint = f"; did you mean {near.name}?" if near else ""
        raise ValueError(f"a city that Dateline knows, by its English, Arabic or French name{hint}")
    return value


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Office(_Block):
    city: Annotated[str, AfterValidator(_city)]


class _Organisation(_Block):
    slug: Annotated[str, Field(max_length=60), AfterValidator(_slug)]
    acronym: Annotated[str, Field(max_length=40), AfterValidator(_words)]
    name: dict[Language, Annotated[str, Field(max_length=300), AfterValidator(_words)]] = Field(min_length=1)
    about: dict[Language, Annotated[str, Field(max_length=10_000), AfterValidator(_words)]] = {}
    office: tuple[_Office, ...] = ()


class _File(_Block):
    organisation: tuple[_Organisation, ...] = Field(min_length=1)


# Which block a key stands in, by how deep it stands.
_BLOCKS: tuple[type[_Block], ...] = (_File, _Organisation, _Office)

_SHAPES = {
    "tuple_type": "a block in double brackets for each, such as [[organisation.office]]",
    "model_type": "a block of its own, such as [[organisation.office]]",
    "dict_type": 'one text for each language, such as [organisation.name] with en = "…" below',
}
"""pydantic's kinds of error that need other words for who does not program."""


def import_organisations(session: Session, file: Path, *, at: datetime, actor: Actor) -> Imported:
    """Add the file's organisations or bring them up to date by their slug; one that it lacks stays.

    Nothing is taken from a file with anything wrong in it: raises ``UnreadableFile``, ``BadSyntax``,
    ``UnknownSetting`` or ``BadSetting``.
    """
    done = Imported()
    for wanted in _read(file).organisation:
        organisation = session.scalar(select(Organisation).where(Organisation.slug == wanted.slug))
        event = Event.ORGANISATION_CHANGED if organisation else Event.ORGANISATION_ADDED
        if organisation is None:
            organisation = Organisation(slug=wanted.slug, acronym="", texts=[], offices=[])
            session.add(organisation)
        fields = _change(session, organisation, wanted)
        session.flush()
        if not fields:
            done.unchanged += 1
            continue
        done.added += event is Event.ORGANISATION_ADDED
        done.changed += event is Event.ORGANISATION_CHANGED
        append(session, event, at=at, actor=actor, data={"organisation": wanted.slug, "fields": fields})
    return done


def organisation_named(session: Session, text: str) -> Organisation | None:
    """The organisation with that slug, acronym or name in any language; ``None`` for one that we don't know."""
    key = fold(text)
    # An office has a handful of organisations; their names are not kept folded.
    fits = [o for o in session.scalars(select(Organisation).order_by(Organisation.id)) if key in _names(o)]
    return next((o for o in fits if o.slug == key), fits[0] if len(fits) == 1 else None)


def require_organisation(session: Session, text: str) -> Organisation:
    """The same, which must be there. Raises ``UnknownOrganisation``."""
    organisation = organisation_named(session, text)
    if organisation is None:
        raise UnknownOrganisation(organisation=text)
    return organisation


def _names(organisation: Organisation) -> set[str]:
    return {fold(n) for n in (organisation.slug, organisation.acronym, *(t.name for t in organisation.texts))}


def _change(session: Session, organisation: Organisation, wanted: _Organisation) -> list[str]:
    """Lay the block over the organisation; returns the names of the fields that were different."""
    fields = []
    if organisation.acronym != wanted.acronym:
        organisation.acronym = wanted.acronym
        fields.append("acronym")
    texts = {text.language: text for text in organisation.texts}
    for language in sorted(texts.keys() | wanted.name.keys()):
        name, about = wanted.name.get(language), wanted.about.get(language, "")
        text = texts.get(language) or OrganisationText(language=language, name="", about="")
        if name is None:
            organisation.texts.remove(text)
            fields += [f"name.{language}", f"about.{language}"]
            continue
        if language not in texts:
            organisation.texts.append(text)
        fields += [f"name.{language}"] * (text.name != name) + [f"about.{language}"] * (text.about != about)
        text.name, text.about = name, about
    if _change_offices(session, organisation, wanted):
        fields.append("offices")
    return fields


def _change_offices(session: Session, organisation: Organisation, wanted: _Organisation) -> bool:
    cities = {city.id: city for block in wanted.office if (city := city_named(session, block.city))}
    have = {office.city_id: office for office in organisation.offices}
    new = [Office(city=city) for id_, city in cities.items() if id_ not in have]
    gone = [office for id_, office in have.items() if id_ not in cities and not _staffed(session, office)]
    for office in gone:
        organisation.offices.remove(office)
        session.delete(office)
    organisation.offices.extend(new)
    return bool(new or gone)


def _staffed(session: Session, office: Office) -> bool:
    # An office with officers stays: an officer without an office is nobody's press contact, and the releases
    # that print her would lose her. Move or remove its officers first.
    return session.scalar(select(Contact.id).where(Contact.office_id == office.id).limit(1)) is not None


def _read(file: Path) -> _File:
    try:
        content = file.read_bytes()
        if len(content) > MAX_BYTES:
            raise UnreadableFile(file=file, reason=f"it is larger than {MAX_BYTES // 1_000_000} MB")
        blocks = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(file=file, reason="it is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        # Besides its own error, tomllib lets through those of numbers and nestings beyond all measure.
        reason, _, place = str(error).rpartition(" (at ")
        raise BadSyntax(file=file, place=place.rstrip(")"), reason=reason or "it is not TOML") from error
    try:
        read = _File.model_validate(blocks)
    except ValidationError as error:
        raise _told(file, error) from error
    _refuse_doubles(file, read)
    return read


def _told(file: Path, error: ValidationError) -> BadSetting | UnknownSetting:
    """What is wrong first, by its place in the file."""
    errors = error.errors(include_url=False, include_context=False)
    # A misspelt key goes before the right one that is missed for it.
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    place = tuple(part for part in first["loc"] if part != "[key]")
    key = _key(place)
    if first["type"] == "extra_forbidden":
        known = _BLOCKS[sum(isinstance(part, int) for part in place)].model_fields
        near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
        advice = f"Did you mean {near[0]}?" if near else f"Allowed here: {', '.join(known)}."
        return UnknownSetting(file=file, key=key, nearest=advice)
    shown = repr(first["input"])
    allowed = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ").rstrip(".")
    if first["type"] in ("missing", "too_short"):
        shown, allowed = "left out", "something written there: it is needed"
    return BadSetting(
        file=file,
        key=key,
        value=shown if len(shown) <= 80 else f"{shown[:80]}…",
        allowed=_SHAPES.get(first["type"], allowed),
    )


def _key(place: tuple[int | str, ...]) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _refuse_doubles(file: Path, read: _File) -> None:
    """What each block may say by itself and all of them may not: two of a name, two offices in a city."""
    taken: dict[str, str] = {}
    for number, organisation in enumerate(read.organisation, 1):
        block = f"organisation[{number}]"
        named = {"slug": organisation.slug, "acronym": organisation.acronym}
        named |= {f"name.{language}": name for language, name in organisation.name.items()}
        for field, name in named.items():
            if taken.setdefault(fold(name), block) != block:
                raise BadSetting(
                    file=file,
                    key=f"{block}.{field}",
                    value=repr(name),
                    allowed=f"another one than that of {taken[fold(name)]}",
                )
        for language in organisation.about.keys() - organisation.name.keys():
            raise BadSetting(
                file=file, key=f"{block}.name.{language}", value="left out", allowed="a name beside each about"
            )
        cities: set[object] = set()
        for place, office in enumerate(organisation.office, 1):
            if (city := known_city(office.city)) in cities:
                raise BadSetting(
                    file=file,
                    key=f"{block}.office[{place}].city",
                    value=repr(office.city),
                    allowed="one office in each city",
                )
            cities.add(city)
