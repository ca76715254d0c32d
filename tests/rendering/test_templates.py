"""A template is read from its folder alone, told of by file and line when it is wrong, and can't do harm."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from material import BEIRUT, NOUR, TEMPLATES, office_templates, sent, short_issue

from mailer.errors import TemplateMissing, TemplateProblem, UnreadableFile
from mailer.rendering import CompiledMessage, compile_message, load_template


def made(folder: Path, content: dict[str, Any] | None = None, **files: str) -> CompiledMessage:
    """A message made with the small template ``plain``, in which the given files are replaced."""
    template = load_template(office_templates(folder, **files), "plain")
    return compile_message(template, short_issue(**content or {}), languages=["en"], place=BEIRUT)


def problem(folder: Path, **files: str) -> TemplateProblem:
    with pytest.raises(TemplateProblem) as caught:
        made(folder, **files)
    return caught.value


@pytest.mark.parametrize("name", ["release", "notice"])
def test_the_office_s_own_templates_can_be_loaded(name: str) -> None:
    assert load_template(TEMPLATES, name).name == name


@pytest.mark.parametrize(
    "name", ["", "relaese", "../release", "/etc", "release/edition.html", ".hidden", "locale"]
)
def test_a_template_that_is_not_there_is_told_with_those_that_are(name: str) -> None:
    with pytest.raises(TemplateMissing) as caught:
        load_template(TEMPLATES, name)
    assert "notice, release" in caught.value.advice


def test_a_file_that_is_wanted_is_named(tmp_path: Path) -> None:
    office_templates(tmp_path)
    (tmp_path / "plain" / "subject.txt").unlink()
    with pytest.raises(TemplateMissing, match=r"plain/subject\.txt"):
        load_template(tmp_path, "plain")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("<p>\n{{ edition.headlne }}", 2, "did you mean headline?"),
        ("{% if x %}\n{% endif %}\n{{ editon.headline }}", 1, "x is not known"),
        ("\n\n{{ editon.headline }}", 3, "editon is not known; did you mean edition?"),
        ("\n{{ release.sha }}", 2, "known here are digest, slug, under_embargo, version"),
        ("\n{% if edition %}", 2, "end"),
        ("\n{% inclde 'x' %}", 2, "inclde"),
        ("\n{% include 'parts.htm' %}", 2, "there is no file parts.htm"),
        ("\n{{ 1 / 0 }}", 2, "division"),
        ("\n{{ edition.headline() }}", 2, "callable"),
        ("\n{{ edition | nofilter }}", 2, "nofilter"),
        ("{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}", 2, "without end"),
    ],
)
def test_a_slip_is_told_by_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    caught = problem(tmp_path, edition_html=text)
    assert (caught.fields["file"], caught.fields["line"]) == ("plain/edition.html", line)
    assert words in caught.problem
    assert "releases preview" in caught.advice


def test_a_slip_in_a_shared_file_is_told_there(tmp_path: Path) -> None:
    office_templates(tmp_path)
    (tmp_path / "parts.html").write_text("{% macro p() %}\n\n{{ nothing }}\n{% endmacro %}")
    caught = problem(tmp_path, edition_html="{% import 'parts.html' as parts %}\n{{ parts.p() }}")
    assert (caught.fields["file"], caught.fields["line"]) == ("parts.html", 3)


USES = [
    "{% if contact.name %}x{% endif %}",
    "{% if contact.name == 'Nour' %}x{% endif %}",
    "{% if 'N' in contact.name %}x{% endif %}",
    "{% if contact.name in ['Nour'] %}x{% endif %}",
    "{{ contact.name | upper }}",
    "{{ contact.name | length }}",
    "{{ contact.name | e }}",
    "{{ contact.name | string }}",
    "{{ contact.name | replace('a', 'b') }}",
    "{{ contact.name | tojson }}",
    "{{ contact.name | pprint }}",
    "{{ contact.name | list }}",
    "{{ [contact.name] | join }}",
    "{{ [contact.name, contact.address] | sort }}",
    "{{ {contact.name: 1} }}",
    "{{ [contact.name] }}",
    "{{ contact.name[0] }}",
    "{{ contact.name[:3] }}",
    "{{ contact.name.first }}",
    "{{ contact.name.upper() }}",
    "{{ contact.name ~ '!' }}",
    "{{ 'Dear ' + contact.name }}",
    "{{ 'Dear %s' % contact.name }}",
    "{{ contact.name * 2 }}",
    "{{ not contact.name }}",
    "{% for c in contact.name %}{{ c }}{% endfor %}",
    "{% set x = _('%(n)s', n=contact.name) %}{% if x %}y{% endif %}",
    "{% set x %}{{ contact.name }}{% endset %}{{ x | upper }}",
    "{% set x %}{{ contact.name }}{% endset %}{{ x[:20] }}",
    "{% set x %}{{ contact.name }}{% endset %}{% if 'a' in x %}y{% endif %}",
    "{% macro m() %}{{ contact.name }}{% endmacro %}{{ m() | length }}",
]


@pytest.mark.parametrize("part", ["edition_html", "edition_txt"])
@pytest.mark.parametrize("use", USES)
def test_a_personal_value_can_only_be_printed(tmp_path: Path, part: str, use: str) -> None:
    assert "a personal value can only be printed" in problem(tmp_path, **{part: use}).problem


@pytest.mark.parametrize("text", ["<style>{{ contact.name }}</style>", "<!-- {{ contact.name }} -->"])
def test_a_personal_value_that_no_reader_would_see_is_told(tmp_path: Path, text: str) -> None:
    assert "can only be printed" in problem(tmp_path, edition_html=text).problem


def test_a_personal_value_can_be_printed_anywhere(tmp_path: Path) -> None:
    text = (
        "{% macro m(who) %}({{ who }}){% endmacro %}{{ m(contact.name) }} {% set x = contact.name %}{{ x }} "
        "{% trans who=contact.name %}Dear {{ who }}, 100%{% endtrans %} {{ _('To %(who)s', who=contact.address) }}"
    )
    message = made(tmp_path, edition_txt=text, edition_html="<p title='{{ contact.name }}'>" + text)
    shown = message.preview(NOUR)
    assert shown.text.replace("\u2068", "").replace("\u2069", "") == (
        "(Nour Haddad) Nour Haddad Dear Nour Haddad, 100% To nour.haddad@courier.example\n"
    )
    assert 'title="Nour Haddad"' in shown.html
    assert shown.html.count("Nour Haddad") == 4


def test_a_personal_value_is_escaped_where_it_stands(tmp_path: Path) -> None:
    text = "<p title='{{ contact.name }}'>{{ contact.name }}"
    message = made(tmp_path, edition_html=text, edition_txt="{{ contact.name }}")
    nour = replace(NOUR, name="\"'><b>&amp;")
    assert b"<b>" not in sent(message, nour).split(b"text/html")[1]
    shown = message.preview(nour)
    assert shown.html.count("&#34;&#39;&gt;&lt;b&gt;&amp;amp;") == 2
    assert nour.name in shown.text


def test_a_subject_has_no_personal_values(tmp_path: Path) -> None:
    caught = problem(tmp_path, subject_txt="Dear {{ contact.name }}")
    assert (caught.fields["file"], "same for everyone" in caught.problem) == ("plain/subject.txt", True)


def test_an_empty_subject_is_refused(tmp_path: Path) -> None:
    assert "empty" in problem(tmp_path, subject_txt=" \n").problem


@pytest.mark.parametrize(
    "text",
    ["dateline0123456789abcdef0123n0end", "dateline", "{{ contact.address }}", "{% include 'x' %}", "n0end\x00"],
)
def test_release_text_cannot_pass_for_a_personal_value(tmp_path: Path, text: str) -> None:
    files = {
        "edition_html": "<p>{{ edition.headline }}{{ edition.body }}",
        "edition_txt": "{{ edition.headline }}",
    }
    message = made(tmp_path, {"headline": text, "body": text}, **files)
    assert message.html.slots == message.text.slots == ()
    assert text.strip("\0") in message.text.texts[0]
    assert NOUR.address.encode() not in sent(message).split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ edition.__class__.__mro__ }}",
        "{{ contact._watch }}",
        "{{ contact.name._mint }}",
        "{{ embargo._issue.assets }}",
        "{{ edition.headline.format(edition) }}",
        "{{ _.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{% for i in range(999999) %}x{% endfor %}",
        "{% for i in range(999) %}{% for j in range(999) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x'.ljust(999999999) }}",
        "{% set x = 'x' * 90000 %}" + "{{ x }}" * 30,
        "{% include '/etc/passwd' %}",
        "{% include '../secret.html' %}",
        "{% include 'link.html' %}",
        "<script>alert(1)</script>",
    ],
)
def test_a_template_reaches_nothing_and_fills_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.html").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    problem(folder, edition_html=text)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    office_templates(tmp_path)
    (tmp_path / "style.css").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableFile, match="UTF-8"):
        load_template(tmp_path, "plain")


def test_styles_are_inlined_and_nothing_is_fetched_for_them(tmp_path: Path) -> None:
    (tmp_path / "local.css").write_text("p { color: green }")
    frame = (
        f"<html><head><link rel='stylesheet' href='{tmp_path.as_uri()}/local.css'><link rel='stylesheet' href='http://127.0.0.1:9/x.css'>"
        "<style>p { margin: 1px }</style></head><body>{% for s in sections %}{{ s.content }}{% endfor %}</body>"
    )
    html = made(tmp_path, frame_html=frame).preview(NOUR).html
    assert "margin: 1px" in html
    assert "green" not in html


def test_a_template_is_what_it_was_when_it_was_loaded(tmp_path: Path) -> None:
    office_templates(tmp_path, edition_txt="before")
    template = load_template(tmp_path, "plain")
    office_templates(tmp_path, edition_txt="after")
    message = compile_message(template, short_issue(), languages=["en"], place=None)
    assert message.text.texts[0] == "before\n"
    assert load_template(tmp_path, "plain").sha256 != template.sha256
