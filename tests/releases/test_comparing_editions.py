"""What one edition says and the other does not is found, and nothing else is."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailer
from mailer.releases.comparison import Difference, Kind, Part, compare, compare_all
from mailer.releases.comparison.links import link_to
from mailer.releases.content import Boilerplate, EditionContent, Photo, PressContact, Related
from mailer.releases.intake import read_release

DEMO = Path(mailer.__file__).parent / "demo"


def demo(language: str) -> EditionContent:
    return read_release(next(DEMO.glob(f"release.{language}.*"))).content


def edition(language: str, *paragraphs: str, headline: str = "", **parts: object) -> EditionContent:
    return EditionContent(
        language=language,
        headline=headline,
        body="\n\n".join(paragraphs),
        **parts,  # type: ignore[arg-type]
    )


def kinds(found: tuple[Difference, ...]) -> list[Kind]:
    return [difference.kind for difference in found]


OPENING = {
    "en": "The ministry of ports said today that the new reception centre in the old harbour is open to all.",
    "ar": "أعلنت وزارة الموانئ اليوم أن مركز الاستقبال الجديد في المرفأ القديم مفتوح أمام الجميع بلا استثناء.",
    "fr": "Le ministère des ports a annoncé aujourd’hui que le nouveau centre d’accueil du vieux port est ouvert.",
    "es": "El ministerio de puertos anunció hoy que el nuevo centro de acogida del puerto viejo está abierto a todos.",
}


@pytest.mark.parametrize(("one", "other"), [("ar", "fr"), ("fr", "ar")])
def test_the_demonstrations_translations_say_the_same(one: str, other: str) -> None:
    assert compare(demo(one), demo(other)) == ()


@pytest.mark.parametrize("other", ["ar", "fr"])
def test_what_the_demonstrations_english_text_has_not_is_all_that_is_told(other: str) -> None:
    found = compare(demo("en"), demo(other))
    assert kinds(found) == [Kind.PARAGRAPH, Kind.LINK]
    assert [str(difference.other) for difference in found] == ["subhead", "paragraph 3"]


SAME = [
    ("en", "It was −5 degrees.", "ar", "وبلغت الحرارة ناقص ٥ درجات."),
    ("en", "It was -5 degrees.", "fr", "Il faisait moins 5 degrés."),
    ("en", "It lost -12 per cent.", "ar", "وخسر ١٢- في المئة."),
    ("en", "It takes 5-10 or 20 – 30 men, 7 to 8.", "fr", "Il faut 5 à 10 ou 20 à 30 hommes, 7 à 8."),
    ("en", "It lasted 200 days.", "ar", "واستمر مئتا يوم."),
    ("en", "It opens at 6:30 p.m.", "ar", "ويفتتح الساعة السادسة والنصف مساءً."),
    ("en", "It opens at 12 noon.", "ar", "ويفتتح الساعة الثانية عشرة ظهرًا."),
    ("en", "It reaches 281 million people.", "ar", "ويصل إلى ٢٨١ مليون شخص."),
    ("en", "It reaches 3.4 million people in 2025.", "fr", "Il touche 3,4 millions de personnes en 2025."),
    ("en", "Some 410,000 of them were refugees.", "ar", "وكان 410 آلاف منهم لاجئين."),
    ("en", "Some 410,000 of them were refugees.", "es", "Unos 410.000 de ellos eran refugiados."),
    ("en", "There are three doctors and two nurses.", "ar", "وفيه ثلاثة أطباء وممرضتان."),
    ("en", "There are 2 offices.", "ar", "ولها مكتبان."),
    ("en", "There are 3 doctors.", "ar", "وفيه ثلاثة أطباء."),
    ("en", "There are twelve doctors.", "ar", "وفيه 12 طبيبًا."),
    ("en", "The number rose by 37 per cent.", "ar", "وارتفع العدد بنسبة ٣٧ في المئة."),
    ("en", "The number rose by 37 per cent.", "ar", "وارتفع العدد بنسبة ٪٣٧."),
    ("en", "It costs US$26.5 million.", "ar", "وتبلغ كلفته 26.5 مليون دولار أمريكي."),
    ("en", "It costs €3 billion.", "fr", "Il coûte 3 milliards d’euros."),
    ("en", "It costs €3 billion.", "es", "Cuesta 3.000 millones de euros."),
    ("en", "It opens on 24 November 2026.", "ar", "ويفتتح في ٢٤ تشرين الثاني ٢٠٢٦."),
    ("en", "It opens on 24 November 2026.", "ar", "ويفتتح في 24 نوفمبر."),
    ("en", "It opens in January 2027.", "ar", "ويفتتح في كانون الثاني/يناير 2027."),
    ("en", "It opens on 24 and 25 November.", "ar", "ويفتتح في 24 نوفمبر و25 نوفمبر."),
    ("en", "It opens at 2 p.m.", "ar", "ويفتتح الساعة 2 بعد الظهر."),
    ("en", "It opens at 9 a.m.", "fr", "Il ouvre à 9 heures."),
    ("en", "It opens at 2.30 p.m.", "fr", "Il ouvre à 14 h 30."),
    ("en", "In the 21st century nobody waits.", "ar", "في القرن الحادي والعشرين لا ينتظر أحد."),
    ("en", "Since COVID-19 it is open.", "ar", "وهو مفتوح منذ جائحة كوفيد."),
    ("en", "Call +961 1 555 0101.", "ar", "اتصلوا."),
    ("en", "Thousands of people came.", "ar", "وجاء آلاف الأشخاص."),
    ("en", "He is one of the best.", "ar", "وهو من الأفضل."),
    ("en", "The pilot lasted 18 months.", "es", "El piloto duró 18 meses."),
    ("en", "Twenty-five thousand people came.", "ar", "وجاء خمسة وعشرون ألف شخص."),
    ("fr", "La route fait 120 km.", "es", "La ruta tiene 120 kilómetros."),
    ("fr", "Deux millions de personnes.", "ar", "مليونا شخص، أي مليوني إنسان."),
    ("ar", "في 24 نوفمبر 2026 الموافق 14 جمادى الآخرة 1448هـ.", "en", "On 24 November 2026."),
    ("en", "The “open gangway” standard applies.", "ar", "وينطبق معيار السلّم المفتوح."),
    ("en", "Read [more](https://esrf.example/en/ports).", "ar", "اقرأوا [المزيد](https://esrf.example/ar/ports)."),
    (
        "en",
        "Read [more](https://www.esrf.example/ports/).",
        "ar",
        "اقرأوا [المزيد](https://ar.esrf.example/ports).",
    ),
    ("en", "One million of two million dollars came.", "ar", "وجاء مليون دولار من أصل مليوني دولار."),
    ("en", "On 3-5 March, from 10 a.m. to 5 p.m.", "es", "Del 3 al 5 de marzo, de 10.00 a 17.00 horas."),
    ("en", "It grew from $1.2bn to $1.5bn.", "fr", "Il est passé de 1,2 à 1,5 milliard de dollars."),
    ("en", "It grew from 1.2 to 1.5 million.", "ar", "وارتفع من 1.2 مليون إلى 1.5 مليون."),
    ("en", "Prices rose to 1.5 million pounds.", "ar", "وبلغت الأسعار مليونًا ونصف المليون ليرة."),
    ("en", "Some 2.5 million people depend on it.", "ar", "ويعتمد عليه مليونان ونصف المليون شخص."),
    ("en", "The 2030 Agenda has 17 goals.", "ar", "تتضمن خطة عام 2030 سبعة عشر هدفًا."),
    ("en", "A 24-hour hotline, 1717, answers.", "ar", "ويرد الخط الساخن 1717 على مدار 24 ساعة."),
    ("en", "In 2025-26 it grew.", "fr", "En 2025-2026, il a grandi."),
]


@pytest.mark.parametrize(("one", "left", "other", "right"), SAME)
def test_what_is_said_in_another_way_raises_no_alarm(one: str, left: str, other: str, right: str) -> None:
    editions = (edition(one, OPENING[one], left), edition(other, OPENING[other], right))
    assert compare(*editions) == ()
    assert compare(*reversed(editions)) == ()


DIFFERENT = [
    ("en", "It was −15 degrees.", "fr", "Il faisait 15 degrés.", Kind.FIGURE, "−15", "15"),
    ("en", "It grew by -5 per cent.", "ar", "ونما بنسبة ٥ في المئة.", Kind.FIGURE, "-5 per cent", "٥ في المئة"),
    (
        "en",
        "It reaches 281 million people.",
        "ar",
        "ويصل إلى ٢١٨ مليون شخص.",
        Kind.FIGURE,
        "281 million",
        "٢١٨ مليون",
    ),
    (
        "en",
        "It reaches 281 million people.",
        "ar",
        "ويصل إلى ٢٨١ مليار شخص.",
        Kind.FIGURE,
        "281 million",
        "٢٨١ مليار",
    ),
    (
        "en",
        "Some 3.4 million came.",
        "fr",
        "Quelque 34 millions sont venus.",
        Kind.FIGURE,
        "3.4 million",
        "34 millions",
    ),
    ("en", "Some 410,000 came.", "es", "Llegaron 401.000.", Kind.FIGURE, "410,000", "401.000"),
    (
        "en",
        "Thirty came, or 37 per cent.",
        "ar",
        "وجاء ثلاثون، أي ٧٣ في المئة.",
        Kind.FIGURE,
        "37 per cent",
        "٧٣ في المئة",
    ),
    ("en", "It costs $26 million.", "ar", "وكلفته 26 مليون يورو.", Kind.UNIT, "$26 million", "26 مليون يورو"),
    ("en", "It took 9 hours.", "ar", "واستغرق 9 أيام.", Kind.UNIT, "9 hours", "9 أيام"),
    (
        "en",
        "Opens on 24 November 2026.",
        "ar",
        "يفتتح في 25 نوفمبر 2026.",
        Kind.DATE,
        "24 November 2026",
        "25 نوفمبر 2026",
    ),
    ("en", "It opens in March 2027.", "ar", "ويفتتح في أيار 2027.", Kind.DATE, "March 2027", "أيار 2027"),
    ("en", "It opens at 10 a.m.", "ar", "ويفتتح الساعة 11 صباحًا.", Kind.FIGURE, "10 a.m.", "الساعة 11 صباحًا"),
    ("en", "There are 14 centres.", "ar", "وهناك ثلاثة عشر مركزًا.", Kind.FIGURE, "14", "ثلاثة عشر"),
    ("en", "There are seven centres.", "ar", "وهناك تسعة مراكز.", Kind.FIGURE, "seven", "تسعة"),
    ("fr", "Depuis 1987.", "es", "Desde 1978.", Kind.FIGURE, "1987", "1978"),
]


@pytest.mark.parametrize(("one", "left", "other", "right", "kind", "words", "across"), DIFFERENT)
def test_a_figure_that_differs_is_told_with_both_places(
    one: str, left: str, other: str, right: str, kind: Kind, words: str, across: str
) -> None:
    [found] = compare(edition(one, OPENING[one], left), edition(other, OPENING[other], right))
    assert found.kind is kind
    assert found.place is not None
    assert found.other is not None
    assert (found.place.part, found.place.number, found.place.words) == (Part.PARAGRAPH, 2, words)
    assert (found.other.part, found.other.number, found.other.words) == (Part.PARAGRAPH, 2, across)
    assert words in found.text
    assert across in found.text


def test_a_figure_in_one_edition_only_is_told_with_the_paragraph_that_lacks_it() -> None:
    [found] = compare(
        edition("en", OPENING["en"], "It reaches 281 million people."),
        edition("ar", OPENING["ar"], "وهو يصل إلى الناس جميعًا."),
    )
    assert found.kind is Kind.FIGURE
    assert found.text == (
        "“281 million” is in the English edition (paragraph 2) and not in the Arabic edition (see its paragraph 2)."
    )
    assert found.other is not None
    assert found.other.words == "وهو يصل إلى الناس جميعًا."


def test_a_figure_that_a_translator_moved_to_another_paragraph_is_there() -> None:
    found = compare(
        edition("en", f"{OPENING['en']} It has 58 members.", "It speaks for the ports of the whole region."),
        edition("fr", OPENING["fr"], "Il parle au nom des ports de toute la région. Il compte 58 membres."),
    )
    assert found == ()


@pytest.mark.parametrize("missing", range(10))
@pytest.mark.parametrize(("one", "other"), [("en", "ar"), ("en", "fr"), ("ar", "fr")])
def test_a_paragraph_left_out_is_named_by_its_number_and_nothing_else_is(
    one: str, other: str, missing: int
) -> None:
    whole, cut = demo(one), demo(other)
    paragraphs = list(cut.paragraphs)
    del paragraphs[missing]
    found = compare(whole, replace(cut, body="\n\n".join(paragraphs)))
    paragraph = [d for d in found if d.kind is Kind.PARAGRAPH and d.place and d.place.part is Part.PARAGRAPH]
    assert [d.place.number for d in paragraph if d.place] == [missing + 1]
    if missing:
        assert paragraph[0].other is not None
        assert paragraph[0].other.number == missing
        assert f"it would stand after paragraph {missing}" in paragraph[0].text
    else:
        assert "it would stand first" in paragraph[0].text
    rest = {d.kind for d in found if d not in paragraph and not (d.other and d.other.part is Part.SUBHEAD)}
    assert rest <= {Kind.LINK}


def test_a_paragraph_that_a_translator_split_is_not_missing() -> None:
    en, fr = demo("en"), demo("fr")
    paragraphs = list(fr.paragraphs)
    paragraphs[1:2] = [part.strip() for part in paragraphs[1].split("; ")]
    assert kinds(compare(en, replace(fr, body="\n\n".join(paragraphs)))) == kinds(compare(en, fr))


QUOTED = {
    "en": "“Nobody will be asked for papers before being given water or a blanket,” said Dr. Salwa Khairallah.",
    "ar": "وقالت الدكتورة سلوى خير الله: «لن يُطالَب أحد بإبراز أوراقه قبل أن يحصل على الماء أو على بطانية».",
    "fr": "« Personne ne devra présenter ses papiers avant d’avoir reçu de l’eau », a déclaré la Dre Salwa Khairallah.",
}
TOLD = "Nobody will be asked for papers before being given water or a blanket, as the directors have promised."
SALWA = ("Salwa Khairallah", "سلوى خير الله")
ANWAR = ("Anwar Belkhodja", "أنور بلخوجة")


def test_a_quote_in_one_edition_only_is_told() -> None:
    [found] = compare(edition("ar", OPENING["ar"], QUOTED["ar"]), edition("en", OPENING["en"], TOLD))
    assert found.kind is Kind.QUOTE
    assert found.place is not None
    assert found.place.words.startswith("لن يُطالَب أحد")


@pytest.mark.parametrize("people", [(), (SALWA, ANWAR)])
@pytest.mark.parametrize("other", ["ar", "fr"])
def test_one_speaker_in_two_scripts_raises_no_alarm(other: str, people: tuple[tuple[str, str], ...]) -> None:
    assert (
        compare(
            edition("en", OPENING["en"], QUOTED["en"]),
            edition(other, OPENING[other], QUOTED[other]),
            people=people,
        )
        == ()
    )


def test_another_speaker_is_told_where_both_are_known() -> None:
    english = QUOTED["en"].replace("Dr. Salwa Khairallah", "Mr. Anwar Belkhodja")
    editions = (edition("en", OPENING["en"], english), edition("ar", OPENING["ar"], QUOTED["ar"]))
    [found] = compare(*editions, people=(SALWA, ANWAR))
    assert found.kind is Kind.SPEAKER
    assert "quotes Mr. Anwar Belkhodja" in found.text
    # Nobody's name is guessed across scripts.
    assert compare(*editions) == ()


def test_another_speaker_in_the_same_script_is_told() -> None:
    french = QUOTED["fr"].replace("la Dre Salwa Khairallah", "M. Anwar Belkhodja")
    [found] = compare(edition("en", OPENING["en"], QUOTED["en"]), edition("fr", OPENING["fr"], french))
    assert found.kind is Kind.SPEAKER


def test_a_name_spelled_in_two_ways_is_one_name() -> None:
    french = QUOTED["fr"].replace("Khairallah", "Kheirallah")
    assert compare(edition("en", OPENING["en"], QUOTED["en"]), edition("fr", OPENING["fr"], french)) == ()


def test_a_speaker_named_in_one_edition_only_is_told() -> None:
    arabic = QUOTED["ar"].replace("وقالت الدكتورة سلوى خير الله", "وجاء في البيان")
    [found] = compare(edition("en", OPENING["en"], QUOTED["en"]), edition("ar", OPENING["ar"], arabic))
    assert found.kind is Kind.SPEAKER
    assert "Dr. Salwa Khairallah" in found.text


def test_a_speaker_who_was_named_before_need_not_be_named_again() -> None:
    english = (
        OPENING["en"],
        QUOTED["en"],
        "“They come ashore tired and we know it well here,” added Dr. Khairallah.",
    )
    arabic = (OPENING["ar"], QUOTED["ar"], "وتابعت: «إنهم يصلون إلى البر متعبين، ونحن هنا نعرف ذلك حق المعرفة».")
    assert compare(edition("en", *english), edition("ar", *arabic)) == ()


def test_a_link_that_leads_elsewhere_is_told_with_both_addresses() -> None:
    [found] = compare(
        edition("en", OPENING["en"], "Read [more](https://esrf.example/ports)."),
        edition("ar", OPENING["ar"], "اقرأوا [المزيد](https://wpa.example/ferries)."),
    )
    assert found.kind is Kind.LINK
    assert "https://esrf.example/ports and https://wpa.example/ferries" in found.text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://esrf.example/en/ports", "https://esrf.example/ar/ports", True),
        ("https://esrf.example/en/news/ports-agreement", "https://esrf.example/ar/أخبار/اتفاق", True),
        ("https://en.esrf.example/ports", "https://ar.esrf.example/ports", True),
        ("https://esrf.example/ports?lang=en", "https://esrf.example/ports?lang=ar", True),
        ("https://esrf.example/ports-en.pdf", "https://esrf.example/ports-ar.pdf", True),
        ("http://www.esrf.example/ports/", "https://esrf.example/ports#top", True),
        ("https://esrf.example/ports?utm_source=x", "https://esrf.example/ports", True),
        ("https://esrf.example/ports?id=1", "https://esrf.example/ports?id=2", False),
        ("https://esrf.example/ports", "https://esrf.example/roads", False),
        ("https://esrf.example/en/ports", "https://wpa.example/ar/ports", False),
        ("mailto:desk@esrf.example", "mailto:Desk@esrf.example", True),
        ("https://[", "https://[", True),
    ],
)
def test_two_links_are_one_where_only_the_language_differs(one: str, other: str, *, same: bool) -> None:
    assert link_to(one).agrees(link_to(other)) is same


CONTACT = PressContact(city="Beirut", name="Lamia Tarazi", address="lamia@esrf.example", phone="+961 1 555 0101")


def furnished(language: str, **parts: object) -> EditionContent:
    return edition(language, OPENING[language], **parts)


@pytest.mark.parametrize(
    ("left", "right", "kind", "words"),
    [
        ({"photo": Photo(caption="On the quay")}, {}, Kind.PHOTO, "The photo's caption"),
        (
            {"photo": Photo(credit="ESRF", caption="x")},
            {"photo": Photo(caption="x")},
            Kind.PHOTO,
            "The photo's credit",
        ),
        ({"photo": Photo(asset="a" * 64)}, {"photo": Photo(asset="b" * 64)}, Kind.PHOTO, "another picture"),
        (
            {"photo": Photo(caption="The 14 ports")},
            {"photo": Photo(caption="الموانئ الـ15")},
            Kind.FIGURE,
            "“14” in the English edition (caption)",
        ),
        ({"cities": ("Beirut", "Cairo")}, {"cities": ("بيروت",)}, Kind.DATELINE, "The city Cairo"),
        (
            {"boilerplates": (Boilerplate(heading="About A", text="x"),)},
            {},
            Kind.BOILERPLATE,
            "1 boilerplates (About A)",
        ),
        ({"press_contacts": (CONTACT,)}, {}, Kind.CONTACT, "The press contact Lamia Tarazi"),
        (
            {"press_contacts": (CONTACT,)},
            {"press_contacts": (replace(CONTACT, name="لمياء طرزي", phone="+961 1 555 0102"),)},
            Kind.CONTACT,
            "+961 1 555 0102",
        ),
        ({"related": (Related(title="Before"),)}, {}, Kind.RELATED, "“Before”"),
    ],
)
def test_what_stands_round_the_text_is_compared_too(
    left: dict[str, object], right: dict[str, object], kind: Kind, words: str
) -> None:
    [found] = compare(furnished("en", **left), furnished("ar", **right))
    assert found.kind is kind
    assert words in found.text
    assert kinds(compare(furnished("ar", **right), furnished("en", **left))) == [kind]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"cities": ("Beirut", "Cairo")}, {"cities": ("القاهرة", "بيروت")}),
        ({"cities": ("Beirut", "Porto Nowhere")}, {"cities": ("بيروت", "بلدة لا يعرفها أحد")}),
        (
            {"press_contacts": (CONTACT,)},
            {"press_contacts": (replace(CONTACT, name="لمياء طرزي", phone="٠١ ٥٥٥٠١٠١"),)},
        ),
        (
            {
                "boilerplates": (
                    Boilerplate(heading="A", text="23 of 58."),
                    Boilerplate(heading="B", text="In 74."),
                )
            },
            {
                "boilerplates": (
                    Boilerplate(heading="ب", text="في 74."),
                    Boilerplate(heading="أ", text="23 من 58."),
                )
            },
        ),
        (
            {"related": (Related(title="Before", url="https://esrf.example/en/1"),)},
            {"related": (Related(title="قبل", url="https://esrf.example/ar/1"),)},
        ),
    ],
)
def test_what_stands_round_the_text_in_another_way_raises_no_alarm(
    left: dict[str, object], right: dict[str, object]
) -> None:
    assert compare(furnished("en", **left), furnished("ar", **right)) == ()


def test_editions_are_compared_with_the_one_in_the_offices_language() -> None:
    editions = [edition("ar", "و7."), edition("en", "It has 9."), edition("fr", "Il y en a 8.")]
    found = compare_all(editions, first="en")
    assert [(d.language, d.other_language) for d in found] == [("en", "ar"), ("en", "fr")]
    assert compare_all(editions[:1], first="en") == ()
    assert compare_all([], first="en") == ()


def test_two_sentences_that_changed_places_are_there() -> None:
    found = compare(
        edition("en", f"{OPENING['en']} In 1987: 58 members.", f"{OPENING['en']} In 2025: 74 offices."),
        edition("ar", f"{OPENING['ar']} عام ١٩٨٧، ولها ٧٤ مكتبًا.", f"{OPENING['ar']} عام ٢٠٢٥، وتضم ٥٨ عضوًا."),
    )
    assert found == ()


def test_a_book_is_compared_paragraph_by_paragraph() -> None:
    paragraphs = [f"Chapter {number}." for number in range(3, 303)]
    found = compare(edition("en", *paragraphs), edition("fr", *paragraphs[:-1]))
    assert [str(difference.place) for difference in found] == ["paragraph 300"]


TEXTS = st.text(alphabet='ab 12.,٣«»“”"\n#*[]()-:مليون', max_size=120)


@given(TEXTS, TEXTS)
def test_any_two_texts_can_be_compared(left: str, right: str) -> None:
    for difference in compare(edition("en", left, headline=right), edition("ar", right, headline=left)):
        assert difference.text


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert compare(edition("en", text), edition("en", text)) == ()


def test_a_text_of_nothing_but_number_words_is_read() -> None:
    assert compare(edition("en", "two " * 4_000), edition("fr", "deux " * 4_000)) is not None
