"""A query finds whom it says, the same on both databases; a wrong one is told with its place."""

from datetime import date

import pytest
from builders import NOON, make_contact, make_officer, make_organisation
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from mailer.contacts.query import MAX_QUERY, MAX_TERMS, Query, Term, parse
from mailer.contacts.query_keys import KEYS as SPECS
from mailer.contacts.query_keys import MAX_WORDS
from mailer.contacts.search import find_contacts
from mailer.contacts.table import clean
from mailer.contacts.words import asked
from mailer.database import Database
from mailer.errors import BadQuery


@pytest.fixture
def registry(database: Database) -> Database:
    with database.write() as session:
        make_contact(
            session,
            "Nour Haddad",
            arabic_name="نور حداد",
            languages=("en", "ar"),
            beats=("human rights", "migration"),
            outlets=("Nile Herald", "Radio Bahr"),
            terms=date(2026, 1, 5),
        )
        make_contact(session, "Émile O'Brien", languages=("fr-CH",), beats=("culture",), outlets=("100% Sport",))
        make_contact(session, "Rim_Itani", city="Cairo", languages=("ar-EG",), outlets=("صحيفة المرفأ",))
        make_contact(session, 'Abu "Sami" \\ X', city="Cairo", languages=("arc",), beats=("human-rights",))
        esrf = make_organisation(session, cities=["Geneva"])
        make_officer(session, esrf.offices[0], "Lamia Tarazi", languages=("en",))
    return database


NOUR, EMILE, RIM, SAMI, LAMIA = "Nour Haddad", "Émile O'Brien", "Rim_Itani", 'Abu "Sami" \\ X', "Lamia Tarazi"

FOUND = {
    "city:Beirut": {NOUR, EMILE},
    "city:بَيْرُوت": {NOUR, EMILE},
    "CITY:beyrouth": {NOUR, EMILE},
    "city:Damascus": set(),  # known, but nobody of the registry is there
    "-city:Damascus": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "-city:Beirut -city:Cairo": {LAMIA},
    "language:ar": {NOUR, RIM},  # in any place, and in any country, but Aramaic is not Arabic
    "language:AR-eg": {RIM},
    "-language:ar": {EMILE, SAMI, LAMIA},
    "language:ar language:en": {NOUR},
    "beat:human-rights": {NOUR, SAMI},
    'beat:"Human Rights"': {NOUR, SAMI},
    "beat:migration beat:human-rights": {NOUR},
    "-beat:human-rights": {EMILE, RIM, LAMIA},
    'outlet:"nile herald"': {NOUR},
    "outlet:“Radio”": {NOUR},
    "outlet:%": {EMILE},
    "outlet:_": set(),
    "outlet:المرفا": {RIM},  # alif with hamza or without
    "-outlet:herald": {EMILE, RIM, SAMI, LAMIA},
    "kind:officer": {LAMIA},
    "kind:journalist terms:no": {EMILE, RIM, SAMI},
    "terms:yes": {NOUR},
    "name:haddad": {NOUR},
    "name:حداد": {NOUR},
    "name:émile": {EMILE},
    "name:ÉMILE": {EMILE},
    "name:o'brien": {EMILE},
    "name:EMILE": {EMILE},  # without its accent
    "name:hadd": {NOUR},  # as one is still typing
    "name:addad": set(),  # but not from the middle
    'name:"nour حداد"': {NOUR},
    "name:itani": {RIM},
    "nour": {NOUR},
    "herald": {NOUR},
    "nour herald": {NOUR},
    "herald nou": {NOUR},
    "nou herald": set(),  # only the last word may be begun
    '"nou"': set(),
    "-herald": {EMILE, RIM, SAMI, LAMIA},
    "مرفا": {RIM},  # with the article or without
    "المَرفأ": {RIM},
    "head communications": {LAMIA},
    "country:lb": {NOUR, EMILE},
    "country:لبنان": {NOUR, EMILE},
    "country:Suisse": {LAMIA},
    "-country:Egypt": {NOUR, EMILE, LAMIA},
    "organisation:esrf": {LAMIA},
    "organisation:ESRF": {LAMIA},
    'organisation:"ESRF Relief"': {LAMIA},
    "-organisation:esrf": {NOUR, EMILE, RIM, SAMI},
    "status:active": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "status:inactive": set(),
    "sent:never": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "sent:>30d": set(),
    "-sent:<30d": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "verified:never": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "verified:>1y": set(),
    "-verified:>1y": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "added:<1d": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "added:2026-11-24": {NOUR, EMILE, RIM, SAMI, LAMIA},
    "added:>2026-11-24": set(),
    "added:<2026-11-24": set(),
    "terms:expired": set(),
    "tag:vip": set(),
    "role:editor": set(),
    "outlet-type:radio": set(),
    'name:"abu ""sami"""': {SAMI},
    "city:Beirut language:ar beat:migration terms:yes -beat:culture": {NOUR},
}


def test_a_query_finds_whom_it_says(registry: Database) -> None:
    with registry.read() as session:
        found = {text: {c.name for c in find_contacts(session, parse(text), at=NOON)} for text in FOUND}
    assert found == FOUND


def test_the_longest_query_is_one_that_the_database_takes(registry: Database) -> None:
    text = " ".join(f"-name:{chr(0x61 + n)}é" for n in range(MAX_TERMS))
    with registry.read() as session:
        assert len(find_contacts(session, parse(text), at=NOON)) == 5


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (" city:Beirut\n\tbeat:migration ", "city:Beirut beat:migration"),
        ("\u200fcity:بيروت\u200e", "city:بيروت"),  # marks that were copied along
        ("–beat:Culture", "-beat:culture"),
        ("outlet:«\u00a0La  Feuille\u00a0»", 'outlet:"La Feuille"'),
        ("outlet:“Nile Herald”", 'outlet:"Nile Herald"'),
        ('name:"Haddad"', "name:Haddad"),
        ('name:"Abu ""Sami"""', 'name:"Abu ""Sami"""'),
        ('name:«Abu "Sami»', 'name:"Abu ""Sami"'),
        ('name:"حداد، نور,\r\nBcc: x@y.example\u202e"', 'name:"حداد، نور, Bcc: x@y.example"'),
        ("language:FR-ch", "language:fr-CH"),
        ("language:Arabic", "language:ar"),
        ("language:français", "language:fr"),
    ],
)
def test_a_query_has_one_plain_form(text: str, plain: str) -> None:
    assert str(parse(text)) == plain


def test_a_parsed_query_is_plain_values() -> None:
    assert parse('city:Beirut -outlet:"Nile Herald"') == Query(
        (Term("city", "Beirut"), Term("outlet", "Nile Herald", negated=True))
    )


@pytest.mark.parametrize(
    ("text", "position", "reason", "advice"),
    [
        ("", 1, "empty", "name, city, country, language, beat, outlet"),
        (" \u200f ", 1, "empty", "keys"),
        ("city:Beirut ciity:Cairo", 13, "no such key", "city:?"),
        ("-lang:ar", 2, "no such key", "language:?"),
        ("xyzzy:1", 1, "no such key", "Keys are name"),
        (":Beirut", 1, "no key in front", "Keys are name"),
        ("-", 2, "nothing comes after it", "right in front"),
        ('"Nour', 1, "no partner", '"Nile Herald"'),
        ("/%&", 1, "no letter and no digit", "a name"),
        ("name:_", 6, "no letter and no digit", "name:Haddad"),
        ("name:" + "-".join("abcdefghijklmnopqrstu"), 6, "more than 20 words", "name:Haddad"),
        ("country:Lebanno", 9, "not a country", "Did you mean Lebanon?"),
        ("sent:soon", 6, "neither a length of time, a day nor never", "sent:>30d"),
        ("sent:<2026-02-30", 6, "no such day", "sent:>30d"),
        ("added:never", 7, "one day", "added:<30d"),
        ("status:dead", 8, "neither active nor inactive", "status:inactive"),
        ("outlet-type:blog", 13, "neither agency", "outlet-type:radio"),
        ("city:Beirut OR city:Cairo", 13, "no “or”", "several queries"),
        ("city:Beirut and beat:x", 13, "no “and”", "Leave it out"),
        ("city:Beirut city:Cairo", 13, "nobody has two", "several queries"),
        ("kind:officer kind:journalist", 14, "nobody has two", "several queries"),
        ("city: Beirut", 5, "nothing comes after city", "without a space"),
        ("beat:", 5, "nothing comes after beat", "beat:migration"),
        ('outlet:"Nile Herald', 8, "no partner", 'outlet:"Nile Herald"'),
        ("outlet:»Nile", 8, "no partner", "outlet"),
        ('outlet:"Nile"city:Cairo', 14, "no space", "outlet"),
        ('name:""', 6, "nothing in it", "name:Haddad"),
        ("outlet:\u0640", 8, "nothing in it", "Nile"),  # a tatweel alone folds to nothing, which all outlets have
        ("city:Beirrut", 6, "not a city", "Did you mean Beirut?"),
        ("-city:Tripoli", 7, "several of that name", 'city:"Tripoli, Libya" or city:"Tripoli, Lebanon"'),
        ("city:طرابلس", 6, "several of that name", 'city:"Tripoli, Lebanon"'),
        ("city:Xq", 6, "not a city", "English, Arabic or French"),
        ("language:Arabci", 10, "not a language", "Did you mean Arabic?"),
        ("language:xx", 10, "not a language", "ar or Arabic"),
        ("language:qaa-LB", 10, "not a language", "ar or Arabic"),
        ("kind:editor", 6, "neither journalist nor officer", "kind:journalist"),
        ("name:a\x00b", 7, "cannot be shown", "again"),
        ("name:\udce9", 6, "cannot be shown", "again"),  # a command line that is not UTF-8
        ("name:" + "a" * MAX_QUERY, MAX_QUERY + 1, "longer than 1,000", "several queries"),
        ("beat:a " * MAX_TERMS + "beat:b", 7 * MAX_TERMS + 1, "more than 20 words", "several queries"),
    ],
)
def test_a_wrong_query_is_told_with_its_place(text: str, position: int, reason: str, advice: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(text)
    assert (caught.value.fields["query"], caught.value.fields["position"]) == (text, position)
    assert reason in caught.value.problem
    assert advice in caught.value.advice
    str(caught.value).encode()  # can be shown


KEYS = tuple(filter(None, SPECS))
SIGNS = (
    ":",
    ":",
    ":",
    "-",
    '"',
    '""',
    "“",
    "”",
    "«",
    "»",
    " ",
    " ",
    "\n",
    "%",
    "_",
    "\\",
    "'",
    "\x00",
    "\u200f",
    "\u202e",
)
VALUES = (
    ">30d",
    "<2026-01-01",
    "never",
    "lb",
    "o'brien",
    "新华",
    "Beirut",
    "بيروت",
    "ar",
    "yes",
    "officer",
    "e\u0301",
    "ﷺ",
    "ß",
)
PIECES = st.lists(st.sampled_from([*KEYS, *SIGNS, *VALUES]), max_size=14).map("".join)


def parsed(text: str) -> Query | None:
    """Or else an error that points into the text."""
    try:
        return parse(text)
    except BadQuery as error:
        fields = error.fields
    assert len(str(fields["query"])) == len(text)
    assert fields["position"] in range(1, len(text) + 2)
    return None


@settings(deadline=None)  # the first city or language that nobody knows has all their names read
@given(st.one_of(st.text(), PIECES, st.builds("{}:“{}”".format, st.sampled_from(KEYS), st.text())))
def test_no_text_breaks_the_parser_and_the_plain_form_is_the_same_query(text: str) -> None:
    if query := parsed(text):
        assert parse(str(query)) == query
        for dialect in (sqlite.dialect(), postgresql.dialect()):
            for term in query.terms:
                if term.key != "list":
                    SPECS[term.key].condition(term.value, NOON).compile(dialect=dialect)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
def test_any_name_can_be_asked_for(name: str) -> None:
    query = parsed('name:"' + name.replace('"', '""') + '"')
    assert query is None or [clean(name).strip(" \u200b\u200e\u200f\ufeff")] == [t.value for t in query.terms]
    assert parse(str(query)) == query if query else not 0 < len(asked(name)) <= MAX_WORDS
