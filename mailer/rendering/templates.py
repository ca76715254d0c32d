"""The office's templates: read whole, checked and run in a sandbox; their errors are told by file and line.

A template is a folder in the templates' folder: ``edition.html`` and ``edition.txt`` make one edition,
``subject.txt`` the subject; ``frame.html`` and ``frame.txt``, shared with other templates, go round the editions.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from mailer.errors import TemplateMissing, TemplateProblem, UnreadableFile
from mailer.rendering.slots import PersonalValue, Unprintable, printed
from mailer.rendering.translations import Catalogue, catalogue_for, functions

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NEEDED = ("edition.html", "edition.txt", "subject.txt")
_KINDS = (".html", ".txt", ".css", ".po")
_MAX_FILE = 512 * 1024
_MAX_OUTPUT = 2 * 1024 * 1024
"""Characters that one rendering may print; a long release has 20,000."""
_MAX_REPEATS = 100_000
"""Rounds of all ``range`` loops of one rendering together, and the length that ``*`` may make."""


class Template:
    """A template as its folder was when it was loaded."""

    def __init__(self, name: str, folder: Path, files: Mapping[str, str]) -> None:
        self.name = name
        self.folder = folder
        self._files = files
        self._rooms: dict[str, tuple[_Sandbox, Catalogue]] = {}
        self.sha256 = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
        """Of all files of the folder: what was sent can be told from what the folder holds today."""

    def catalogue(self, language: str) -> Catalogue:
        """The translations that serve a language."""
        return self._room(language)[1]

    def render(self, part: str, language: str, values: Mapping[str, object]) -> str:
        """One of its files with the values. Raises ``TemplateProblem``."""
        sandbox, _ = self._room(language)
        own = f"{self.name}/{part}"
        sandbox.begin(values)
        out: list[str] = []
        size = 0
        with _told(self._files):
            for chunk in sandbox.get_template(own if own in self._files else part).generate(values):
                out.append(chunk)
                size += len(chunk)
                if size > _MAX_OUTPUT:
                    raise self.problem(part, f"it prints more than {_MAX_OUTPUT:,} characters")
        return "".join(out)

    def problem(self, part: str, reason: str) -> TemplateProblem:
        """An error about a file as a whole."""
        own = f"{self.name}/{part}"
        return TemplateProblem(file=own if own in self._files else part, line=1, reason=reason)

    def check(self) -> None:
        """Raise ``TemplateProblem`` for a file of it that is not well written."""
        sandbox, _ = self._room("en")
        with _told(self._files):
            for name in self._files:
                if name.endswith((".html", ".txt")) and ("/" not in name or name.startswith(f"{self.name}/")):
                    sandbox.get_template(name)

    def _room(self, language: str) -> "tuple[_Sandbox, Catalogue]":
        if language not in self._rooms:
            catalogue = catalogue_for(language, self._files)
            self._rooms[language] = _Sandbox(self._files, catalogue), catalogue
        return self._rooms[language]


def load_template(folder: Path, name: str) -> Template:
    """Read a template and what it shares with the others.

    Raises ``TemplateMissing``, ``TemplateProblem`` or ``UnreadableFile``.
    """
    files = dict(_read(folder))
    known = sorted({file.split("/")[0] for file in files if file.endswith("/edition.html")})
    if name not in known or not _NAME.fullmatch(name):
        there = f"There are: {', '.join(known)}." if known else "Copy the default templates there again."
        raise TemplateMissing(name=name, folder=folder, known=there)
    for needed in (f"{name}/{part}" for part in _NEEDED):
        if needed not in files:
            raise TemplateMissing(name=needed, folder=folder, known="Copy it from another template.")
    for part in ("frame.html", "frame.txt"):
        if part not in files and f"{name}/{part}" not in files:
            raise TemplateMissing(name=part, folder=folder, known="Copy the default one there again.")
    template = Template(name, folder, files)
    template.check()
    return template


def _read(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file under the folder by its path there; what a link would bring in from elsewhere is left out."""
    root = folder.resolve()
    for place, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            file = Path(place) / name
            if not name.endswith(_KINDS) or name.startswith(".") or not file.resolve().is_relative_to(root):
                continue
            try:
                content = file.read_bytes() if file.stat().st_size <= _MAX_FILE else None
                if content is None:
                    raise UnreadableFile(file=file, reason=f"it is larger than {_MAX_FILE // 1024} kB")
                yield file.relative_to(root).as_posix(), content.decode("utf-8-sig")
            except OSError as error:
                raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error
            except UnicodeDecodeError as error:
                raise UnreadableFile(file=file, reason="it is not UTF-8 text") from error


class _Undefined(StrictUndefined):
    """Says what the name that was meant may be."""

    known: tuple[str, ...] = ()

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        owner = self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if owner is missing:
            names, where = list(self.known), ""
        else:
            names = list(owner) if isinstance(owner, Mapping) else [n for n in dir(owner) if not n.startswith("_")]
            where = " here"
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known{where} are {', '.join(sorted(names))}"
        return f"{name} is not known; {hint}"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja for one language: strict about names, HTML escaped, personal values printed as markers."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, files: Mapping[str, str], catalogue: Catalogue) -> None:
        class Undefined(_Undefined):
            pass

        self._names = Undefined
        super().__init__(
            loader=FunctionLoader(lambda name: (files[name], name, None) if name in files else None),
            undefined=Undefined,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=printed,
        )
        self.newstyle_gettext = True
        self.globals.update(functions(catalogue))
        self.globals["range"] = self._range
        self._repeats = 0

    def begin(self, values: Mapping[str, object]) -> None:
        """A new rendering: its budget of repeats, its names."""
        self._repeats = 0
        self._names.known = tuple(values)

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        self._repeats += len(numbers)
        if self._repeats > _MAX_REPEATS:
            raise OverflowError(f"it repeats more than {_MAX_REPEATS:,} times")
        return numbers

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, PersonalValue) or isinstance(right, PersonalValue):
            return left * right
        if operator == "**":
            raise OverflowError("powers are not for templates")
        for text, count in ((left, right), (right, left)):
            if isinstance(count, int) and hasattr(text, "__len__") and len(text) * count > _MAX_REPEATS:
                raise OverflowError(f"it repeats more than {_MAX_REPEATS:,} times")
        return left * right

    def wrap_str_format(self, value: Any) -> None:
        """Jinja's own ``format`` is safe but pads without limit: leave it to the next rule."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # They pad without limit, and a template has filters for what it may need of them.
        return not (isinstance(obj, str) and attr in _PADDING) and super().is_safe_attribute(obj, attr, value)


_PADDING: Final = frozenset({"format", "format_map", "ljust", "rjust", "center", "zfill", "expandtabs"})


class _told:  # noqa: N801 - reads as a verb where it is used
    """Turns whatever goes wrong in a template into a ``TemplateProblem`` with its file and line."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, TemplateProblem):
            return
        file, line = self._place(trace)
        reason = str(error) or type(error).__name__
        if isinstance(error, TemplateSyntaxError):
            file, line = error.filename or error.name or file, error.lineno
        elif isinstance(error, TemplateNotFound):
            near = difflib.get_close_matches(str(error.name), self._files, n=1, cutoff=0.5)
            reason = f"there is no file {error.name} in the templates' folder"
            reason += f"; did you mean {near[0]}?" if near else ""
        elif PersonalValue.__name__ in reason:
            reason = str(Unprintable())
        elif isinstance(error, RecursionError):
            reason = "it calls itself without end"
        elif not isinstance(error, TemplateError) and not file:
            return  # not the template's fault
        raise TemplateProblem(file=file or "templates", line=line, reason=reason.rstrip(".")) from error

    def _place(self, trace: TracebackType | None) -> tuple[str, int]:
        """The last frame of the traceback that is a template's line; Jinja has put those lines there."""
        file, line = "", 1
        while trace:
            if trace.tb_frame.f_code.co_filename in self._files:
                file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        return file, line
