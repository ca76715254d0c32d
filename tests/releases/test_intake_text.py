"""A release in plain text is taken apart whole: each block lands in one part, once, and doubts are told."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mailer.errors import BadRelease, UnreadableFile
from mailer.releases.content import Boilerplate, EditionContent, PressContact, Related
from mailer.releases.intake import Intake, Quote, quotes, read_release
from mailer.releases.intake.text import as_markdown

HEAD = "Shared centres to open in ferry ports\n\n"
TEXT = "Beirut, 24 November 2026 – The two organisations have signed the agreement that they announced.\n\n"
ABOUT = "About the ESRF:\n\nA federation of relief societies.\n\n"
CONTACT = (
    "For more information please contact:\n\nIn Beirut, ESRF Head of Press, Lamia Tarazi, lamia@esrf.example\n"
)


def take(folder: Path, text: str | bytes, *, language: str = "en", name: str = "release.txt") -> Intake:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_release(file, language=language)


def doubts(intake: Intake) -> list[tuple[int, str]]:
    return [(doubt.line, doubt.text) for doubt in intake.doubts]


def test_the_sample_is_found_whole() -> None:
    with files("mailer.demo").joinpath("release.en.txt").open() as sample:
        intake = read_release(Path(sample.name))
    content = intake.content
    assert content.headline.startswith("ESRF and WPA to open")
    assert (content.language, content.subhead) == ("en", "")
    assert (content.cities, content.day) == (("Beirut", "Cairo"), date(2026, 11, 24))
    assert content.photo is not None
    assert (content.photo.caption[:16], content.photo.credit) == ("Families off the", "ESRF/Dalia Sfeir")
    assert len(content.paragraphs) == 10
    assert content.paragraphs[0].startswith("The Eastern Shore Relief Federation (ESRF)")
    assert content.paragraphs[1].startswith("About 3.4 million people")
    assert "\\" not in content.body
    assert [about.heading for about in content.boilerplates] == ["About the ESRF", "About the WPA"]
    assert content.press_contacts == (
        PressContact(
            city="Beirut",
            name="Lamia Tarazi",
            title="Head of Communications",
            organisation="ESRF",
            address="lamia.tarazi@esrf.example",
        ),
        PressContact(
            city="Cairo",
            name="Sherif Mandour",
            title="Communication Officer",
            organisation="WPA Regional Office",
            address="sherif.mandour@wpa.example",
        ),
    )
    assert content.related == ()
    assert [line for line, _ in doubts(intake)] == [43]


def test_a_whole_release_leaves_no_doubt(tmp_path: Path) -> None:
    assert doubts(take(tmp_path, HEAD + TEXT + ABOUT + CONTACT)) == []


@pytest.mark.parametrize(
    ("text", "line", "doubt"),
    [
        (HEAD + "The centres open.\n\n" + ABOUT + CONTACT, 3, "no dateline"),
        (HEAD + "BEIRUT – The centres open.\n\n" + ABOUT + CONTACT, 3, "no date"),
        (HEAD + TEXT.replace("24 N", "31 N") + ABOUT + CONTACT, 3, "no such day"),
        (HEAD + "24 November 2026\n\nThe centres open.\n\n" + ABOUT + CONTACT, 5, "no city"),
        (HEAD + TEXT + CONTACT, 0, "About"),
        (HEAD + TEXT + "About the ESRF:\n\n" + CONTACT, 5, "nothing below"),
        (HEAD + TEXT + ABOUT, 0, "no press contact"),
        (HEAD + TEXT.replace("Beirut", "Beirut / Cairo") + ABOUT + CONTACT, 0, "no press contact for Cairo"),
        (HEAD + TEXT + ABOUT + CONTACT.replace("lamia@esrf.example", "[email\u00a0protected]"), 11, "hidden"),
        (HEAD + TEXT + ABOUT + CONTACT.replace("lamia@esrf.example", "[courriel protégé]"), 11, "Lamia Tarazi"),
        (HEAD + TEXT + ABOUT + CONTACT.replace("a@", "a [at] "), 11, "hidden"),
        (HEAD + TEXT + ABOUT + CONTACT.replace(", lamia@esrf.example", ""), 11, "no address"),
        (HEAD + TEXT + ABOUT + CONTACT.replace("lamia@", "lamia@@"), 11, "is not one"),
        (HEAD + TEXT + ABOUT + CONTACT.replace("In Beirut, ", ""), 11, "no city"),
        (HEAD + TEXT + ABOUT + CONTACT + "\nRelated press releases\n", 13, "nothing below"),
        (HEAD + "Photo: ESRF/Dalia Sfeir\n\n" + TEXT + ABOUT + CONTACT, 3, "no caption"),
        (HEAD + "Tents.\n\nTents.\n\n" + TEXT + ABOUT + CONTACT, 0, "no credit"),
        (HEAD + TEXT + "She said: “The quay is calm.\n\n" + ABOUT + CONTACT, 5, "quotation mark"),
        (HEAD + TEXT + "ENDS\n\nA word more.\n\n" + ABOUT + CONTACT, 7, "after “ENDS”"),
        (
            HEAD + TEXT + ABOUT + CONTACT + "\nOur offices are closed on Fridays and on public holidays.\n",
            13,
            "text",
        ),
        (HEAD + TEXT.replace("signed", "si\u202egned") + ABOUT + CONTACT, 3, "Right-to-left override"),
        (HEAD * 1 + "A regional agreement for five years\n\n" + TEXT + ABOUT + CONTACT, 3, "subhead"),
    ],
)
def test_what_is_missing_or_not_to_be_trusted_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, doubt: str
) -> None:
    told = doubts(take(tmp_path, text))
    assert any(at == line and doubt in words for at, words in told), told


@pytest.mark.parametrize(
    "embargo",
    [
        "EMBARGOED until 10:00 22 December 2026",
        "STRICTLY EMBARGOED FOR RELEASE UNTIL TUESDAY 10:00",
        "Embargo: 22 December, 10:00 Beirut time",
        "** NOT FOR PUBLICATION BEFORE 10:00 **",
    ],
)
@pytest.mark.parametrize("form", ["{0}\n\n{1}", "{0}\n{1}", "{2}{0}\n\n{3}", "{1}\n\n{0}\n"])
def test_an_embargo_in_the_text_is_taken_out_and_told(tmp_path: Path, embargo: str, form: str) -> None:
    whole = HEAD + TEXT + ABOUT + CONTACT
    intake = take(tmp_path, form.format(embargo, whole, HEAD, TEXT + ABOUT + CONTACT))
    assert intake.embargo_line == embargo.strip("* ")
    assert intake.content == take(tmp_path, whole).content
    assert ["does not hold" in text for _, text in doubts(intake)] == [True]


def test_an_embargo_and_immediate_release_in_one_text_are_told(tmp_path: Path) -> None:
    label = "FOR IMMEDIATE RELEASE\n\n"
    assert doubts(take(tmp_path, label + HEAD + TEXT + ABOUT + CONTACT)) == []
    both = take(tmp_path, "EMBARGOED until 10:00\n" + label + HEAD + TEXT + ABOUT + CONTACT)
    assert [line for line, _ in doubts(both)] == [1, 2]


def test_a_headline_about_an_arms_embargo_stays_a_headline(tmp_path: Path) -> None:
    headline = "Embargo on fuel leaves 14 hospitals without light"
    intake = take(tmp_path, f"PRESS RELEASE\n\n{headline}\n\n" + TEXT + ABOUT + CONTACT)
    assert (intake.content.headline, intake.embargo_line) == (headline, "")


@pytest.mark.parametrize("mark", ["ENDS", "- ENDS -", "###", "# # #", "-30-", "– 30 –", "(End)"])
def test_the_mark_of_the_end_is_dropped(tmp_path: Path, mark: str) -> None:
    whole = take(tmp_path, HEAD + TEXT + ABOUT + CONTACT)
    assert take(tmp_path, HEAD + TEXT + mark + "\n\n" + ABOUT + CONTACT) == whole


def test_notes_to_editors_stay_in_the_text(tmp_path: Path) -> None:
    notes = "ENDS\n\nNotes to editors\n\n1. The centres are free.\n\n"
    intake = take(tmp_path, HEAD + TEXT + notes + ABOUT + CONTACT)
    assert intake.content.paragraphs[1:] == ("## Notes to editors", r"1\. The centres are free.")
    assert doubts(intake) == []


def test_hard_wrapped_lines_are_one_paragraph_and_one_headline(tmp_path: Path) -> None:
    wrapped = (
        "The Eastern Shore federation and the World Passage agency are to open\nshared centres in ferry ports\n\n"
        "Beirut, 24 November 2026 The two organisations have signed an agreement\nthat both of them had announced.\n\n"
        "About the ESRF:\nThe federation has offices in two cities and it works on the coasts of\nseven seas.\n\n"
        "For more information, please contact:\n"
        "In Beirut, ESRF Head of Communications and Press, Lamia Tarazi,\nlamia@esrf.example\n"
    )
    intake = take(tmp_path, wrapped)
    assert intake.content.headline.endswith("to open shared centres in ferry ports")
    assert intake.content.body == "The two organisations have signed an agreement that both of them had announced."
    assert intake.content.boilerplates[0].text.endswith("on the coasts of seven seas.")
    assert intake.content.press_contacts[0].name == "Lamia Tarazi"
    assert doubts(intake) == []


def test_a_second_line_that_no_wrapping_explains_is_the_subhead(tmp_path: Path) -> None:
    intake = take(tmp_path, "Shared centres to open\nA plan for five years\n\n" + TEXT + ABOUT + CONTACT)
    assert (intake.content.headline, intake.content.subhead) == ("Shared centres to open", "A plan for five years")
    assert [line for line, _ in doubts(intake)] == [2]


@pytest.mark.parametrize(
    ("head", "caption", "credit"),
    [
        (
            "Tents on the quay.\n\nTents on the quay.\n\nPhoto: ESRF/Dalia Sfeir",
            "Tents on the quay.",
            "ESRF/Dalia Sfeir",
        ),
        ("Tents on the quay.\nPhoto credit: Dalia Sfeir", "Tents on the quay.", "Dalia Sfeir"),
        ("Tents on the quay. © Dalia Sfeir/ESRF", "Tents on the quay.", "Dalia Sfeir/ESRF"),
        ("Tents on the quay (Photo: Dalia Sfeir)", "Tents on the quay", "Dalia Sfeir"),
        ("Photo: Tents on the quay. © Dalia Sfeir", "Tents on the quay.", "Dalia Sfeir"),
        ("Photo: Dalia Sfeir\n\nTents on the quay.", "Tents on the quay.", "Dalia Sfeir"),
        ("Caption: Tents on the quay.\n\nCredit: Dalia Sfeir", "Tents on the quay.", "Dalia Sfeir"),
    ],
)
@pytest.mark.parametrize("text", [TEXT, TEXT.replace("Beirut, 24 November 2026 – ", "")])
def test_caption_and_credit_are_found_once(
    tmp_path: Path, head: str, caption: str, credit: str, text: str
) -> None:
    intake = take(tmp_path, HEAD + head + "\n\n" + text + ABOUT + CONTACT)
    assert intake.content.photo is not None
    assert (intake.content.photo.caption, intake.content.photo.credit) == (caption, credit)
    assert (intake.content.subhead, len(intake.content.paragraphs)) == ("", 1)


@pytest.mark.parametrize(
    ("section", "heading", "text"),
    [
        ("About the ESRF:\n\nA federation.", "About the ESRF", "A federation."),
        ("About ESRF\n\nA federation.\n\nFounded in 1987.", "About ESRF", "A federation.\n\nFounded in 1987."),
        ("About the ESRF:\u00a0\nA federation.", "About the ESRF", "A federation."),
        ("About the ESRF: A federation.", "About the ESRF", "A federation."),
        ("ABOUT ESRF\n\nSee https://esrf.example/a_b_c.", "ABOUT ESRF", "See <https://esrf.example/a_b_c>."),
    ],
)
def test_each_form_of_a_standing_paragraph_is_found(tmp_path: Path, section: str, heading: str, text: str) -> None:
    intake = take(tmp_path, HEAD + TEXT + section + "\n\n" + CONTACT)
    assert intake.content.boilerplates == (Boilerplate(heading=heading, text=text),)
    assert len(intake.content.paragraphs) == 1


@pytest.mark.parametrize(
    "paragraph",
    [
        "About 40 per cent of them need:",
        "About half of the families: mothers with children.",
        "Contacts with port authorities go on.",
        "Contact with port authorities is kept up every day.",
        "About our work: much is left to do.",
        "For more information on the ports, families can ask at the quay.",
        "Related work goes on in six countries.",
        "Ends of ropes lay on the quay.",
    ],
)
def test_a_sentence_that_begins_like_a_heading_stays_in_the_text(tmp_path: Path, paragraph: str) -> None:
    intake = take(tmp_path, HEAD + TEXT + paragraph + "\n\n" + ABOUT + CONTACT)
    assert intake.content.paragraphs[1:] == (paragraph,)
    assert doubts(intake) == []


LAMIA = PressContact(
    city="Beirut", name="Lamia Tarazi", title="Head of Press", organisation="ESRF", address="lamia@esrf.example"
)


@pytest.mark.parametrize(
    "section",
    [
        "Media contact:\nIn Beirut, ESRF Head of Press, Lamia Tarazi, lamia@esrf.example",
        "Press contacts\n\nIn Beirut: Lamia Tarazi, Head of Press, ESRF, e-mail: lamia@esrf.example",
        "Contact: Lamia Tarazi, Head of Press, ESRF, Beirut, lamia@esrf.example",
        "For more information, please contact Lamia Tarazi, Head of Press at ESRF, Beirut, lamia@esrf.example",
        "Contacts:\n\nBeirut:\nLamia Tarazi\nHead of Press\nESRF\nEmail: lamia@esrf.example",
        "Contacts\n\nBeirut\n\n- Lamia Tarazi – Head of Press, ESRF | <lamia@esrf.example>",
        "Media enquiries:\n\nLamia Tarazi (ESRF Head of Press), Beirut\n\nlamia@esrf.example",
    ],
)
def test_each_form_of_a_press_contact_is_taken_apart(tmp_path: Path, section: str) -> None:
    intake = take(tmp_path, HEAD + TEXT + ABOUT + section + "\n")
    assert intake.content.press_contacts == (LAMIA,)
    assert doubts(intake) == []


def test_contacts_over_several_lines_are_told_apart(tmp_path: Path) -> None:
    section = (
        "Media contacts:\n"
        "In Beirut, ESRF Head of Press, Lamia Tarazi\nTel: +961 1 555 0101\nlamia@esrf.example\n"
        "In Cairo, Communication Officer at WPA Regional Office, Sherif Mandour\n"
        "sherif@wpa.example\nMobile: +20 2 5550 0102 ext. 7\n"
    )
    first, second = take(tmp_path, HEAD + TEXT + ABOUT + section).content.press_contacts
    assert (first.city, first.name, first.phone) == ("Beirut", "Lamia Tarazi", "+961 1 555 0101")
    assert (second.city, second.name, second.phone) == ("Cairo", "Sherif Mandour", "+20 2 5550 0102 ext. 7")
    assert (second.title, second.organisation) == ("Communication Officer", "WPA Regional Office")


def test_an_address_that_is_none_is_not_kept(tmp_path: Path) -> None:
    intake = take(tmp_path, HEAD + TEXT + ABOUT + CONTACT.replace("lamia@", "lamia@@"))
    assert (intake.content.press_contacts[0].name, intake.content.press_contacts[0].address) == (
        "Lamia Tarazi",
        "",
    )


def test_a_title_broken_over_two_lines_is_one(tmp_path: Path) -> None:
    wrapped = (
        "Contacts:\n\nIn Beirut, Lamia Tarazi, ESRF Head of Media and Community\nRelations, lamia@esrf.example\n"
    )
    (officer,) = take(tmp_path, HEAD + TEXT + ABOUT + wrapped).content.press_contacts
    assert (officer.name, officer.title) == ("Lamia Tarazi", "Head of Media and Community Relations")


@pytest.mark.parametrize(
    "text",
    ["حول 3.4 مليون شخص سافروا:", "حول هذا الأمر، قال السيد أنور:", "عن ذلك يسأل الناس كثيرًا جدًا هنا الآن:"],
)
def test_an_arabic_sentence_that_begins_like_a_heading_stays_in_the_text(tmp_path: Path, text: str) -> None:
    intake = take(tmp_path, f"عنوان\n\nبيروت، 24 نوفمبر 2026 – النص هنا.\n\n{text}\n\nقول.", language="ar")
    assert intake.content.paragraphs == ("النص هنا.", text, "قول.")


def test_a_list_of_contacts_without_addresses_is_not_one_contact(tmp_path: Path) -> None:
    section = "Contacts:\n- Lamia Tarazi, ESRF, Beirut\n- Sherif Mandour, WPA, Cairo\n"
    found = take(tmp_path, HEAD + TEXT + ABOUT + section).content.press_contacts
    assert [(c.name, c.organisation, c.city) for c in found] == [
        ("Lamia Tarazi", "ESRF", "Beirut"),
        ("Sherif Mandour", "WPA", "Cairo"),
    ]


@pytest.mark.parametrize(
    ("section", "related"),
    [
        ("First port opens\nSecond port opens", [("First port opens", ""), ("Second port opens", "")]),
        ("- First port opens: https://esrf.example/1", [("First port opens", "https://esrf.example/1")]),
        ("First port opens\nhttps://esrf.example/1", [("First port opens", "https://esrf.example/1")]),
        ("https://esrf.example/1", [("https://esrf.example/1", "https://esrf.example/1")]),
        ("First port opens on the longest of\nthe quays", [("First port opens on the longest of the quays", "")]),
    ],
)
def test_related_releases_are_found(tmp_path: Path, section: str, related: list[tuple[str, str]]) -> None:
    intake = take(tmp_path, HEAD + TEXT + ABOUT + CONTACT + "\nRelated press releases\n\n" + section)
    assert intake.content.related == tuple(Related(title=title, url=url) for title, url in related)


ARABIC = """مراكز مشتركة في موانئ العبّارات

أسر على الرصيف.

أسر على الرصيف.

تصوير: داليا صفير

بيروت / القاهرة، ٢٤ كانون الأول ٢٠٢٦ وقّعت المنظمتان الاتفاق.

ملاحظات للمحررين:

الصور متاحة مجانًا.

انتهى

نبذة عن الاتحاد:

اتحاد مستقل.

للمزيد من المعلومات يرجى الاتصال:

في بيروت، مسؤولة الإعلام في الاتحاد، لمياء طرزي، lamia@esrf.example

في القاهرة، شريف مندور، [البريد الإلكتروني محمي]، هاتف: +20 2 5550 0102

بيانات صحفية ذات صلة

افتتاح أول مركز https://esrf.example/1
"""
FRENCH = """Des centres communs dans les ports

Des familles sur le quai.

Crédit photo : Dalia Sfeir

Beyrouth / Le Caire, le 24 décembre 2026 Les deux organisations ont signé un accord pour les familles qui sont en mer.

Notes aux rédactions

Des photos sont disponibles.

FIN

À propos de l’ESRF :

Une fédération.

Pour plus d’informations, veuillez contacter :

À Beyrouth, Lamia Tarazi, responsable presse à l’ESRF, lamia@esrf.example

Au Caire, Sherif Mandour, [e-mail protégé], tél. : +20 2 5550 0102

Communiqués liés

Ouverture du premier centre https://esrf.example/1
"""
SPANISH = """Centros comunes en los puertos

Familias en el muelle.

Foto: Dalia Sfeir

Beirut / El Cairo, 24 de diciembre de 2026 – Las dos organizaciones firmaron el acuerdo para las familias del mar.

Notas para editores

Hay más fotos.

FIN

Acerca de la ESRF:

Una federación.

Para más información, póngase en contacto con:

En Beirut, Lamia Tarazi, jefa de prensa de la ESRF, lamia@esrf.example

En El Cairo, Sherif Mandour, [correo electrónico protegido], tel.: +20 2 5550 0102

Comunicados relacionados

Abre el primer centro https://esrf.example/1
"""


@pytest.mark.parametrize(("language", "text"), [("ar", ARABIC), ("fr", FRENCH), ("es", SPANISH)])
def test_each_language_s_anatomy_is_found_without_being_told_the_language(
    tmp_path: Path, language: str, text: str
) -> None:
    intake = take(tmp_path, text, language="")
    content = intake.content
    assert (content.language, content.day, len(content.cities)) == (language, date(2026, 12, 24), 2)
    assert content.photo is not None
    assert content.photo.caption.endswith((".",))
    assert content.photo.credit in ("Dalia Sfeir", "داليا صفير")
    assert (len(content.paragraphs), len(content.boilerplates), len(content.related)) == (3, 1, 1)
    first, second = content.press_contacts
    assert first.name in ("Lamia Tarazi", "لمياء طرزي")
    assert first.organisation in ("ESRF", "الاتحاد")
    assert first.title
    assert second.phone == "+20 2 5550 0102"
    assert (content.cities[0], content.cities[1]) == (first.city, second.city)
    assert ["hidden" in text for _, text in doubts(intake)] == [True]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1: it is empty"),
        (b" \n\xc2\xa0\n", "empty"),
        (b"Headline only\n", "no text below"),
        (b"a\nb\x00", "line 2: it is not text"),
        (b"PK\x03\x04\x00\x00", "it is damaged"),
        ("Le prix\nÉté".encode("cp1252"), "line 2: it is not UTF-8"),
        (b"x" * 300_001, "300 kB"),
        (b"x\n\n" + b"x" * 20_001, "line 3: a paragraph has more than 20,000"),
    ],
)
def test_a_file_that_is_no_release_is_refused_with_its_remedy(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(BadRelease, match=words) as refused:
        take(tmp_path, content)
    assert refused.value.advice


@pytest.mark.parametrize(
    "text", ["Überschrift\n\nDie Zentren werden in den Häfen eröffnet, wie es heißt.", "۱۲۳ گچپ\n\nچگپ ژ"]
)
def test_a_language_that_is_not_clear_is_asked_for(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRelease, match="--language"):
        take(tmp_path, text, language="")


def test_a_language_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="tlh"):
        take(tmp_path, HEAD + TEXT, language="tlh")


def test_a_language_that_the_text_is_not_in_is_told(tmp_path: Path) -> None:
    assert any(
        "in en, not in fr" in text
        for _, text in doubts(take(tmp_path, HEAD + TEXT + ABOUT + CONTACT, language="fr"))
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no\.txt"):
        read_release(tmp_path / "no.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_with_a_mark_and_every_line_end_reads_the_same(
    tmp_path: Path, encoding: str, end: str
) -> None:
    whole = HEAD + TEXT + "« Oui »\u00a0: the quay’s word.\n\n" + ABOUT + CONTACT
    assert take(tmp_path, whole.replace("\n", end).encode(encoding)) == take(tmp_path, whole)


# Known parts, each with a word of its own that must be found once in what was read.
PARTS = {
    "paragraph": "The quay is calm, says {word}.",
    "quote": "“Nobody is turned away at {word},” said Dr. Salwa Khairallah.",
    "wrapped": "The quay is calm on most days,\nand on the others {word} is there.",
    "list": "- a tent for {word}\n- water",
    "numbered": "1. The first port is {word}.",
    "about": "About the {word}:\n\nIt helps.",
    "about-line": "About {word}: It helps.",
    "notes": "Notes to editors\n\nPhotos of {word} are free.",
    "contacts": "For more information please contact:\n\nIn Cairo, ESRF Head of Press, {word}, press@esrf.example",
    "contact-line": "Media contact: {word}, Head of Press, ESRF, Cairo, press@esrf.example",
    "hidden": "Press contacts\n\nIn Beirut, Officer at WPA, {word}, [email protected]",
    "prose": "For more information please contact:\n\nOur offices are closed on Fridays, as {word} has told us all.",
    "related": "Related press releases\n\n{word} opens https://esrf.example/1",
    "ends": "ENDS\n\nThe last {word} of all.",
}


@given(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=12), st.booleans(), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_block_lands_exactly_once(tmp_path: Path, names: list[str], photo: bool, dated: bool) -> None:
    blocks = ["Headline of Wordhead"]
    words = ["Wordhead"]
    if photo:
        blocks += ["Tents of Wordcaption."] * 2 + ["Photo: Wordcredit"]
        words += ["Wordcaption", "Wordcredit"]
    blocks.append(f"{'Beirut, 24 November 2026 – ' if dated else ''}The centres of Wordfirst open.")
    words.append("Wordfirst")
    for number, name in enumerate(names):
        words.append(f"Word{'abcdefghijkl'[number]}word")
        blocks.append(PARTS[name].format(word=words[-1]))
    content = take(tmp_path, "\n\n".join(blocks)).content
    found = str(content.to_json())
    assert {word: found.count(word) for word in words} == dict.fromkeys(words, 1)


MARKDOWN = MarkdownIt("commonmark")


def shown(markdown: str) -> str:
    """What a reader sees, one line per paragraph or item."""
    lines = []
    for token in MARKDOWN.parse(markdown):
        if token.type == "inline":
            assert all(t.type in ("text", "link_open", "link_close") for t in token.children or []), markdown
            lines.append("".join(t.content for t in token.children or []))
        assert token.type in ("inline", "paragraph_open", "paragraph_close"), (token.type, markdown)
    return "\n".join(lines)


LITTERED = st.lists(
    st.sampled_from(
        [*"*_`[]()<>!#&\\~=-+.|:;\"'@/{}^$%", "a", "b", "é", "ب", " ", " ", "1", "12", "https://x.example/", "&amp;",
         "&#35;", "<b>", "http://y.example/a_b*c", "[a](b)", "![a](b)", "[a]: b", "**", "__", "```", "---", "1. ", "- "]
    ),
    min_size=1,
    max_size=14,
).map("".join)  # fmt: skip


@given(LITTERED)
@settings(deadline=None, max_examples=500)
def test_plain_text_prints_exactly_as_it_was_written(text: str) -> None:
    written = " ".join(text.split())
    if written:
        assert shown(as_markdown([text])) == written


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("It is ready-to-use (2025), e.g. 3 * 4 = 12; R&D at a_b [sic] & #3 <3.", None),
        ("“Quoted” – 37 % – it's 100!", None),
        ("1. First", r"1\. First"),
        ("* starred *", r"\* starred \*"),
        ("# 3 ports", r"\# 3 ports"),
        ("See https://esrf.example/a_b (or www).", "See <https://esrf.example/a_b> (or www)."),
        ("See (https://esrf.example/a_(b)).", "See (<https://esrf.example/a_(b)>)."),
        ("See https://esrf.example/%D8%A8.", None),
        ("« Oui »\u00a0: 37\u00a0%", None),
        ("“Yes,”\u00a0 added  she", "“Yes,” added she"),
        ("C:\\temp\\*", "C:\\temp\\\\\\*"),
        ("- one\n- two\n  goes on", "- one\n- two goes on"),
        ("• one\n• two", "- one\n- two"),
        ("2) one\n3) two", "2) one\n3) two"),
        ("1. one\n3. two", r"1\. one 3. two"),
        ("- one", r"\- one"),
    ],
)
def test_no_more_is_escaped_than_needs_to_be(text: str, markdown: str | None) -> None:
    assert as_markdown(text.split("\n")) == (text if markdown is None else markdown)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            "Dr. Salwa Khairallah, ESRF Director, said: “The quay is calm.”",
            [("The quay is calm.", "Dr. Salwa Khairallah")],
        ),
        ("“The quay is calm,” added Dr. Khairallah.", [("The quay is calm", "Dr. Khairallah")]),
        ("« Le quai est calme », a déclaré M. Anwar B., directeur.", [("Le quai est calme", "M. Anwar B")]),
        ("وقالت سلوى، المديرة: «الرصيف هادئ».", [("الرصيف هادئ", "سلوى")]),
        ('"The quay is calm," said Salwa. It is 5" deep.', [("The quay is calm", "Salwa")]),
        ('"Ready," Dr. Rim Haddad said today.', [("Ready", "Dr. Rim Haddad")]),
        ("The “open gangway” standard that she said is new.", [("open gangway", "")]),
        ("The “open gangway” standard.", [("open gangway", "")]),
        ("No quote.\n\n“**Calm**,” said Rim.", [("Calm", "Rim")]),
    ],
)
def test_what_is_quoted_is_found_with_its_speaker_where_one_is_named(
    body: str, found: list[tuple[str, str]]
) -> None:
    assert quotes(body) == tuple(Quote(text=text, speaker=speaker) for text, speaker in found)


@pytest.mark.parametrize(
    ("quote", "doubted"),
    [
        ("“One.\n\n“Two.”", False),
        ("“One.\n\nTwo.", True),
        ("One.”", True),
        ("« Un »", False),
        ("« Un", True),
        ('It is 5" deep and "calm".', False),
        ('"calm', True),
    ],
)
def test_a_quote_may_go_on_in_the_next_paragraph(tmp_path: Path, quote: str, doubted: bool) -> None:
    intake = take(tmp_path, HEAD + TEXT + quote + "\n\n" + ABOUT + CONTACT)
    assert any("quotation mark" in text for _, text in doubts(intake)) == doubted


def test_what_was_read_survives_the_canonical_form(tmp_path: Path) -> None:
    content = take(tmp_path, HEAD + TEXT + ABOUT + CONTACT).content
    assert EditionContent.from_json(content.to_json()) == content


PIECES = st.lists(
    st.sampled_from(
        ["\n", "\n\n", "---", "# ", "- ", "About the ESRF:", "Contacts:", "In Beirut, ",
         "[email protected]", "a@b.example",
         "@", "Photo: ", "©", "Beirut, ", "24 November 2026", "99 May 0000", " – ",
         "EMBARGO until 10", "ENDS", "###",
         "Related press releases", "https://x.example/%D8", "“", "”", '"', "1. ", "[a]: b", "\u00a0", "\u202e",
         "²", "İ",
         "headline: x\n", "date: x\n", "cities: []\n", "ß", "the ", "نبذة عن", "٩٩٩٩"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(PIECES, st.sampled_from(["en", "ar", "fr", "es", "fr-CA"]), st.sampled_from(["a.txt", "a.md"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, text: str, language: str, name: str) -> None:
    try:
        content = take(tmp_path, text, language=language, name=name).content
    except BadRelease:
        return
    assert content.headline
    assert content.body
    quotes(content.body)
