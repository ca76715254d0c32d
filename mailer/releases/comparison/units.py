"""What a figure counts: per cent, money, lengths and spans of time, in each language's words and signs."""

import re
from collections.abc import Mapping
from functools import cache

from mailer.contacts.spelling import fold

PER_CENT = "per cent"

# A unit, and its words in English, Arabic, French and Spanish; a word that begins with another comes with its own row.
_WORDS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        PER_CENT,
        "per cent|percent|percentage points",
        "في المئة|في المائة|بالمئة|بالمائة|بالمية|من المئة",
        "pour cent|points de pourcentage",
        "por ciento|puntos porcentuales",
    ),
    ("dollars", "dollar|dollars|usd", "دولار|دولارات|دولارا", "dollar|dollars", "dolar|dolares"),
    ("euros", "euro|euros|eur", "يورو", "euro|euros", "euro|euros"),
    (
        "pounds",
        "pound|pounds|gbp|egp|lbp",
        "جنيه|جنيهات|جنيها|ليرة|ليرات",
        "livre|livres",
        "libra|libras",
    ),
    ("dinars", "dinar|dinars", "دينار|دنانير|دينارا", "dinar|dinars", "dinar|dinares"),
    ("dirhams", "dirham|dirhams|aed", "درهم|دراهم|درهما", "dirham|dirhams", "dirham|dirhams"),
    (
        "riyals",
        "riyal|riyals|rial|rials|sar",
        "ريال|ريالات|ريالا",
        "riyal|riyals|rial|rials",
        "rial|riales|riyales",
    ),
    ("francs", "franc|francs|chf", "فرنك|فرنكات|فرنكا", "franc|francs", "franco|francos"),
    (
        "kilometres",
        "km|kilometre|kilometres|kilometer|kilometers",
        "كم|كلم|كيلومتر|كيلومترات|كيلومترا",
        "km|kilometre|kilometres",
        "km|kilometro|kilometros",
    ),
    ("metres", "metre|metres|meter|meters", "متر|أمتار|مترا", "metre|metres", "metro|metros"),
    ("miles", "mile|miles", "ميل|أميال|ميلا", "mille marin|milles marins|milles", "milla|millas"),
    (
        "kilograms",
        "kg|kilogram|kilograms|kilo|kilos",
        "كغ|كلغ|كجم|كيلوغرام|كيلوغراما|كيلوجرام",
        "kg|kilogramme|kilogrammes|kilos",
        "kg|kilogramo|kilogramos|kilos",
    ),
    ("tonnes", "tonne|tonnes|ton|tons", "طن|أطنان|طنا", "tonne|tonnes", "tonelada|toneladas"),
    ("hectares", "hectare|hectares", "هكتار|هكتارات|هكتارا", "hectare|hectares", "hectarea|hectareas"),
    ("litres", "litre|litres|liter|liters", "لتر|لترات|ليتر|لترا", "litre|litres", "litro|litros"),
    ("minutes", "minute|minutes", "دقيقة|دقائق", "minute|minutes", "minuto|minutos"),
    ("hours", "hour|hours", "ساعة|ساعات", "heure|heures", "hora|horas"),
    ("days", "day|days", "يوم|أيام|يوما", "jour|jours", "dia|dias"),
    ("weeks", "week|weeks", "أسبوع|أسابيع|أسبوعا", "semaine|semaines", "semana|semanas"),
    ("months", "month|months", "شهر|أشهر|شهور|شهرا", "mois", "mes|meses"),
    ("years", "year|years", "سنة|سنوات|عام|أعوام|عاما", "an|ans|annee|annees", "ano|anos"),
)

SIGNS: Mapping[str, str] = {
    "%": PER_CENT,
    "٪": PER_CENT,
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
}
"""A sign on either side of the figure."""

BEFORE: Mapping[str, str] = {
    "usd": "dollars",
    "eur": "euros",
    "gbp": "pounds",
    "egp": "pounds",
    "lbp": "pounds",
    "chf": "francs",
    "aed": "dirhams",
    "sar": "riyals",
}
"""A code for money may stand before its figure."""


@cache
def unit_words(language: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """What matches a unit where it begins in folded text, and what each of the words means."""
    column = ("en", "ar", "fr", "es").index(language) + 1
    words = {fold(word): row[0] for row in _WORDS for word in row[column].split("|")}
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?:{alternatives})(?!\w)"), words
