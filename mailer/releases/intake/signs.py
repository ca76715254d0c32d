"""Raised and lowered digits, and the characters of the fonts of symbols, as plain text that means the same."""

import unicodedata

_DIGITS = "0123456789+-−=()"
_RAISED = dict(zip(_DIGITS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True))
_LOWERED = dict(zip(_DIGITS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))

# Adobe's Symbol encoding, from each of these codes on; what has no mark of its own is left out.
_SYMBOL = {
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…",
    0xC4: "⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓",
    0xE5: "∑",
    0xF2: "∫",
}
_WINGDINGS = {0x28: "☎", 0x2A: "✉", 0x6F: "□", 0xA7: "▪", 0xA8: "◻", 0xDF: "←", 0xE0: "→", 0xFB: "✗✓☒☑"}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def raised(text: str) -> str:
    """Text that stands above the line: “10⁶” is not 106. Letters alone stay as they are: “1st”."""
    return _shifted(text, _RAISED, "^")


def lowered(text: str) -> str:
    """Text that stands below the line: “CO₂”."""
    return _shifted(text, _LOWERED, "_")


def is_private(character: str) -> bool:
    """Whether a character means something in its font only."""
    return "\ue000" <= character <= "\uf8ff"


def from_font(code: int, font: str) -> str:
    """The character that a font of symbols shows for a code; empty where it is not known."""
    if not 0xE000 <= code <= 0xF8FF and font.casefold() not in _FONTS:
        character = chr(code) if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""
        return character if character.isprintable() else ""
    code &= 0xFF
    rows = _FONTS.get(font.casefold(), {})
    return next((row[code - start] for start, row in rows.items() if start <= code < start + len(row)), "")


def _shifted(text: str, table: dict[str, str], mark: str) -> str:
    words = text.strip()
    plain = "".join(str(unicodedata.decimal(character, character)) for character in words)
    if not words or not any(character in table for character in plain):
        return text
    if all(character in table for character in plain):
        return text.replace(words, "".join(table[character] for character in plain))
    return text.replace(words, f"{mark}({words})") if any(c.isdecimal() for c in words) else text
