"""The texts of a wave: what the templates are given, and each message compiled when the first contact needs it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.contacts.cities import known_city
from mailer.contacts.models import City, Organisation
from mailer.errors import SourceChanged
from mailer.releases.content import VersionContent
from mailer.releases.models import Asset, Version
from mailer.rendering import Asset as Picture
from mailer.rendering import (
    CompiledMessage,
    Issue,
    Occasion,
    Place,
    SenderIdentity,
    Template,
    compile_message,
    load_template,
    sender_in,
)
from mailer.schedule.models import CompiledText, Wave


@dataclass(frozen=True)
class Source:
    """What the texts of a wave are compiled from."""

    template: Template
    issue: Issue

    @cached_property
    def sha256(self) -> str:
        """Of all that an approved version does not settle: the templates, and what the registry says of the
        organisations and the dateline's cities. The sender is that of the wave's first text, always."""
        organisations = [sorted(names.items()) for names in self.issue.organisations]
        places = [[place.zone, sorted(place.names.items())] for place in self.issue.dateline_places]
        plain = json.dumps([self.template.sha256, organisations, places], ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()


def source_of(session: Session, wave: Wave, *, templates: Path, sender: SenderIdentity) -> Source:
    """What the wave's texts are compiled from today. Raises what is wrong with the template."""
    version = wave.version
    issue = issue_of(session, version.frozen, version, kind=wave.kind, sender=sender)
    return Source(load_template(templates, wave.template), issue)


def issue_of(
    session: Session, content: VersionContent, version: Version | None, *, kind: Occasion, sender: SenderIdentity
) -> Issue:
    """What the templates are given: a version's content (or, for a preview, a draft's) with pictures and places."""
    wanted = {e.photo.asset for e in content.editions if e.photo and e.photo.asset}
    pictures = {
        asset.sha256: Picture(media_type=asset.media_type, content=asset.content)
        for asset in session.scalars(select(Asset).where(Asset.sha256.in_(wanted)))
    }
    organisations = session.scalars(
        select(Organisation).where(Organisation.slug.in_(content.organisations)).order_by(Organisation.slug)
    )
    cities = {city.name: city for e in content.editions for name in e.cities if (city := known_city(name))}
    return Issue(
        slug=content.slug,
        version=version.number if version else 0,
        version_sha256=version.sha256 if version else "",
        editions={edition.language: edition for edition in content.editions},
        occasion=kind,
        embargo=content.embargo,
        dateline_places=tuple(Place(names=city.names, zone=city.zone) for city in cities.values()),
        assets=pictures,
        sender=sender,
        organisations=tuple(
            {text.language: text.name for text in organisation.texts} or {"en": organisation.acronym}
            for organisation in organisations
        ),
    )


def place_of(city: City) -> Place:
    """A city as templates are given it."""
    return Place(names={"en": city.name, "ar": city.arabic, "fr": city.french}, zone=city.zone)


class Texts:
    """The compiled texts of one wave: those that it has, and each that somebody needs and it has not."""

    def __init__(self, session: Session, wave: Wave, source: Callable[[tuple[str, ...]], Source]) -> None:
        """``source`` is asked for what to compile the first new text from, with the editions that are in it."""
        self._session, self._wave, self._source_for = session, wave, source
        self._source: Source | None = None
        kept = select(CompiledText.languages, CompiledText.city_id, CompiledText.id)
        self._ids: dict[tuple[tuple[str, ...], int | None], int] = {
            (tuple(languages.split(",")), city_id): number
            for languages, city_id, number in session.execute(kept.where(CompiledText.wave_id == wave.id))
        }
        self._places: dict[int, Place] = {}
        self.warnings: dict[str, None] = {}
        """About the mail itself; each once."""

    def compiled_for(self, languages: tuple[str, ...], city_id: int) -> int:
        """The id of the text for those editions in that city. Raises what is wrong with the template or a picture."""
        for known in ((languages, None), (languages, city_id)):
            if known in self._ids:
                return self._ids[known]
        if self._source is None:
            self._source = self._source_for(languages)
            self._places = {city.id: place_of(city) for city in self._session.scalars(select(City))}
        source = self._source
        message = compile_message(source.template, source.issue, languages=languages, place=self._places[city_id])
        self.warnings |= dict.fromkeys(message.warnings)
        key = (languages, city_id if message.uses_place else None)
        self._ids[key] = self._keep(message, *key)
        return self._ids[key]

    def _keep(self, message: CompiledMessage, languages: tuple[str, ...], city_id: int | None) -> int:
        text = CompiledText(
            wave_id=self._wave.id, languages=",".join(languages), city_id=city_id, content=message.to_bytes()
        )
        self._session.add(text)
        self._session.flush()
        return text.id


def further_texts(session: Session, wave: Wave, *, templates: Path) -> Texts:
    """The texts of a wave that was scheduled before, to which others may be added from the very same source.

    Adding one raises ``SourceChanged`` where that has changed: nobody has approved what would come of it. The sender is
    the one of the texts that there are, so that one wave never goes out under two names.
    """

    def source(languages: tuple[str, ...]) -> Source:
        first = (
            select(CompiledText.content).where(CompiledText.wave_id == wave.id).order_by(CompiledText.id).limit(1)
        )
        sender = sender_in(session.scalars(first).one())
        found = source_of(session, wave, templates=templates, sender=sender)
        if found.sha256 != wave.source_sha256:
            raise SourceChanged(wave=wave.id, languages=", ".join(languages))
        return found

    return Texts(session, wave, source)
