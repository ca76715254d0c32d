"""``dateline releases``, as it is typed."""

from email import message_from_bytes
from pathlib import Path

import pytest
from wordfile import paragraph, word_file

from cli.conftest import RELEASE_AR, RELEASE_EN, Dateline


@pytest.fixture
def draft(office: Path, dateline: Dateline) -> Path:
    """The office with a second release, in English only."""
    (office / "second.txt").write_text(RELEASE_EN.replace("Ports agreement", "Second agreement"), "utf-8")
    assert dateline("releases", "import", "--slug", "second", "second.txt").code == 0
    return office


def show(dateline: Dateline, release: str) -> dict[str, object]:
    shown: dict[str, object] = dateline("releases", "show", release, "--json").json()
    return shown


def test_an_import_tells_what_it_found_and_what_to_look_at(office: Path, dateline: Dateline) -> None:
    text = RELEASE_EN.replace("lamia.tarazi@esrf.example", "[email\xa0protected]")
    (office / "new.txt").write_text(text.replace("Ports agreement", "New agreement"), "utf-8")
    told = dateline("releases", "import", "new.txt")
    assert (told.code, told.out) == (0, "")
    assert (
        "new.txt: en edition of new-agreement-signed: “New agreement signed”, 2 paragraphs, 1 boiler" in told.err
    )
    assert "look at line 13: " in told.err
    assert "dateline releases freeze new-agreement-signed" in told.err


def test_editions_of_one_release_come_in_one_import(office: Path, dateline: Dateline) -> None:
    shown = show(dateline, "ports")
    assert shown["languages"] == ["ar", "en"]
    # The office's default language is English, whatever edition comes first.
    assert shown["headline"] == "Ports agreement signed"
    assert [edition["headline"] for edition in shown["editions"]] == [
        "توقيع اتفاق الموانئ",
        "Ports agreement signed",
    ]  # type: ignore[attr-defined]


def test_a_dry_run_of_an_import_shows_and_changes_nothing(office: Path, dateline: Dateline) -> None:
    (office / "new.md").write_text(RELEASE_AR, "utf-8")
    told = dateline("releases", "import", "--slug", "new", "new.md", "--dry-run")
    assert told.code == 0
    assert "ar edition of new" in told.err
    assert "Nothing was changed." in told.err
    assert dateline("releases", "show", "new").code == 1


def test_a_second_file_that_cannot_be_read_leaves_no_half_release(office: Path, dateline: Dateline) -> None:
    told = dateline("releases", "import", "--slug", "new", "ports.en.txt", "nowhere.md")
    assert told.code == 1
    assert "edition of" not in told.err
    assert dateline("releases", "show", "new").code == 1


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("import", "nowhere.txt"), 1, "nowhere.txt cannot be read"),
        (("import", "ports.en.txt", "--slug", "Not A Slug"), 1, "cannot be a release's short name"),
        (("import", "ports.en.txt", "--organisation", "nope"), 1, "nope is not one of our organisations"),
        (("import", "ports.en.txt", "--language", "ru"), 1, "cannot read a release in ru"),
        (("import", "ports.en.txt", "--embargo", "tomorrow"), 1, "tomorrow is not a date and time"),
        (("import", "ports.en.txt", "--embargo", "2026-12-01 10:00", "--zone", "Beirut"), 1, "Asia/Beirut"),
        (("import", "ports.en.txt", "--photo", "ports.en.txt"), 1, "it is not a JPEG, PNG or GIF picture"),
        (("import", "ports.en.txt", "--zone", "Asia/Beirut"), 2, "--zone is the zone of --embargo"),
        (("import",), 2, "Missing argument"),
        (("embargo", "ports"), 2, "Give either --at and --zone, or --none"),
        (("embargo", "ports", "--none", "--at", "2026-12-01 10:00"), 2, "or --none"),
        (("embargo", "nope", "--none"), 1, "There is no release nope"),
        (
            ("embargo", "ports", "--at", "2026-03-29 00:30", "--zone", "Asia/Beirut"),
            1,
            "does not exist in Asia/Beirut",
        ),
        (("freeze", "nope"), 1, "There is no release nope"),
        (("approve", "ports"), 2, "--organisation"),
        (("approve", "ports", "--organisation", "wpa"), 1, "WPA does not issue release ports"),
        (("approve", "ports", "--organisation", "esrf"), 1, "approved version 1 of ports already"),
        (("approve", "ports", "--organisation", "esrf", "--version", "7"), 1, "has not got version 7"),
        (("preview", "ports", "--to", "nobody@x.example"), 1, "There is no contact"),
        (("preview", "ports", "--template", "fancy"), 1, "There is no template fancy"),
        (("show", "port"), 1, "Did you mean ports?"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do(
    office: Path, dateline: Dateline, words: tuple[str, ...], code: int, problem: str
) -> None:
    told = dateline("releases", *words)
    assert (told.code, told.out) == (code, "")
    assert problem in told.err
    assert "Traceback" not in told.err


def test_releases_are_listed_with_how_far_they_are(draft: Path, dateline: Dateline) -> None:
    rows = {row["release"]: row for row in dateline("releases", "list", "--json").json()}
    assert (rows["ports"]["status"], rows["second"]["status"]) == ("approved", "draft")
    assert rows["ports"]["embargo_at"] == "2026-11-25T12:00:00.000000Z"
    assert (rows["ports"]["embargo_wall"], rows["ports"]["embargo_zone"]) == ("2026-11-25T14:00:00", "Asia/Beirut")
    table = dateline("releases", "list").out
    assert "2026-11-25 14:00:00 UTC+2" in table


def test_a_release_goes_from_draft_to_approved(draft: Path, dateline: Dateline) -> None:
    assert (
        "embargoed until 2026-12-01 10:00 Africa/Cairo (UTC+2; 2026-12-01 08:00 UTC)"
        in dateline("releases", "embargo", "second", "--at", "2026-12-01 10:00", "--zone", "Africa/Cairo").err
    )
    assert "second has no embargo." in dateline("releases", "embargo", "second", "--none").err
    frozen = dateline("releases", "freeze", "second")
    assert "second, version 1: SHA-256 " in frozen.err
    assert "To be approved by: esrf" in frozen.err
    assert show(dateline, "second")["status"] == "frozen"
    assert (
        "ESRF has approved second, version 1"
        in dateline("releases", "approve", "second", "--organisation", "ESRF").err
    )
    assert show(dateline, "second")["status"] == "approved"
    assert "approved by ESRF" in dateline("releases", "show", "second").out


def test_approvals_typed_together_are_recorded_together_or_not_at_all(draft: Path, dateline: Dateline) -> None:
    assert dateline("releases", "import", "--slug", "second", "second.txt", "--organisation", "wpa").code == 0
    assert dateline("releases", "import", "--slug", "second", "second.txt", "--organisation", "esrf").code == 0
    dateline("releases", "freeze", "second")
    assert dateline("releases", "approve", "second", "--organisation", "WPA").code == 0
    told = dateline("releases", "approve", "second", "--organisation", "ESRF", "--organisation", "WPA")
    assert told.code == 1
    assert "ESRF has approved" not in told.err
    assert show(dateline, "second")["missing_approvals"] == ["esrf"]


def test_a_preview_is_written_in_each_language(office: Path, dateline: Dateline) -> None:
    told = dateline("releases", "preview", "ports", "--to-folder", "seen", "--under-embargo")
    assert told.code == 0
    assert told.out.split() == ["seen/ports.ar.html", "seen/ports.en.html"]
    written = {file.name for file in (office / "seen").iterdir()}
    assert written == {f"ports.{language}.{kind}" for language in ("ar", "en") for kind in ("eml", "html", "txt")}
    mail = message_from_bytes((office / "seen" / "ports.ar.eml").read_bytes())
    assert mail.get_content_type() in ("multipart/alternative", "multipart/related")
    assert 'dir="rtl"' in (office / "seen" / "ports.ar.html").read_text("utf-8")
    assert "EMBARGO" in (office / "seen" / "ports.en.txt").read_text("utf-8").partition("\n")[0].upper()


def test_a_preview_for_a_contact_is_what_she_would_get(office: Path, dateline: Dateline) -> None:
    told = dateline(
        "releases", "preview", "ports", "--version", "1", "--to", "mona@sentinel.example", "--to-folder", "m"
    )
    assert told.out.split() == ["m/ports.en.html"]
    assert "mona@sentinel.example" in (office / "m" / "ports.en.eml").read_text("ascii")
    both = dateline("releases", "preview", "ports", "--both", "--to", "nour@courier.example", "--to-folder", "b")
    assert both.out.split() == ["b/ports.ar-en.html"]
    text = (office / "b" / "ports.ar-en.txt").read_text("utf-8")
    assert text.index("توقيع اتفاق الموانئ") < text.index("Ports agreement signed")


def test_a_template_that_is_broken_is_told_by_file_and_line(office: Path, dateline: Dateline) -> None:
    template = office / "templates" / "release" / "edition.html"
    template.write_text("\n\n{{ edition.hedline }}\n", "utf-8")
    for words in (
        ("releases", "preview", "ports"),
        ("waves", "schedule", "ports", "--list", "Desk", "--at", "embargo"),
    ):
        told = dateline(*words)
        assert (told.code, told.out) == (1, "")
        assert "edition.html, line 3: " in told.err
        assert "hedline" in told.err
    assert dateline("waves", "list", "--json").json() == []


def test_a_draft_without_an_embargo_has_no_embargoed_preview(draft: Path, dateline: Dateline) -> None:
    told = dateline("releases", "preview", "second", "--under-embargo")
    assert (told.code, told.out) == (1, "")
    assert "has no embargo, so nothing can go out under it" in told.err


def test_a_folder_that_cannot_be_written_to_is_told(office: Path, dateline: Dateline) -> None:
    (office / "taken").write_text("a file")
    told = dateline("releases", "preview", "ports", "--to-folder", "taken")
    assert (told.code, told.out) == (1, "")
    assert "taken/ports.ar.eml cannot be written: " in told.err


def test_an_embargo_that_is_past_is_entered_and_told(office: Path, dateline: Dateline) -> None:
    told = dateline("releases", "embargo", "ports", "--at", "2016-12-01 10:00")
    assert told.code == 0
    assert "that is past" in told.err
    assert "past" not in dateline("releases", "embargo", "ports", "--at", "2996-12-01 10:00").err


def test_two_word_documents_become_two_editions_of_one_release(office: Path, dateline: Dateline) -> None:
    english = ["In Word", "Beirut, 24 November 2026 – The agreement that was signed by them is for the ports."]
    arabic = ["في وورد", "بيروت، 24 نوفمبر 2026 – الاتفاق الذي وقعته المنظمتان اليوم مخصص للموانئ."]
    (office / "word.en.docx").write_bytes(word_file(*english, paragraph("a", "<w:r><w:tab/></w:r>")))
    (office / "word.ar.docx").write_bytes(word_file(*arabic))
    told = dateline("releases", "import", "word.en.docx", "word.ar.docx", "--organisation", "esrf")
    assert told.code == 0, told.err
    assert show(dateline, "in-word")["languages"] == ["ar", "en"]
    asked = dateline("releases", "import", "word.en.docx", "--language", "xx")
    assert (asked.code, "cannot read a release in xx" in asked.err) == (1, True)
    (office / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "save it as a Word document" in dateline("releases", "import", "old.doc").err
