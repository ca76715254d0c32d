"""Cards and lists that lack languages and cities: what an officer says of all who are new, and of nobody else."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import DESK, NOON
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listing import NOUR, TAREK, Cells, everybody, plan, somebody, take, take_file, told, write

from mailer.contacts.comparing import tell_apart
from mailer.contacts.importing import Manner, defaults_of, plan_import
from mailer.contacts.importing.account import Given
from mailer.contacts.lists import change_list, create_list
from mailer.contacts.models import Contact, ContactStatus
from mailer.contacts.suppression import suppress
from mailer.database import Database
from mailer.errors import BadDefault, BadTable, ContactGone

BEIRUT = Manner(defaults={"languages": "ar", "city": "Beirut"})

IPHONE = """BEGIN:VCARD
VERSION:3.0
PRODID:-//Apple Inc.//iPhone OS 17.5.1//EN
N:Haddad;Nour;;;
FN:Nour Haddad
ORG:Levant Courier;
TITLE:Reporter
item1.EMAIL;type=INTERNET;type=pref:nour@courier.example
item1.X-ABLabel:_$!<Other>!$_
TEL;type=CELL;type=VOICE;type=pref:03 123 456
END:VCARD
"""
OUTLOOK_21 = """BEGIN:VCARD
VERSION:2.1
N;LANGUAGE=fr;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:Tr=E9panier;H=E9l=E8ne
FN;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:H=E9l=E8ne Tr=E9panier
ORG:Revue du Cap
TITLE:Journaliste
TEL;WORK;VOICE:01 975 310
ADR;WORK;PREF:;;;;;;
EMAIL;PREF;INTERNET:helene@revue.example
REV:20240115T101500Z
END:VCARD
"""
OUTLOOK_30 = """BEGIN:VCARD
VERSION:3.0
N:حداد;نور;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D9=86=D9=88=D8=B1 =D8=AD=D8=AF=D8=A7=D8=AF
EMAIL;TYPE=INTERNET,PREF:nour@courier.example
END:VCARD
"""
GOOGLE = """BEGIN:VCARD
VERSION:3.0
FN:Tarek Aziz
N:Aziz;Tarek;;;
EMAIL;TYPE=INTERNET;TYPE=HOME:tarek@nile.example
item1.TEL:+20 2 2735 1234
item1.X-ABLabel:Desk
CATEGORIES:myContacts
END:VCARD
"""


@pytest.fixture
def office(database: Database) -> Database:
    return database


def card(folder: Path, *cards: str) -> Path:
    file = folder / "people.vcf"
    file.write_bytes("".join(cards).replace("\n", "\r\n").encode())
    return file


@pytest.mark.parametrize(
    ("cards", "names"),
    [
        ([IPHONE], ["Nour Haddad"]),
        ([OUTLOOK_21], ["Hélène Trépanier"]),
        ([OUTLOOK_30], ["نور حداد"]),
        ([GOOGLE], ["Tarek Aziz"]),
        ([IPHONE, OUTLOOK_21, GOOGLE], ["Nour Haddad", "Hélène Trépanier", "Tarek Aziz"]),
    ],
)
def test_cards_of_telephones_and_mail_programs_go_in_with_what_they_lack(
    office: Database, tmp_path: Path, cards: Sequence[str], names: list[str]
) -> None:
    file = card(tmp_path, *cards)
    with pytest.raises(BadTable, match="--default city=Beirut --default languages=en"):
        take_file(office, file)
    done = take_file(office, file, BEIRUT)
    assert (done.added, done.refused) == (len(names), [])
    people = everybody(office)
    assert [one.name for one in people] == names
    assert {(one.city, one.country, one.languages) for one in people} == {("Beirut", "LB", ("ar",))}
    assert {(one.field, one.people) for one in done.by_default} == {
        ("city", len(names)),
        ("languages", len(names)),
    }
    again = take_file(office, file, BEIRUT)
    assert (again.added, again.changed, again.unchanged, again.by_default) == (0, 0, len(names), ())


def test_a_national_number_is_read_as_the_default_city_writes_it(office: Database, tmp_path: Path) -> None:
    take_file(office, card(tmp_path, IPHONE), BEIRUT)
    assert [phone.replace(" ", "") for phone in somebody(office).phones] == ["+9613123456"]


def test_a_national_number_of_somebody_known_is_read_as_her_own_city_writes_it(
    office: Database, tmp_path: Path
) -> None:
    take(office, tmp_path, TAREK)
    row = {"name": TAREK["name"], "address": TAREK["address"], "phone": "02 2735 1234"}
    take(office, tmp_path, row, manner=BEIRUT)
    assert [phone.replace(" ", "") for phone in somebody(office).phones] == ["+20227351234"]


def test_a_national_number_that_no_country_tells_is_refused(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, NOUR | {"phone": ""}, TAREK | {"phone": "02 2735 1234", "city": ""})
    assert {(refusal.row, refusal.column) for refusal in done.refused} == {(3, "phone"), (3, "city")}
    assert done.added == 1


@pytest.mark.parametrize("columns", [["name", "address"], ["address"], ["name", "address", "phone"]])
def test_somebody_known_needs_no_languages_and_no_default(
    office: Database, tmp_path: Path, columns: list[str]
) -> None:
    take(office, tmp_path, NOUR)
    before = everybody(office)
    done = take(office, tmp_path, {field: NOUR.get(field, "") for field in columns})
    assert (done.refused, done.unchanged) == ([], 1)
    assert everybody(office) == before


def test_somebody_known_keeps_what_her_row_leaves_empty_beside_others(office: Database, tmp_path: Path) -> None:
    known = NOUR | {"given_name": "Nour", "name_ar": "نور حداد"}
    take(office, tmp_path, known)
    before = everybody(office)
    done = take(office, tmp_path, dict.fromkeys(known, "") | {"address": NOUR["address"]}, TAREK)
    assert (done.refused, done.added, done.unchanged) == ([], 1, 1)
    assert everybody(office)[:1] == before


def test_an_empty_cell_of_somebody_new_is_refused_with_the_option_that_fills_it(
    office: Database, tmp_path: Path
) -> None:
    done = take(office, tmp_path, NOUR, TAREK | {"languages": "", "city": ""})
    assert {(refusal.column, refusal.reason) for refusal in done.refused} == {
        ("city", "it is empty"),
        ("languages", "it is empty"),
    }
    assert "--default city=Beirut" in told(done.refused)
    assert "--default languages=en" in told(done.refused)


def test_a_row_about_somebody_known_that_is_refused_is_not_told_to_be_empty(
    office: Database, tmp_path: Path
) -> None:
    take(office, tmp_path, NOUR)
    done = take(office, tmp_path, NOUR | {"languages": "", "city": "Nowhereville"})
    assert [refusal.column for refusal in done.refused] == ["city"]


def test_a_cell_that_says_something_goes_before_the_default(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, NOUR, TAREK | {"languages": ""}, manner=BEIRUT)
    assert [(one.city, one.languages) for one in everybody(office)] == [
        ("Beirut", ("ar", "en")),
        ("Cairo", ("ar",)),
    ]
    assert [(one.field, one.value, one.people) for one in done.by_default] == [("languages", "ar", 1)]
    assert [one.by_default for one in done.newcomers] == [(), (Given("languages", "ar"),)]


def test_another_row_of_hers_goes_before_the_default(office: Database, tmp_path: Path) -> None:
    empty = TAREK | {"languages": "", "city": ""}
    take(office, tmp_path, empty, TAREK, manner=BEIRUT)
    assert (somebody(office).city, somebody(office).languages) == ("Cairo", ("en",))


def test_a_dry_run_says_the_same_of_the_defaults(office: Database, tmp_path: Path) -> None:
    row = {"name": "Nour Haddad", "address": "nour@courier.example", "phone": "03 123 456"}
    planned = plan(office, tmp_path, row, manner=BEIRUT)
    assert everybody(office) == []
    assert planned == take(office, tmp_path, row, manner=BEIRUT)


def test_the_day_of_a_basis_goes_with_that_basis_alone(office: Database, tmp_path: Path) -> None:
    manner = Manner(defaults={"basis": "consent", "basis_since": "2026-01-05"})
    take(office, tmp_path, NOUR | {"basis": "contract"}, TAREK | {"basis": ""}, manner=manner)
    assert [bool(one.basis_since) for one in everybody(office)] == [False, True]


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("languages=xx", "languages=xx cannot be used: “xx” is not a language"),
        ("languages", "it says no value"),
        ("languages=;", "it says no value"),
        ("city=Nowhereville", "city=Nowhereville cannot be used: not a city"),
        ("city=Tripoli", "several of that name"),
        ("address=nour@courier.example", "it names none of the fields"),
        ("embargo_terms=2026-01-05", "it names none of the fields"),
        ("name=Nour", "it names none of the fields"),
        ("country=LB", "it tells nothing without a default for city"),
        ("basis_since=2026-01-05", "it tells nothing without a default for basis"),
        ("beats=xyzzy", "is not a beat"),
        ("basis=because", "not a lawful basis"),
        ("tags==cmd|x", "formula"),
        ("city=Bei\x07rut", "control character"),
        ("=x", "it names none of the fields"),
    ],
)
def test_a_default_is_checked_as_a_cell_is_and_names_its_option(
    office: Database, tmp_path: Path, option: str, reason: str
) -> None:
    with pytest.raises(BadDefault, match=r"^--default ") as refused:
        take(office, tmp_path, NOUR, manner=Manner(defaults=defaults_of([option])))
    assert reason in str(refused.value)
    assert "\x07" not in str(refused.value)
    assert everybody(office) == []


def test_a_default_is_said_once(office: Database) -> None:
    with pytest.raises(BadDefault, match="said twice"):
        defaults_of(["city=Beirut", "city=Cairo"])
    assert defaults_of(["Language=ar; en", "city=Tripoli", "country=LB"]) == {
        "languages": "ar; en",
        "city": "Tripoli",
        "country": "LB",
    }


CELLS = {
    "name": st.sampled_from(["", "Nour Haddad", "N. Haddad"]),
    "city": st.sampled_from(["", "Cairo", "Nowhereville"]),
    "languages": st.sampled_from(["", "fr", "?"]),
    "phone": st.sampled_from(["", "01 975 310", "02 2735 1234", "+20 2 2735 1234", "12"]),
    "beats": st.sampled_from(["", "health"]),
    "outlets": st.sampled_from(["", "Levant Courier"]),
    "tags": st.sampled_from(["", "vip"]),
    "source": st.sampled_from(["", "her card"]),
    "basis": st.sampled_from(["", "contract"]),
}
DEFAULTS = {
    "city": "Paris",
    "languages": "ar; en",
    "beats": "migration",
    "outlets": "Nile Post",
    "tags": "from a telephone",
    "source": "address book",
    "basis": "consent",
}


@given(
    row=st.sets(st.sampled_from(sorted(CELLS))).flatmap(
        lambda names: st.fixed_dictionaries({n: CELLS[n] for n in names})
    ),
    names=st.sets(st.sampled_from(sorted(DEFAULTS)), min_size=1),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_default_never_changes_a_known_contact(
    office: Database, tmp_path: Path, row: Cells, names: set[str]
) -> None:
    take(office, tmp_path, NOUR)
    file = write(tmp_path, {"address": NOUR["address"]} | row)
    with office.read() as session:
        without = plan_import(session, file, at=NOON)
        manner = Manner(defaults={name: DEFAULTS[name] for name in names})
        assert plan_import(session, file, at=NOON, manner=manner) == without


def test_a_row_that_is_refused_is_not_told_to_be_taken_in(office: Database, tmp_path: Path) -> None:
    with office.write() as session:
        for address in (NOUR["address"], TAREK["address"]):
            suppress(session, address, reason="asked", at=NOON, actor=DESK)
    done = take(office, tmp_path, NOUR, TAREK, is_erased=lambda keys: {NOUR["address"]} & set(keys))
    assert [refusal.row for refusal in done.refused] == [2]
    assert [notice.row for notice in done.notices] == [3]
    assert "nour" not in told(done.notices)


def test_somebody_erased_comes_on_no_list_and_is_told_apart_from_nobody(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, NOUR, TAREK)
    with office.write() as session:
        nour, tarek = session.get_one(Contact, 1), session.get_one(Contact, 2)
        press = create_list(session, "Press", members=[tarek], at=NOON, actor=DESK)
        nour.status = ContactStatus.ERASED
        with pytest.raises(ContactGone, match="1 cannot be changed: it was erased"):
            change_list(session, press, add=[nour], at=NOON, actor=DESK)
        with pytest.raises(ContactGone):
            create_list(session, "Other", members=[nour], at=NOON, actor=DESK)
        with pytest.raises(ContactGone):
            tell_apart(session, tarek, nour, at=NOON, actor=DESK)
