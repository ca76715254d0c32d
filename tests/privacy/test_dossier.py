"""Who asks what is held on her is told everything, in JSON and on a page that runs nothing."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from builders import DESK, NOON, make_contact, make_list
from newsroom import told
from sqlalchemy.orm import Session
from zenobia import make_sent, make_zenobia, merge

from mailer.audit import Event, append
from mailer.cli.output import plain
from mailer.contacts.models import Contact, EmbargoAcceptance, EmbargoTerms
from mailer.database import Database
from mailer.privacy import page
from mailer.privacy.dossier import Document, dossier, note_disclosure
from mailer.privacy.page import LANGUAGES, as_html
from mailer.privacy.words import all_words
from mailer.schedule.models import Exclusion, ExclusionReason


def of(session: Session, contact: Contact) -> Document:
    return dossier(session, contact, office="Joint Press Desk", zone="Asia/Beirut", at=NOON)


@pytest.fixture
def document(office: Database) -> Document:
    with office.write() as session:
        zenobia = make_zenobia(session)
        zenobia.affiliations[0].until = (NOON - timedelta(days=90)).date()
        terms = EmbargoTerms(name="Terms", key="terms", text="Nothing before.", sha256="0" * 64, added_at=NOON)
        zenobia.acceptances.append(
            EmbargoAcceptance(accepted_on=NOON.date(), terms=terms, how="by mail", recorded_at=NOON)
        )
        twin = make_contact(session, "<script>alert('Z')</script>", address="zq@wire.example")
        other = make_contact(session, "Omar Said")
        make_list(session, other, name="Kept off", queries=["city:Beirut"], excluded=[zenobia])
        make_list(session, other, name="Found", queries=["beat:migration", "city:Cairo"])
        make_list(session, other, name="Of others")
        (sent, _) = make_sent(session, twin, other)
        session.add(Exclusion(wave_id=sent.wave_id, contact_id=zenobia.id, reason=ExclusionReason.SUPPRESSED))
        append(session, Event.DELIVERY_ACCEPTED, at=NOON, actor=DESK, contact_id=twin.id, delivery_id=sent.id)
        merge(session, twin, zenobia)
        session.flush()
        session.expire_all()
        return of(session, twin)


def test_everything_is_in_it_with_what_was_merged_into_her(document: Document) -> None:
    first, second = document["contacts"]
    assert document["contact"] == first["contact"] == second["merged_into"]
    assert [place["outlet"] for place in first["affiliations"]] == [
        "Levant Courier",
        "Zenobia Quartermain, freelance",
    ]
    assert first["affiliations"][0]["until"] is not None
    assert [item["text"] for item in first["embargo_acceptances"]] == ["", "Nothing before."]
    assert [item["value"] for item in first["further"]] == ["zq@old-desk.example", "+961 1 555 77 32"]
    assert [note["text"] for note in document["notes"]] == ["Zenobia called"]
    assert [(row["address"], row["reason"]) for row in document["suppressions"]] == [
        ("zq@old-desk.example", "Zenobia has left")
    ]
    (merged,) = document["merges"]
    assert (merged["kept"], merged["merged"]) == (first["contact"], second["contact"])


def test_lists_say_how_she_is_on_them(document: Document) -> None:
    lists = {row["list"]: row for row in document["lists"]}
    assert lists["Kept off"] | {"list": ""} == {
        "list": "",
        "on_it": False,
        "by_hand": "kept off",
        "queries": ["city:Beirut"],
    }
    assert (lists["Found"]["on_it"], lists["Found"]["queries"]) == (True, ["beat:migration"])
    assert "Of others" not in lists


def test_deliveries_have_the_time_with_its_zone_and_the_relays_answer(document: Document) -> None:
    (sent,) = document["deliveries"]
    assert (sent["release"], sent["version"], sent["state"]) == ("ports", 1, "accepted")
    assert sent["finished_local"] == "2026-11-24 14:00 Asia/Beirut (UTC+2; 2026-11-24 12:00 UTC)"
    assert [attempt["reply"] for attempt in sent["attempts"]] == ["250 2.1.5 <zq@wire.example> ok"]
    assert [(row["release"], row["reason"]) for row in document["exclusions"]] == [("ports", "suppressed")]


def test_the_log_is_told_in_words_and_says_nothing_of_others(document: Document) -> None:
    words = [row["words"] for row in document["log"]]
    assert "A release was sent" in words
    assert "Put on, or kept off, a new media list" in words
    assert [row["data"] for row in document["log"] if row["contact"] is None] == [{}] * words.count(
        "Put on, or kept off, a new media list"
    )
    assert "Omar" not in json.dumps(plain(document), ensure_ascii=False)


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_everything_and_runs_or_loads_nothing(document: Document, language: str) -> None:
    shown = Page(as_html(document, language=language))
    assert not shown.tags & {"script", "img", "link", "iframe", "a"}
    for words in (
        "Zenobia called",
        "<script>alert('Z')</script>",
        "زنوبيا كوارترمين",
        "Nothing before.",
        "xyzzy-card",
    ):
        assert words in shown.text
    assert "2026-11-24 14:00 Asia/Beirut (UTC+2; 2026-11-24 12:00 UTC)" in shown.text


def test_a_day_behind_arabic_words_is_not_turned_round(document: Document) -> None:
    shown = Page(as_html(document, language="ar"))
    # UAX #9: a number after Arabic letters goes with their direction, unless it is isolated.
    assert f"\u2068{NOON.date()}\u2069" in shown.text


def test_the_page_of_a_stranger_says_that_there_is_nothing(office: Database) -> None:
    with office.write() as session:
        shown = Page(as_html(of(session, make_contact(session)), language="en"))
    assert shown.text.count("Nothing.") == 7


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_word_of_the_page_is_translated(language: str) -> None:
    catalogue = page._catalogue(language)
    same = {word for word in all_words() if not catalogue.knows(word)}
    # These are the same word in French.
    assert same <= ({"Notes", "Version"} if language == "fr" else set())


def test_the_catalogues_say_nothing_that_no_page_says() -> None:
    for file in (Path(page.__file__).parent / "locale").rglob("*.po"):
        listed = re.findall(r'^msgid "(.+)"$', file.read_text("utf-8"), re.MULTILINE)
        assert set(listed) == set(all_words())


def test_giving_it_out_is_logged_by_number(office: Database, document: Document) -> None:
    with office.write() as session:
        note_disclosure(session, document, at=NOON, actor=DESK)
        (entry,) = told(session, Event.CONTACT_DISCLOSED)
    assert entry.contact_id == document["contact"]
    assert entry.data == {"contacts": [person["contact"] for person in document["contacts"]]}
