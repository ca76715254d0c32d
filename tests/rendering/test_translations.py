"""What the templates say is translated as the office edits it, and a slip in a catalogue is told by its line."""

import re
from pathlib import Path

import pytest
from material import TEMPLATES, compiled, office_templates, short_issue, template

from mailer.errors import TemplateProblem
from mailer.rendering import compile_message, load_template

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
PO = "locale/ar/LC_MESSAGES/templates.po"


def messages() -> set[str]:
    """Every message that the office's templates and the views ask for."""
    found = {"English below", "%(cities)s, %(day)s", "%(day)s, %(time)s UTC"}
    found.add("%(day)s, %(time)s in %(city)s (%(offset)s)")
    for file in TEMPLATES.rglob("*"):
        if file.suffix in (".html", ".txt"):
            found |= set(re.findall(r'_\("([^"]+)"', file.read_text("utf-8")))
    return found


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_every_word_of_the_templates_is_translated(language: str) -> None:
    words = template().catalogue(language)
    same = {
        "%(cities)s, %(day)s",
        "%(day)s, %(time)s UTC",
        "[EMBARGO %(moment)s] %(headline)s",
        "Version %(version)s",
    }
    assert len(messages()) > 15
    untranslated = {message for message in messages() if words.translations.gettext(message) == message}
    assert untranslated <= (same if language == "fr" else set())


def catalogue(folder: Path, po: str) -> Path:
    office_templates(folder, edition_txt='{{ _("Hello %(who)s", who=edition.headline) }}')
    (folder / PO).parent.mkdir(parents=True)
    (folder / PO).write_text(HEAD + po, "utf-8")
    return folder


def test_a_translation_is_read_as_it_is_edited(tmp_path: Path) -> None:
    for words in ("أهلاً يا %(who)s", "مرحبا يا %(who)s"):
        folder = catalogue(tmp_path / words[:3], f'msgid "Hello %(who)s"\nmsgstr "{words}"\n')
        message = compile_message(
            load_template(folder, "plain"), short_issue("ar", headline="نور"), languages=["ar"], place=None
        )
        assert message.text.texts[0].strip() == words % {"who": "نور"}
        assert message.warnings == ()


def test_a_region_reads_its_language_s_catalogue_and_a_missing_one_is_told() -> None:
    assert template().catalogue("ar-LB").language == "ar"
    issue = short_issue("de")
    message = compile_message(template(), issue, languages=["de"], place=None)
    assert any("not translated into de" in warning for warning in message.warnings)
    assert compiled("ar").warnings == ()


@pytest.mark.parametrize(
    ("po", "line", "reason"),
    [
        ('msgid "Hello %(who)s"\nmsgstr "أهلاً %(whom)s"\n', 4, "%(whom)s"),
        ('msgid "Hello %(who)s"\nmsgstr "أهلاً\n', 5, "msgstr"),
        ('msgid "Hello"\nmsgstrr "أهلاً"\n', 5, "quotation mark"),
    ],
)
def test_a_slip_in_a_catalogue_is_told_by_its_line(tmp_path: Path, po: str, line: int, reason: str) -> None:
    loaded = load_template(catalogue(tmp_path, po), "plain")
    with pytest.raises(TemplateProblem) as caught:
        loaded.catalogue("ar")
    assert reason in caught.value.problem
    assert caught.value.fields["file"] == PO
    assert caught.value.fields["line"] == line
