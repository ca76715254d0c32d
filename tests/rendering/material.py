"""Valid issues, places and people for the tests of rendering; a test says only what matters to it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from mailer.clock import ZonedTime
from mailer.releases.content import Boilerplate, EditionContent, Photo, PressContact, Related
from mailer.rendering import (
    Asset,
    CompiledMessage,
    Issue,
    Occasion,
    Personal,
    Place,
    SenderIdentity,
    Template,
    compile_message,
    load_template,
)

TEMPLATES = Path(__file__).parents[2] / "templates"
TOKEN = "abcdefghijklmnopqrstuvwx23"
NOUR = Personal(
    name="Nour Haddad",
    address="nour.haddad@courier.example",
    token=TOKEN,
    date=datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
)
BEIRUT = Place(names={"en": "Beirut", "ar": "بيروت", "fr": "Beyrouth"}, zone="Asia/Beirut")
CAIRO = Place(names={"en": "Cairo", "ar": "القاهرة", "fr": "Le Caire"}, zone="Africa/Cairo")
NAIROBI = Place(names={"en": "Nairobi", "ar": "نيروبي"}, zone="Africa/Nairobi")
SENDER = SenderIdentity(
    name="ESRF Press Office",
    address="press@office.example",
    reply_to="newsdesk@office.example",
    bounce_address="bounces@office.example",
    unsubscribe_url="https://office.example/unsubscribe",
    list_id="press.office.example",
)
ORGANISATIONS: tuple[Mapping[str, str], ...] = (
    {
        "en": "Eastern Shore Relief Federation",
        "ar": "اتحاد الساحل الشرقي للإغاثة",
        "fr": "Fédération de secours du Rivage oriental",
    },
    {"en": "World Passage Agency", "ar": "وكالة العبور العالمية", "fr": "Agence mondiale du passage"},
)
_DAY = date(2026, 11, 24)
_CITIES = {"en": ("Beirut", "Cairo"), "ar": ("بيروت", "القاهرة"), "fr": ("Beyrouth", "Le Caire")}


@cache
def picture() -> Asset:
    """The demonstration's photo."""
    return Asset(media_type="image/jpeg", content=files("mailer.demo").joinpath("photo.jpg").read_bytes())


@cache
def edition(language: str) -> EditionContent:
    """The demonstration's release in that language, put together by hand."""
    if language == "en":
        return _english()
    text = files("mailer.demo").joinpath(f"release.{language}.md").read_text("utf-8")
    _, front, rest = text.split("---\n", 2)
    head = dict(re.findall(r"(?m)^(\w+): (.*)$", front))
    body, *sections = re.split(r"(?m)^## (.*)\n", rest)
    titles, texts = sections[::2], [part.strip() for part in sections[1::2]]
    return EditionContent(
        language=language,
        headline=head["headline"],
        subhead=head["subhead"],
        cities=_CITIES[language],
        day=_DAY,
        body=body.strip(),
        photo=_photo(head["caption"], head["credit"], head["alt"]),
        boilerplates=tuple(Boilerplate(heading=h, text=t) for h, t in zip(titles[:-1], texts, strict=False)),
        press_contacts=tuple(_contact(line, "،" if language == "ar" else ",") for line in texts[-1].split("\n\n")),
    )


def _english() -> EditionContent:
    text = files("mailer.demo").joinpath("release.en.txt").read_text("utf-8")
    blocks = [block for block in text.split("\n\n") if block.strip()]
    start = next(n for n, block in enumerate(blocks) if block.startswith("Beirut / Cairo"))
    about = next(n for n, block in enumerate(blocks) if block.startswith("About the"))
    return EditionContent(
        language="en",
        headline=blocks[0],
        subhead="Five-year agreement covers 14 centres in six countries; the first three open in March 2027",
        cities=_CITIES["en"],
        day=_DAY,
        body="\n\n".join(blocks[start:about]).removeprefix("Beirut / Cairo, 24 November 2026 "),
        photo=_photo(blocks[1], "ESRF/Dalia Sfeir", "A calm harbour at dawn."),
        boilerplates=(
            Boilerplate(heading=blocks[about].strip().strip(":"), text=blocks[about + 1]),
            Boilerplate(heading=blocks[about + 2].strip().strip(":"), text=blocks[about + 3]),
        ),
        press_contacts=(
            PressContact(
                city="Beirut",
                name="Lamia Tarazi",
                title="Head of Communications",
                organisation="ESRF",
                address="lamia.tarazi@esrf.example",
                phone="+961 1 555 0130",
            ),
            PressContact(
                city="Cairo",
                name="Sherif Mandour",
                title="Communication Officer",
                organisation="WPA Regional Office",
                address="sherif.mandour@wpa.example",
            ),
        ),
        related=(
            Related(title="ESRF reopens its harbour clinic", url="https://esrf.example/news/clinic"),
            Related(title="وكالة العبور العالمية تنشر تقريرها السنوي", url="https://wpa.example/ar/report"),
        ),
    )


def _photo(caption: str, credit: str, alt: str) -> Photo:
    return Photo(asset=sha256(picture().content).hexdigest(), caption=caption, credit=credit, alt=alt)


def _contact(line: str, comma: str) -> PressContact:
    city, title, *rest = [part.strip() for part in re.split("[,،]", line)]
    phone = "+961 1 555 0130" if rest[-1].startswith("lamia") else ""
    return PressContact(
        city=city.removeprefix("في ").removeprefix("À ").removeprefix("Au "),
        title=title,
        name=rest[-2],
        address=rest[-1],
        phone=phone,
    )


def issue(*languages: str, occasion: Occasion = Occasion.PUBLIC, **changes: Any) -> Issue:
    """A joint release of two organisations, embargoed until 10:00 in Beirut."""
    if "editions" not in changes:
        changes["editions"] = {language: edition(language) for language in languages or ("en", "ar", "fr")}
    whole = Issue(
        slug="reception-centres",
        version=1,
        version_sha256="0123456789abcdef" * 4,
        editions={},
        occasion=occasion,
        embargo=ZonedTime.parse("2026-11-24 10:00", "Asia/Beirut"),
        dateline_places=(BEIRUT, CAIRO),
        assets={sha256(picture().content).hexdigest(): picture()},
        sender=SENDER,
        organisations=ORGANISATIONS,
    )
    return replace(whole, **changes)


def short_issue(language: str = "en", **content: Any) -> Issue:
    """A release of one edition that says only what a test gives it."""
    words = EditionContent(language=language, **{"headline": "A headline", "body": "Some words."} | content)
    return issue(editions={language: words}, assets={})


@cache
def template(name: str = "release") -> Template:
    """The office's own template."""
    return load_template(TEMPLATES, name)


def compiled(
    *languages: str, place: Place | None = None, name: str = "release", **changes: Any
) -> CompiledMessage:
    """The message in these languages."""
    wanted = languages or ("en",)
    return compile_message(template(name), issue(*wanted, **changes), languages=wanted, place=place)


def sent(message: CompiledMessage, personal: Personal = NOUR, **changes: Any) -> bytes:
    """What one person is sent."""
    return b"".join(message.splice(replace(personal, **changes)))


def office_templates(folder: Path, **texts: str) -> Path:
    """A templates' folder with one small template named ``plain``; the texts replace its files by their stems."""
    given = {
        "frame.html": "<html><body>{% for s in sections %}{{ s.content }}{% endfor %}</body></html>",
        "frame.txt": "{% for s in sections %}{{ s.content }}{% endfor %}",
        "plain/edition.html": "<p>{{ edition.headline }}</p>",
        "plain/edition.txt": "{{ edition.headline }}",
        "plain/subject.txt": "{{ edition.headline }}",
    }
    for key, text in texts.items():
        name = key.replace("__", "/").replace("_", ".")
        given[f"plain/{name}" if f"plain/{name}" in given else name] = text
    for name, text in given.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder
