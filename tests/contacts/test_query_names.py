"""What a query names has to be there: what nothing can be called is refused, what nobody has today is told."""

from collections.abc import Sequence

import pytest
from builders import DESK, NOON, make_contact, make_list, make_officer, make_organisation
from newsroom import make_release
from sqlalchemy.orm import Session

from mailer.contacts.beats import add_beat
from mailer.contacts.lists import change_list, count, found_by
from mailer.contacts.models import ContactTag, Organisation, OrganisationText
from mailer.contacts.query import parse
from mailer.contacts.query_names import list_warnings, warnings
from mailer.contacts.search import find_contacts
from mailer.contacts.terms import add_terms
from mailer.database import Database
from mailer.errors import BadQuery, BrokenList


@pytest.fixture
def registry(database: Database) -> Database:
    with database.write() as session:
        esrf = make_organisation(session, cities=["Geneva"], names={"en": "Eastern Sea Relief", "fr": "Secours"})
        make_officer(session, esrf.offices[0], "Lamia Tarazi")
        add_terms(session, "Standard 2026", "Nothing before the hour.", at=NOON, actor=DESK)
        add_beat(
            session,
            "port-news",
            name="Port news",
            arabic="أخبار المرافئ",
            french="Nouvelles des ports",
            at=NOON,
            actor=DESK,
        )
        make_contact(session, "Nour Haddad", beats=["migration", "port-news"], outlets=["Nile Herald"])
        make_contact(session, "Rim Itani", city="Paris, US", beats=["reefs and rigs"])
        make_contact(session, "Sami Aoun", city="Tripoli, Lebanon")
        make_release(session, "ports-agreement")
    return database


def names(session: Session, *queries: str) -> list[str]:
    found = found_by(session, queries, at=NOON)
    return [contact.name for contact in find_contacts(session, among=found, at=NOON)]


@pytest.mark.parametrize(
    ("text", "position", "shown", "advice"),
    [
        ("terms:Standart", 7, "Standart", "Did you mean Standard 2026?"),
        ("terms:ye", 7, "ye", "Did you mean yes?"),
        ("city:Beirut  -terms:“Standart 2026”", 21, "“Standart", "Did you mean Standard 2026?"),
        ("organisation:esfr", 14, "esfr", "Did you mean ESRF?"),
        ('organisation:"Eastern See Relief"', 14, '"Eastern', "Did you mean Eastern Sea Relief?"),
        ("organisation:xq", 14, "xq", "There is: ESRF."),
        ("release:ports-agrement", 9, "ports-agrement", "Did you mean ports-agreement?"),
        ("haddad -release:zzz", 17, "zzz", "There is: ports-agreement."),
        ("beat:migratoin", 6, "migratoin", "Did you mean migration?"),
        ("beat:port-nws", 6, "port-nws", "Did you mean port-news?"),
        ("beat:الهجره", 6, "", "migration"),
        ("beat:zzzz", 6, "zzzz", "dateline beats list"),
        ("list:Levnat", 6, "Levnat", "dateline lists list"),
    ],
)
def test_what_is_not_there_is_refused_at_its_place_with_the_nearest(
    registry: Database, text: str, position: int, shown: str, advice: str
) -> None:
    with registry.read() as session:
        if text == "beat:الهجره":  # a spelling that is understood
            assert names(session, text) == ["Nour Haddad"]
            return
        with pytest.raises(BadQuery) as caught:
            find_contacts(session, parse(text), at=NOON)
        assert caught.value.fields["position"] == position
        assert caught.value.fields["shown"] == f"“{shown}”"
        assert advice in caught.value.advice
        with pytest.raises(BadQuery):
            found_by(session, [text], at=NOON)


@pytest.mark.parametrize(
    "text",
    [
        "beat:port-news",
        'beat:"Port News"',
        "beat:PORT_NEWS",
        'beat:"أخبار المرافئ"',
        'beat:"اخبار المرافئ"',
        'beat:"Nouvelles des ports"',
        "beat:migration",
        "beat:الهجرة",
        "beat:Migrations",
    ],
)
def test_a_beat_is_found_by_any_of_its_names_the_offices_own_too(registry: Database, text: str) -> None:
    with registry.read() as session:
        assert names(session, text) == ["Nour Haddad"]
        assert "Nour Haddad" not in names(session, f"-{text}")


def test_a_beat_that_only_contacts_have_is_found_as_it_is_written(registry: Database) -> None:
    with registry.read() as session:
        assert names(session, 'beat:"reefs and rigs"') == names(session, "beat:Reefs-and-rigs") == ["Rim Itani"]


def test_what_is_there_is_asked_for_whoever_has_it(registry: Database) -> None:
    with registry.read() as session:
        for text in ('terms:"standard 2026"', "release:Ports-Agreement", "beat:youth", "terms:expired"):
            assert names(session, text) == []
            assert warnings(session, parse(text)) == ()
        assert names(session, "organisation:secours") == ["Lamia Tarazi"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tag:vpi", ["“tag:vpi”: nobody has that tag now. Did you mean vip?"]),
        ("-tag:zzzz", ["“-tag:zzzz”: nobody has that tag now."]),
        (
            '-outlet:"Nile Heralt" outlet:herald',
            ['“-outlet:"Nile Heralt"”: no outlet has that in its name now. Did you mean Nile Herald?'],
        ),
        ("role:editor", ["“role:editor”: nobody has such a role now."]),
        ("city:Damascus", ["“city:Damascus”: nobody is in Damascus, Syria, now."]),
        ("tag:vip city:Beirut haddad kind:officer language:fi", []),
        ('city:"Tripoli, LB"', []),
        (
            "city:Paris",
            [
                "“city:Paris”: it means Paris, France, and there are contacts elsewhere in a city of that name. "
                'For those write city:"Paris, United States".'
            ],
        ),
        ('city:"Paris, US"', []),
    ],
)
def test_what_nobody_has_today_is_told_and_not_refused(registry: Database, text: str, told: Sequence[str]) -> None:
    with registry.write() as session:
        make_contact(session).tags = [ContactTag(tag="vip")]
        session.flush()
        found_by(session, [text], at=NOON)
        assert list(warnings(session, parse(text))) == [sentence.strip() for sentence in told]


def test_a_city_whose_name_several_have_is_never_a_guess(registry: Database) -> None:
    with registry.read() as session:
        with pytest.raises(BadQuery, match=r'character 6.*city:"Tripoli, Lebanon"'):
            names(session, "city:Tripoli")
        assert names(session, 'city:"Tripoli, LB"') == names(session, 'city:"طرابلس، لبنان"') == ["Sami Aoun"]
        assert names(session, 'city:"Tripoli, Libya"') == []


def test_a_list_whose_query_names_what_is_gone_says_so_and_which_it_is(registry: Database) -> None:
    with registry.write() as session:
        inner = make_list(session, name="Officers", queries=['organisation:"Eastern Sea"'])
        outer = make_list(session, name="All", queries=["city:Cairo", "list:Officers"])
        assert count(session, outer, at=NOON) == 1
        text = session.query(OrganisationText).filter_by(language="en").one()
        text.name = "Levant Relief"
        session.query(Organisation).one()
        session.flush()
        for media_list in (inner, outer):
            with pytest.raises(BrokenList, match=r"“Officers”.*organisation:\"Eastern Sea\".*character 14"):
                count(session, media_list, at=NOON)
        # She puts it right with the command that the error names.
        change_list(
            session,
            inner,
            remove_queries=['organisation:"Eastern Sea"'],
            add_queries=["organisation:levant"],
            at=NOON,
            actor=DESK,
        )
        assert count(session, outer, at=NOON) == 1


def test_a_list_whose_last_tag_was_taken_away_stands_and_tells(registry: Database) -> None:
    with registry.write() as session:
        nour = make_contact(session)
        nour.tags = [ContactTag(tag="gala")]
        inner = make_list(session, name="Gala", queries=["tag:gala", "name:Lamia"])
        outer = make_list(session, name="All", queries=["list:Gala", "list:Gala -list:Gala"])
        assert (count(session, outer, at=NOON), list_warnings(session, outer)) == (2, ())
        nour.tags = []
        session.flush()
        assert count(session, outer, at=NOON) == 1
        told = ("List “Gala”: “tag:gala”: nobody has that tag now.",)
        assert list_warnings(session, outer) == list_warnings(session, inner) == told
