"""Colours of a style, and how well one can be read on another."""

import re
from dataclasses import dataclass
from typing import Self

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_NAMED = {
    "black": "#000000", "white": "#ffffff", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "red": "#ff0000",
    "maroon": "#800000", "green": "#008000", "lime": "#00ff00", "blue": "#0000ff", "navy": "#000080",
    "yellow": "#ffff00", "orange": "#ffa500", "teal": "#008080", "purple": "#800080", "lightgray": "#d3d3d3",
    "lightgrey": "#d3d3d3", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour without transparency."""

    red: int
    green: int
    blue: int

    @classmethod
    def parsed(cls, value: str) -> Self | None:
        """As CSS writes it; ``None`` for what is transparent, inherited or written in another way."""
        plain = value.strip().lower().removesuffix("!important").strip()
        plain = _NAMED.get(plain, plain)
        if match := _HEX.fullmatch(plain):
            digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
            return cls(*bytes.fromhex(digits))
        if match := _RGB.fullmatch(plain):
            return cls(*(min(int(part), 255) for part in match.groups()))
        return None

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """From 0 (black) to 1 (white): relative luminance by WCAG 2.2."""
        red, green, blue = (_linear(part / 255) for part in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white): the contrast ratio by WCAG 2.2."""
    light, dark = max(one.luminance, other.luminance), min(one.luminance, other.luminance)
    return (light + 0.05) / (dark + 0.05)


def enough(*, large: bool) -> float:
    """The ratio that text needs: WCAG 2.2, success criterion 1.4.3 (AA)."""
    return 3.0 if large else 4.5


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
