"""The office's organisations go in whole or not at all, and again without a change."""

from pathlib import Path

import pytest
from builders import DESK, NOON, make_officer, make_organisation
from sqlalchemy import select

from mailer.audit import Event, entries
from mailer.contacts.importing import Imported
from mailer.contacts.models import Office, Organisation, OrganisationText
from mailer.contacts.organisations import import_organisations, organisation_named
from mailer.database import Database
from mailer.errors import BadSetting, BadSyntax, DatelineError, UnknownSetting, UnreadableFile

ESRF = """
[[organisation]]
slug = "esrf"
acronym = "ESRF"
[organisation.name]
en = "Eastern Shore Relief"
ar = "الساحل الشرقي للإغاثة"
[organisation.about]
en = \"\"\"
The ESRF helps.
It takes no side.\"\"\"
ar = "تساعد، دائمًا."
[[organisation.office]]
city = "Beirut"
[[organisation.office]]
city = "جنيف"
"""
WPA = '[[organisation]]\nslug = "wpa"\nacronym = "WPA"\nname.en = "World Passage Agency"\n'


@pytest.fixture
def office(database: Database) -> Database:
    return database


def take(office: Database, folder: Path, content: str | bytes) -> Imported:
    file = folder / "organisations.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with office.write() as session:
        return import_organisations(session, file, at=NOON, actor=DESK)


def logged(office: Database) -> list[tuple[str, dict[str, object]]]:
    with office.read() as session:
        return [(entry.event, entry.data) for entry in entries(session)]


def test_an_organisation_goes_in_whole(office: Database, tmp_path: Path) -> None:
    done = take(office, tmp_path, ESRF + WPA)
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    with office.read() as session:
        esrf = session.scalars(select(Organisation).where(Organisation.slug == "esrf")).one()
        assert (esrf.acronym, esrf.name_in("en-GB")) == ("ESRF", "Eastern Shore Relief")
        assert [(t.language, t.about) for t in esrf.texts] == [
            ("ar", "تساعد، دائمًا."),
            ("en", "The ESRF helps. It takes no side."),
        ]
        assert [o.city.name for o in esrf.offices] == ["Beirut", "Geneva"]


def test_the_same_file_again_changes_nothing(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, ESRF + WPA)
    before = logged(office)
    done = take(office, tmp_path, ESRF + WPA)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 2)
    assert logged(office) == before


def test_the_kept_example_is_taken(office: Database, tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "contacts" / "organisations.toml"
    assert take(office, tmp_path, example.read_bytes()).added == 2


def test_a_change_is_logged_by_field_without_its_words(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, ESRF)
    changed = ESRF.replace("takes no side", "takes no sides").replace('ar = "الساحل', 'fr = "الساحل')
    changed = changed.replace('ar = "تساعد', 'fr = "تساعد').replace("Beirut", "Cairo")
    assert take(office, tmp_path, changed).changed == 1
    assert logged(office) == [
        (
            Event.ORGANISATION_ADDED,
            {
                "organisation": "esrf",
                "fields": ["acronym", "name.ar", "about.ar", "name.en", "about.en", "offices"],
            },
        ),
        (
            Event.ORGANISATION_CHANGED,
            {
                "organisation": "esrf",
                "fields": ["name.ar", "about.ar", "about.en", "name.fr", "about.fr", "offices"],
            },
        ),
    ]
    with office.read() as session:
        assert {t.language for t in session.scalars(select(OrganisationText))} == {"en", "fr"}
        assert {o.city.name for o in session.scalars(select(Office))} == {"Geneva", "Cairo"}


def test_an_office_with_officers_outlives_its_place_in_the_file(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, ESRF)
    with office.write() as session:
        make_officer(session, session.scalars(select(Office)).all()[0])
    without_offices = ESRF.partition("[[organisation.office]]")[0]
    assert take(office, tmp_path, without_offices).changed == 1  # Geneva's goes, Beirut's stays
    assert take(office, tmp_path, without_offices).unchanged == 1
    with office.read() as session:
        assert [o.city.name for o in session.scalars(select(Office))] == ["Beirut"]


def test_an_organisation_that_the_file_lacks_stays(office: Database, tmp_path: Path) -> None:
    take(office, tmp_path, ESRF)
    take(office, tmp_path, WPA)
    with office.read() as session:
        assert session.scalars(select(Organisation.slug).order_by(Organisation.slug)).all() == ["esrf", "wpa"]


ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is refused before a database is asked."""


@ONE_DATABASE
@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("slug", "slugg", "organisation[2].slugg", "Did you mean slug?"),
        (
            "[[organisation.office]]\ncity",
            "[[organisation.office]]\ntown",
            "organisation[2].office[1].town",
            "city",
        ),
        ('slug = "esrf"', "", "organisation[2].slug", "left out"),
        ('"esrf"', '"Es rf"', "organisation[2].slug", "such as esrf"),
        ('"esrf"', "7", "organisation[2].slug", "valid string"),
        ('"esrf"', '"wpa"', "organisation[2].slug", "than that of organisation[1]"),
        ("Eastern Shore Relief", "WORLD passage agency", "organisation[2].name.en", "organisation[1]"),
        ("Beirut", "Beirrut", "organisation[2].office[1].city", "did you mean Beirut?"),
        ("جنيف", "Beyrouth", "organisation[2].office[2].city", "one office in each city"),
        (
            '[[organisation.office]]\ncity = "Beirut"',
            "office = 'Beirut'",
            "organisation[2].about.office",
            "language",
        ),
        ("\nar = ", "\nArabic = ", "organisation[2].name.Arabic", "language tag"),
        ('\nar = "الساحل الشرقي للإغاثة"', "", "organisation[2].name.ar", "beside each about"),
        ("It takes", "\nIt takes", "organisation[2].about.en", "one paragraph"),
        ("تساعد", "\\u0000", "organisation[2].about.ar", "control characters"),
        ("تساعد، دائمًا.", " ", "organisation[2].about.ar", "can be read"),
        ("Eastern", "E" * 301, "organisation[2].name.en", "300"),
    ],
)
def test_a_wrong_key_or_value_is_told_and_nothing_is_taken(
    office: Database, tmp_path: Path, old: str, new: str, key: str, words: str
) -> None:
    assert old in ESRF
    with pytest.raises((BadSetting, UnknownSetting)) as caught:
        take(office, tmp_path, WPA + ESRF.replace(old, new, 1))
    assert caught.value.fields["key"] == key
    assert words in str(caught.value)
    assert "organisations.toml" in caught.value.problem
    assert logged(office) == []


@ONE_DATABASE
@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"[[organisation]\n", BadSyntax, "line 1"),
        (b"a = " + b"[" * 5000, BadSyntax, "organisations.toml"),
        (b"a = " + b"9" * 5000, BadSyntax, "organisations.toml"),
        (b"a = '\xe9'", UnreadableFile, "UTF-8"),
        (b"#" * 1_000_001, UnreadableFile, "1 MB"),
        (b"", BadSetting, "left out"),
        (b"[[organization]]", UnknownSetting, r"Did you mean organisation\?"),
        (b"organisation = []", BadSetting, "left out"),
        (b"organisation = 1", BadSetting, "double brackets"),
        (b"organisation = [1]", BadSetting, "block"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(
    office: Database, tmp_path: Path, content: bytes, error: type[DatelineError], words: str
) -> None:
    with pytest.raises(error, match=words):
        take(office, tmp_path, content)


def test_a_missing_file_is_named(office: Database, tmp_path: Path) -> None:
    with office.write() as session, pytest.raises(UnreadableFile, match=r"no\.toml"):
        import_organisations(session, tmp_path / "no.toml", at=NOON, actor=DESK)


def test_an_organisation_is_named_by_slug_acronym_or_name(office: Database) -> None:
    with office.write() as session:
        esrf = make_organisation(
            session, names={"en": "Eastern Shore", "ar": "إغاثة الساحل", "fr": "Rivage d'été"}
        )
        make_organisation(session, "esrf-cairo", acronym="ESRF Cairo", names={"en": "Twin"})
        make_organisation(session, "third", acronym="T3", names={"en": "TWIN"})
        for text in ("esrf", " ESRF ", "EASTERN  shore", "اغاثه الساحل", "rivage d’ete"):
            assert organisation_named(session, text) is esrf, text
        for text in ("", "es", "twin", "%", "a\x00", "\udce9"):  # two are called Twin: not guessed
            assert organisation_named(session, text) is None, text
