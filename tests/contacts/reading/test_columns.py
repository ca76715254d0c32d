"""Columns are known by their headings, in three languages and of many programs, or by what the officer says."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.audit import Actor, entries
from mailer.contacts.fields import NAMES
from mailer.contacts.reading import Row, mapping_named, mapping_of, recognise, save_mapping
from mailer.contacts.reading.headings import FIELDS, LEFT_OUT, field_called, names_of
from mailer.database import Database
from mailer.errors import BadMapping, UnknownMapping

AT = datetime(2026, 11, 24, tzinfo=UTC)
DESK = Actor("cli:desk")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("البريد الإلكتروني", "address"), ("البريد الالكتروني", "address"), ("بريد إلكتروني", "address"),
        ("Courriel", "address"), ("ADRESSE ÉLECTRONIQUE", "address"), ("adresse electronique :", "address"),
        ("E-mail 1 - Value", "address"), ("E-mail 2 - Value", "address"), ("E-mail 3 Address", "address"),
        ("E-mail Address", "address"), ("Email", "address"), ("e_mail", "address"), ("Email (work)", "address"),
        ("Phone 1 - Value", "phone"), ("Business Phone 2", "phone"), ("Téléphone", "phone"), ("Tél.", "phone"),
        ("رقم الهاتف", "phone"), ("رَقْم الهاتف", "phone"), ("Mobile Phone", "phone"),
        ("Given Name", "given_name"), ("First Name", "given_name"), ("Prénom", "given_name"),
        ("Last Name", "family_name"), ("Nom de famille", "family_name"), ("اسم العائلة", "family_name"),
        ("Full Name", "name"), ("الاسم الكامل", "name"), ("Nom complet", "name"), ("Journalist", "name"),
        ("Arabic name", "name_ar"), ("الاسم بالعربية", "name_ar"), ("Nom en arabe", "name_ar"),
        ("Organization 1 - Name", "outlets"), ("Organization Name", "outlets"), ("Company", "outlets"),
        ("Média", "outlets"), ("الوسيلة الإعلامية", "outlets"), ("Media Outlet", "outlets"),
        ("Organization 1 - Title", "role"), ("Job Title", "role"), ("Fonction", "role"), ("المسمى الوظيفي", "role"),
        ("Address 1 - City", "city"), ("Business City", "city"), ("Ville", "city"), ("المدينة", "city"),
        ("Business Country/Region", "country"), ("Pays", "country"), ("البلد", "country"),
        ("Topics", "beats"), ("Rubriques", "beats"), ("مجالات التغطية", "beats"),
        ("Language", "languages"), ("Langues", "languages"), ("اللغات", "languages"),
        ("Media Type", "outlet_type"), ("نوع الوسيلة", "outlet_type"), ("Type de média", "outlet_type"),
        ("Notes", "notes"), ("Remarques", "notes"), ("ملاحظات", "notes"), ("Keywords", "tags"),
        ("Lawful basis", "basis"), ("Base légale", "basis"), ("الأساس القانوني", "basis"),
        ("Birthday", LEFT_OUT), ("E-mail 1 - Type", LEFT_OUT), ("Home Street", LEFT_OUT), ("Code postal", LEFT_OUT),
        ("Favourite colour", ""), ("", ""), ("123", ""), ("!!", ""), ("x" * 10_000, ""),
    ],
)  # fmt: skip
def test_headings_are_recognised_in_three_languages(heading: str, field: str) -> None:
    assert field_called(heading) == field


@pytest.mark.parametrize("field", FIELDS)
def test_each_heading_means_one_field_and_each_field_has_them_in_three_languages(field: str) -> None:
    assert field_called(field) == field
    assert {name: field_called(name) for name in names_of(field)} == dict.fromkeys(names_of(field), field)
    assert len(names_of(field)) >= 6
    assert any("\u0600" <= letter <= "\u06ff" for name in names_of(field) for letter in name)


def test_the_officers_page_shows_headings_that_are_known_for_every_field() -> None:
    page = (Path(__file__).parents[3] / "docs/officers/lists-in.md").read_text()
    table = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [field for field, *_ in table] == [*NAMES[:13], "role", *NAMES[13:], "notes"]
    for field, *cells in table:
        for heading in re.split("[,،] ?", ",".join(cells)):
            assert (heading, field_called(heading)) == (heading, field)


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        (list(NAMES), list(NAMES)),
        (["name", "address", "organisation", "title", "title_ar"],) * 2,
        (["name", "title"],) * 2,
        (["Title", "First Name", "Last Name", "Company", "Job Title", "E-mail Address"],
         ["", "given_name", "family_name", "outlets", "role", "address"]),
        (["Name", "Title", "Outlet", "Email"], ["name", "role", "outlets", "address"]),
        (["Nom", "Courriel"], ["name", "address"]),
        (["Nom", "Prénom", "Courriel"], ["family_name", "given_name", "address"]),
        (["الاسم", "اللقب", "البريد"], ["given_name", "family_name", "address"]),
        (["الاسم", "البريد"], ["name", "address"]),
    ],
)  # fmt: skip
def test_headings_mean_what_they_mean_beside_the_others(headings: list[str], fields: list[str]) -> None:
    assert recognise(headings).fields == tuple(fields)


def test_what_nobody_recognises_is_told_and_what_is_of_no_use_is_not() -> None:
    columns = recognise(["Name", "Shoe size", "Birthday", "column D"])
    assert (columns.fields, columns.unknown) == (("name", "", "", ""), ("Shoe size", "column D"))


@pytest.mark.parametrize(
    ("mapping", "fields"),
    [
        ({"Shoe size": "phone"}, ("name", "phone", "address")),
        ({"shoe SIZE": "phone"}, ("name", "phone", "address")),
        ({"Name": ""}, ("", "", "address")),
        ({"Name": "-"}, ("", "", "address")),
        ({"E-mail 2": "notes"}, ("name", "", "notes")),
        ({"Shoe size": "E-mail"}, ("name", "address", "address")),
        ({"Shoe size": "name-ar"}, ("name", "name_ar", "address")),
    ],
)
def test_what_the_officer_says_goes_before_all_else(mapping: Mapping[str, str], fields: tuple[str, ...]) -> None:
    columns = recognise(["Name", "Shoe size", "E-mail 2"], mapping)
    assert columns.fields == fields
    assert columns.unknown == (() if "hoe" in str(mapping) else ("Shoe size",))


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"Shoe size": "adress"}, "no field adress. Did you mean address"),
        ({"Shoe sise": "phone"}, "no column Shoe sise. Did you mean Shoe size"),
        ({"E-mail 1": "phone"}, "no column E-mail 1"),
    ],
)
def test_a_slip_in_a_mapping_is_told(mapping: Mapping[str, str], reason: str) -> None:
    with pytest.raises(BadMapping, match=reason):
        recognise(["Name", "Shoe size", "E-mail 2"], mapping)


@pytest.mark.parametrize(
    ("option", "heading", "field"),
    [
        ("Shoe size=phone", "Shoe size", "phone"), (" a = b = role ", "a = b", "role"),
        ("Shoe size=", "Shoe size", ""), ("Shoe size=-", "Shoe size", ""), ("هاتفها=phone", "هاتفها", "phone"),
    ],
)  # fmt: skip
def test_a_mapping_is_said_with_an_equals_sign(option: str, heading: str, field: str) -> None:
    assert mapping_of([option]) == {heading: field}


@pytest.mark.parametrize("option", ["phone", "=phone", "", "a=phoone", "a=\0"])
def test_a_mapping_that_says_nothing_is_refused(option: str) -> None:
    with pytest.raises(BadMapping):
        mapping_of([option])


def test_several_columns_of_one_field_come_together() -> None:
    columns = recognise(["Name", "E-mail 1", "E-mail 2", "City", "Business City", "Phone 1 - Value"])
    cells = columns.cells(Row(2, ("Nour", "a@x.example", "b@x.example", " ", "Tyre", "1 ::: 2", "surplus")))
    assert cells == {"name": "Nour", "address": "a@x.example\nb@x.example", "city": "Tyre", "phone": "1\n2"}
    assert columns.cells(Row(3, ("Rim",))) == {"name": "Rim", "address": "", "city": "", "phone": ""}


def test_a_mapping_is_kept_for_the_next_list(database: Database) -> None:
    with database.write() as session:
        save_mapping(session, "City  desk", {"Shoe Size": "phone", "Column X": "-"}, at=AT, actor=DESK)
        save_mapping(session, "CITY DESK", {"Shoe Size": "phone", "E-mail 2": ""}, at=AT, actor=DESK)
        save_mapping(session, "CITY DESK", {"shoe size": "phone", "E-MAIL 2": "-"}, at=AT, actor=DESK)
    with database.read() as session:
        kept = mapping_named(session, "city desk")
        assert recognise(["Shoe size", "E-mail 2", "E-mail 1"], kept).fields == ("phone", "", "address")
        assert [entry.event for entry in entries(session)] == ["mapping.saved"] * 2
        with pytest.raises(UnknownMapping, match="Did you mean CITY DESK"):
            mapping_named(session, "CITY DUSK")


def test_a_mapping_without_a_name_or_to_no_field_is_not_kept(database: Database) -> None:
    with database.write() as session:
        for name, fields in (
            ("", {"a": "name"}),
            ("x" * 121, {"a": "name"}),
            ("a\0", {"a": "name"}),
            ("ok", {"a": "nme"}),
        ):
            with pytest.raises(BadMapping):
                save_mapping(session, name, fields, at=AT, actor=DESK)
        with pytest.raises(UnknownMapping, match="None is saved yet"):
            mapping_named(session, "ok")
