"""Finds what somebody meant to fill in and did not: “XX per cent”, “TBC”, “[name]”, “(à compléter)”.

A text may say XX and mean twenty, and may have brackets in a quotation: “[the ministry] agreed”. So a bracket counts
only where a known word of a form is in it, and a phrase such as “to be confirmed” only where it stands alone.
"""

import re
from collections.abc import Iterator

from mailer.contacts.spelling import fold

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
# Twenty and thirty: of a century, of a chapter, of the congress that has them for its name.
_COUNTED = (
    r"(?:si[èe]cles?|siglos?|s\.|century|articles?|art[íi]culos?|art\.|chapters?|chapitres?|cap[íi]tulos?|annex(?:e|es)?|anexos?|"
    r"appendix|parts?|titles?|titres?|t[íi]tulos?|volumes?|vol\.|tomes?|tomos?|books?|livres?|libros?|sections?|sessions?|"
    r"cop|bowl|pages?|pp?\.|القرن|المادة|الفصل)"
)
_ROMAN_BEFORE = re.compile(rf"(?:^|\W){_COUNTED}\s*$", re.IGNORECASE)
_ROMAN_AFTER = re.compile(
    rf"\s+(?:(?i:century|centuries|si[èe]cles?|siglos?|chromosomes?|قرن)\b|(?!(?i:{_MONTHS})\b)[A-ZÀ-Þ][a-zß-ÿ]{{3,}})"
)

_XS = re.compile(r"(?<![\w.@])x{2,}(?!\w|/XY)", re.IGNORECASE)
_ONE_X = re.compile(
    r"(?<![\w.@-])X(?=\s?(?:%|per ?cent|pour cent|por ciento|million|billion|thousand|millones|"
    r"(?:people|personnes|personas)\b))"
)
_INITIALS = re.compile(
    r"(?<![\w.@-])(?:TB[CDA]|TKTK|TK TK|FIXME|TODO:)(?!\w)|(?<=[(\[])\s*(?:tb[cda]|tk|TK)\s*(?=[)\]])"
)
_FILLER = re.compile(r"lorem\s+ipsum", re.IGNORECASE)
_BLANKS = re.compile(r"_{3,}|(?<!\.)\.{6,}|…{3,}|\?{3,}|(?<!\w)(?:DD|JJ|MM)/(?:DD|MM)/(?:YY|AA)(?:YY|AA)?(?!\w)")

_FIELDS = (
    "name|first name|last name|surname|full name|title|position|function|job title|date|day|month|year|time|hour|city|"
    "town|place|location|country|venue|number|no|figure|amount|percentage|quote|quotation|link|url|phone|"
    "phone number|telephone|tel|email|e-mail|address|organisation|organization|photo|picture|caption|credit|headline|"
    "subhead|spokesperson|"
    "nom|prenom|titre|fonction|date|jour|mois|annee|heure|lieu|ville|pays|nombre|numero|chiffre|montant|citation|lien|"
    "telephone|courriel|adresse|legende|"
    "nombre|apellido|cargo|titulo|fecha|hora|ciudad|lugar|pais|numero|cifra|cita|enlace|telefono|correo|direccion|"
    "اسم|الاسم|اللقب|المنصب|المسمي|المسمي الوظيفي|الوظيفه|تاريخ|التاريخ|اليوم|الشهر|السنه|الساعه|مدينه|المدينه|"
    "مكان|المكان|البلد|عدد|العدد|رقم|الرقم|النسبه|المبلغ|اقتباس|رابط|الرابط|هاتف|الهاتف|رقم الهاتف|البريد|"
    "البريد الالكتروني|العنوان|صوره|الصوره"
)
_TO_DO = (
    "insert|add|enter|fill in|fill|complete|confirm|check|your|to come|to be|tbc|tbd|tba|tk|placeholder|text here|"
    "inserer|ajouter|completer|saisir|verifier|votre|a venir|a completer|a confirmer|a preciser|"
    "insertar|anadir|agregar|completar|su nombre|por completar|por confirmar|"
    "ادخل|اضف|يضاف|تضاف|يدرج|يستكمل|تستكمل|يحدد|للاستكمال|للتاكيد|قيد التاكيد|اسم"
)
_FIELD = rf"(?:{_FIELDS})(?:\s*\d{{1,2}})?"
_FORM = re.compile(
    rf"{_FIELD}(?:\s*(?:,|/|&|and|or|et|ou|y|و|،)\s*{_FIELD})*"
    r"(?:\s+(?:of|from|de|du|des|del|here|ici|aqui|to come|هنا)(?:\s.*)?)?"
    rf"|(?:{_TO_DO})(?:\s.*)?"
)
# Of one word that is no word of a form, these are editors' own.
_EDITORS = frozenset({"add", "check", "complete", "your", "fill", "enter", "confirm"})
_BRACKET = re.compile(r"\[([^\[\]]{1,60})\]|\{\{?([^{}]{1,60})\}?\}|<([^<>]{1,60})>|%([A-Z_]{3,30})%")

_PHRASE = (
    "to be (?:confirmed|completed|determined|announced|added|decided)|to come|"
    "a completer|a confirmer|a preciser|a venir|a determiner|por completar|por confirmar|por determinar|"
    "(?:ي|ت)ستكمل(?: لاحقا)?|(?:ي|ت)حدد لاحقا|(?:ي|ت)ضاف لاحقا|قيد (?:التاكيد|الاستكمال)|للاستكمال"
)
_ALONE = re.compile(rf"\W*(?:{_PHRASE})\W*")
_IN_BRACKETS = re.compile(r"\(([^()]{4,40})\)")
_AT_END = re.compile(r"[:–—-]\s*([^:–—-]{4,40})$")
_ENDS = re.compile(r"[.!]?\s*$")


def placeholders(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text, as a reader sees it, something was left to be filled in: from and to, in their order."""
    found = {span for spans in (_letters(text), _brackets(text), _phrases(text)) for span in spans}
    last = 0
    for start, end in sorted(found):
        if start >= last:
            yield start, end
            last = end


def _letters(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_INITIALS, _FILLER, _BLANKS, _ONE_X):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _XS.finditer(text):
        if len(match[0]) > 3 or not _is_roman(text, match):
            yield match.span()


def _is_roman(text: str, match: re.Match[str]) -> bool:
    # Behind the figure only where capitals may be a name's: “XX Congreso”, and not “XX November”.
    before, after = text[max(match.start() - 30, 0) : match.start()], text[match.end() : match.end() + 30]
    return bool(_ROMAN_BEFORE.search(before) or (match[0].isupper() and _ROMAN_AFTER.match(after)))


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    for match in _BRACKET.finditer(text):
        inner = fold(next(group for group in match.groups() if group is not None)).strip(" .:…*_")
        if match[4] or (_FORM.fullmatch(inner) and inner not in _EDITORS):
            yield match.span()


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    if _ALONE.fullmatch(fold(text)):
        yield 0, len(text)
    for match in _IN_BRACKETS.finditer(text):
        if _ALONE.fullmatch(fold(match[1])):
            yield match.span()
    end = _ENDS.search(text)
    last = _AT_END.search(text[: end.start()] if end else text)
    if last and _ALONE.fullmatch(fold(last[1])):
        yield last.span(1)
