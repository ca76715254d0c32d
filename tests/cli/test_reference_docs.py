"""The pages on commands and settings leave nothing out and name nothing that is not there."""

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from mailer.cli.app import app
from mailer.config import Config

DOCS = Path(__file__).parents[2] / "docs"


def commands() -> Iterator[tuple[str, set[str]]]:
    """Each command with its options."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        for inner, leaf in getattr(command, "commands", {"": command}).items():
            options = {o for p in leaf.params for o in p.opts if o.startswith("--")} - {"--help"}
            yield f"{name} {inner}".strip(), options


def sections() -> dict[str, str]:
    """The page's text on each command."""
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    found = {}
    for section in re.split(r"^### dateline ", page, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        found[re.sub(r" [\[A-Z].*", "", heading)] = text.partition("\n## ")[0]
    return found


@pytest.mark.parametrize(("command", "options"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_a_command_is_documented_with_each_of_its_options(command: str, options: set[str]) -> None:
    assert set(re.findall(r"^\| `(--[\w-]+)", sections()[command], re.MULTILINE)) == options


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(sections()) == {command for command, _ in commands()}


def settings(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, str, object]]:
    """Each key with its section and its default."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, types.GenericAlias):
            inner = next(
                (a for a in typing.get_args(inner) if isinstance(a, type) and issubclass(a, BaseModel)), None
            )
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from settings(inner, name)
        elif name != "home":
            yield section, name, field.default


def test_every_setting_is_documented_in_its_section() -> None:
    page = (DOCS / "operators" / "settings.md").read_text("utf-8")
    told = {}
    for section in re.split(r"^## \[+", page, flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("]")
        told[name] = set(re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE))
    known: dict[str, set[str]] = {}
    for section, key, _ in settings(Config):
        known.setdefault(section, set()).add(key)
    assert told == known


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_a_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_a_command_that_a_page_prints_is_there(page: Path) -> None:
    known = dict(commands())
    text = page.read_text("utf-8")
    lines = [
        line
        for line in text.replace("\\\n", " ").splitlines()
        if line.startswith(("    dateline ", "    $ dateline "))
    ]
    for line in lines:
        words = line.strip().removeprefix("$ ").split("#")[0].split()[1:]
        if words[:1] == ["--home"]:
            words = words[2:]
        if words in (["--help"], ["--version"]):
            continue
        name = words[0] if words[0] in known else " ".join(words[:2])
        assert name in known, line
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= known[name] | {"--help"}, line
