"""Makes a dossier readable: one page of HTML that needs nothing else, to be printed or sent."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from mailer.clock import ZonedTime
from mailer.privacy.dossier import Document
from mailer.privacy.words import FIELDS, SECTIONS
from mailer.rendering.translations import Catalogue, catalogue_for

LANGUAGES = ("en", "ar", "fr")
_PACKAGE = files("mailer.privacy")


def as_html(document: Document, *, language: str) -> str:
    """The page in one of ``LANGUAGES``; values stay as they are held, each in its own direction."""
    say = _catalogue(language).say
    zone = document["zone"]
    sections = [
        (say(title), [_rows(item, language, zone) for item in document[name]]) for name, title in SECTIONS.items()
    ]
    return _template().render(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=say("What we hold on %(name)s", name=_isolated(document["name"])),
        made=say(
            "Given out by %(office)s on %(moment)s.",
            office=_isolated(document["office"]),
            moment=_isolated(str(ZonedTime.of(document["made_at"].replace(microsecond=0), zone))),
        ),
        times=say("Times are those of %(zone)s, with the same in UTC.", zone=_isolated(zone)),
        nothing=say("Nothing."),
        sections=sections,
    )


def _rows(item: Mapping[str, object], language: str, zone: str) -> list[tuple[str, list[str]]]:
    """Each field that has a value and a heading, with its lines."""
    say = _catalogue(language).say
    rows = []
    for name, value in item.items():
        # Where the same instant stands there as local time, that is the one to read.
        twin = {"at": "local", "finished_at": "finished_local"}.get(name)
        if name in FIELDS and value not in (None, "", [], {}) and twin not in item:
            lines = [say(text) if name == "words" else text for text in _lines(value, language, zone)]
            rows.append((say(FIELDS[name]), lines))
    return rows


def _lines(value: object, language: str, zone: str) -> list[str]:
    say = _catalogue(language).say
    match value:
        case bool():
            return [say("yes") if value else say("no")]
        case datetime():
            return [str(ZonedTime.of(value.replace(microsecond=0), zone))]
        case date():
            return [value.isoformat()]
        case Mapping():
            pairs = ((name, _lines(inner, language, zone)) for name, inner in value.items() if name != "at")
            parts = (
                f"{say(FIELDS.get(str(name), str(name)))}: {', '.join(map(_isolated, inner))}"
                for name, inner in pairs
                if any(inner)
            )
            return ["; ".join(parts)]
        case str():
            return value.splitlines() or [""]
        case Iterable():
            return [line for inner in value for line in _lines(inner, language, zone)]
        case None:
            return [""]
        case _:
            return [str(value)]


def _isolated(text: str) -> str:
    """A value among words of another script, between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX #9): without
    them a day after Arabic words is shown with its year last."""
    return f"\u2068{text}\u2069"


@cache
def _catalogue(language: str) -> Catalogue:
    names = [f"locale/{code}/LC_MESSAGES/templates.po" for code in LANGUAGES if code != "en"]
    return catalogue_for(language, {name: _PACKAGE.joinpath(name).read_text("utf-8") for name in names})


@cache
def _template() -> Template:
    loader = FunctionLoader(lambda name: _PACKAGE.joinpath(name).read_text("utf-8"))
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("dossier.html")
