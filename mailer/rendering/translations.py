"""The office's own translations of what templates say: gettext catalogues, read as they are edited.

``templates/locale/ar/LC_MESSAGES/templates.po``; nothing has to be compiled.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from gettext import GNUTranslations, NullTranslations
from io import BytesIO, StringIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from mailer.errors import TemplateProblem
from mailer.rendering.languages import best_of
from mailer.rendering.slots import printed

_FILE = re.compile(r"locale/([A-Za-z_-]{2,20})/LC_MESSAGES/templates\.po")
_LINE = re.compile(r'|#.*|(?:(?:msgid|msgid_plural|msgctxt|msgstr(?:\[\d\])?)\s+)?"(?:[^"\\]|\\.)*"')
_PLACEHOLDER = re.compile(r"%%|%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The translations into one language."""

    language: str
    """Its own; empty where the office has none for the language asked for, and everything stays English."""
    translations: NullTranslations

    def say(self, message: str, **values: object) -> str:
        """The message in this language with its values, as plain text."""
        return _filled(self.translations.gettext(message), values, html=False)

    def knows(self, message: str) -> bool:
        """Whether it is really translated (English is)."""
        return self.language.startswith("en") or self.translations.gettext(message) != message


def catalogue_for(language: str, files: Mapping[str, str]) -> Catalogue:
    """The catalogue that serves a language, from the template folder's files. Raises ``TemplateProblem``."""
    there = {match[1].replace("_", "-"): name for name in files if (match := _FILE.fullmatch(name))}
    found = best_of(language, there)
    if found is None:
        return Catalogue("", NullTranslations())
    name = there[found]
    for number, line in enumerate(files[name].splitlines(), 1):
        # Babel takes a line without its closing quotation mark and drops a letter.
        if not _LINE.fullmatch(line.strip()):
            reason = 'the line is not a # remark or msgid "…" or msgstr "…" with its quotation marks'
            raise TemplateProblem(file=name, line=number, reason=reason)
    try:
        catalogue = read_po(StringIO(files[name]), abort_invalid=True)
    except (PoFileError, ValueError) as error:
        place = (getattr(error, "lineno", None) or 0) + 1
        raise TemplateProblem(file=name, line=place, reason=str(error)) from error
    for message in catalogue:
        if message.id and (strange := _placeholders(message.string) - _placeholders(message.id)):
            reason = f"the translation names %({min(strange)})s, which the English text does not have"
            raise TemplateProblem(file=name, line=message.lineno, reason=reason)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Catalogue(found, GNUTranslations(compiled))


def _placeholders(text: object) -> set[str]:
    forms = [text] if isinstance(text, str) else list(text) if isinstance(text, list | tuple) else []
    return {match[1] for form in forms for match in _PLACEHOLDER.finditer(str(form)) if match[1]}


def functions(catalogue: Catalogue) -> dict[str, Callable[..., str]]:
    """What templates call: ``_``, ``gettext``, ``ngettext``, ``pgettext``; ``{% trans %}`` calls them too.

    Jinja's own would hide personal values; these print them.
    """
    known = catalogue.translations

    @pass_context
    def gettext(context: Context, message: str, /, **values: object) -> str:
        return _filled(known.gettext(message), values, html=bool(context.eval_ctx.autoescape))

    @pass_context
    def ngettext(context: Context, one: str, many: str, number: int, /, **values: object) -> str:
        text = known.ngettext(one, many, number)
        return _filled(text, {"num": number} | values, html=bool(context.eval_ctx.autoescape))

    @pass_context
    def pgettext(context: Context, where: str, message: str, /, **values: object) -> str:
        return _filled(known.pgettext(where, message), values, html=bool(context.eval_ctx.autoescape))

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext, "pgettext": pgettext}


def _filled(text: str, values: Mapping[str, object], *, html: bool) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        shown = printed(values[match[1]])
        return str(escape(shown) if html else shown)

    filled = _PLACEHOLDER.sub(value, text)
    return Markup(filled) if html else filled  # noqa: S704 - the office's words, the values escaped
