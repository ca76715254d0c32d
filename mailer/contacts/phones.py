"""Telephone numbers: what is one, how it is written for people of every country, and when two are the same line."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    ValidationResult,
    is_possible_number_with_reason,
    is_valid_number,
    national_significant_number,
    parse,
    region_code_for_country_code,
    region_codes_for_country_code,
)
from phonenumbers.phonemetadata import PhoneMetadata

from mailer.contacts.countries import country_name

MAX_LENGTH = 60
"""Characters, as many as the registry keeps of one."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A checked number: in international form as on a card, and as one key for each line."""

    text: str
    """Such as “+961 1 555 010 ext. 12”."""
    key: str
    """E.164, and the extension as RFC 3966 writes it: “+9611555010;ext=12”."""


_LABEL = re.compile(
    r"(?:tel|t[eé]l[eé]phone|t[eé]l|telephone|phone|mobile|mob|cell|cel|gsm|portable|whatsapp|t|m|p"
    r"|هاتف|تلفون|تليفون|جوال|موبايل|محمول|خلوي|نقال)[\s.:]*(?=[+(\d])",
    re.IGNORECASE,
)
# What stands before an extension in the three languages; the signs are those of RFC 3966 and of old habit.
_EXTENSION = re.compile(
    r"[\s,;.]*(?:(?:;?ext=|(?<![^\W\d])(?:extension|ext|extn|poste|p|x|int|داخلي|تحويلة|تحويله|مقسم)(?![^\W\d]))[\s.:]*|#\s*)(\d{1,10})\s*$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\+?[\d\s().\-/·]+", re.ASCII)
_INTERNATIONAL = re.compile(r"\+[1-9](?: ?\d){6,16}", re.ASCII)
_DASHES = {ord(dash): "-" for dash in "‐‑‒–—―−－"}
_MARKS = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def phone(text: str, country: str) -> Phone:
    """Check a number, written in international form or in that of ``country`` (ISO 3166-1 alpha-2).

    The measure is whether there can be such a number, by its country code and length. Whether its range is in use
    is not asked of one in international form: ranges are opened every month and the library's copy of them ages,
    and those kept for fiction (555) are never in use. A national form is held to more, lest another country's
    number without its plus is taken for one of this: it begins with the trunk prefix, or its range is in use.
    Raises ``ValueError`` with the reason.
    """
    number, extension = text, ""
    if plain := _plain(text):
        code, digits = plain
    else:
        number, extension = _parts(text)
        number = _with_plus(number, country)
        code, digits = _parsed(number, country)
    _check_length(code, digits, country)
    if not digits.strip("0"):
        raise ValueError("it is nothing but zeros")
    shown, key = f"+{code} {_spaced(code, digits)}", f"+{code}{digits}"
    if shown.count(" ") + shown.count("-") == 1:
        # The library knows no grouping for it: as it was written, then.
        shown = _grouped(number, code, digits)
    if extension:
        shown, key = f"{shown} ext. {extension}", f"{key};ext={extension}"
    return Phone(shown, key)


_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country has that code",
    NumberParseException.TOO_SHORT_NSN: "too short for a telephone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short for a telephone number",
    NumberParseException.TOO_LONG: "too long for a telephone number",
}


def _plain(text: str) -> tuple[int, str] | None:
    """What ``parse`` makes of a number in plain international form, its country's code and its digits, found in a
    tenth of its time; ``None`` for others.

    There the library has nothing to take away but the country's code. A test holds it to what the library says.
    """
    if not _INTERNATIONAL.fullmatch(text):
        return None
    digits = text[1:].replace(" ", "")
    code, length, trunk = _country_code(digits[:3])
    rest = digits[length:]
    if not code or rest[0] == "0" or not 4 <= len(rest) <= 15 or (trunk and trunk.match(rest)):
        return None
    return code, rest


@cache
def _country_code(three: str) -> tuple[int, int, re.Pattern[str] | None]:
    """The country's code with which these digits begin, 0 for none, how long it is, and its ``_trunk_prefix``."""
    for length in (1, 2, 3):
        if (code := int(three[:length])) in COUNTRY_CODE_TO_REGION_CODE:
            return code, length, _trunk_prefix(code)
    return 0, 0, None


def _spaced(code: int, digits: str) -> str:
    """The digits with the spaces and hyphens that ``format_number`` puts there; a test holds it to that."""
    for beginning, whole, groups in _groupings(code):
        if beginning.match(digits) and (match := whole.fullmatch(digits)):
            return groups.format(*match.groups())
    return digits


@cache
def _groupings(code: int) -> list[tuple[re.Pattern[str], re.Pattern[str], str]]:
    """How numbers behind a country's code are grouped: by their first digits, all of their digits, in which groups."""
    place = PhoneMetadata.metadata_for_region_or_calling_code(code, region_code_for_country_code(code))
    forms = (place.intl_number_format or place.number_format) if place else ()
    return [
        (
            re.compile(form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""),
            re.compile(form.pattern or ""),
            _GROUP.sub(lambda group: f"{{{int(group[1]) - 1}}}", form.format or ""),
        )
        for form in forms
    ]


_GROUP = re.compile(r"\\(\d)")


@cache
def _trunk_prefix(code: int) -> re.Pattern[str] | None:
    """What the library takes for the prefix of national calls in the countries of that code, and leaves out."""
    place = PhoneMetadata.metadata_for_region_or_calling_code(code, region_code_for_country_code(code))
    prefix = place.national_prefix_for_parsing if place else None
    return re.compile(prefix) if prefix else None


def _parsed(number: str, country: str) -> tuple[int, str]:
    """Its country's code and its digits behind that. Raises ``ValueError`` for no number, and for one that does not say
    which country's it is."""
    place = PhoneMetadata.metadata_for_region(country)
    if not number.startswith("+") and place is None:
        raise ValueError("it has no country's code; write it as +961 1 555 0100")
    try:
        parsed = parse(number, country or None, keep_raw_input=True)
    except NumberParseException as error:
        raise ValueError(_REASONS.get(error.error_type, "not a telephone number")) from error
    code, digits = parsed.country_code or 0, national_significant_number(parsed)
    if not _is_told(number, parsed, country):
        _check_length(code, digits, country)
        name = country_name(country)
        raise ValueError(f"not a number of {name}; write it with + and its country's code in front")
    return code, digits


def _parts(text: str) -> tuple[str, str]:
    """The number in ASCII digits, and its extension."""
    if len(text) > 4 * MAX_LENGTH:
        raise ValueError("too long for a telephone number; is it more than one?")
    plain = " ".join(_ascii_digits(_MARKS.sub("", text).translate(_DASHES)).replace("＋", "+").split())
    plain = _LABEL.sub("", plain, count=1) if _LABEL.match(plain) else plain
    extension = ""
    if match := _EXTENSION.search(plain):
        plain, extension = plain[: match.start()], match[1]
    plain = plain.strip()
    if len(plain) > MAX_LENGTH:
        raise ValueError("too long for a telephone number; is it more than one?")
    if re.match(r"\(\s*\+", plain):
        plain = plain.replace("(", " ").replace(")", " ").strip()
    if not any(character.isdigit() for character in plain):
        raise ValueError("there are no digits in it")
    if any(character.isalpha() for character in plain):
        raise ValueError("it has letters in it; write only the number, such as +961 1 555 0100")
    if not _DIGITS.fullmatch(plain):
        raise ValueError(
            "it has signs in it that no telephone number has; write one number, such as +961 1 555 0100"
        )
    return plain, extension


def _ascii_digits(text: str) -> str:
    """Digits of every script (Arabic-Indic, Persian, full-width …) as 0 to 9."""
    return "".join(str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text)


def _with_plus(number: str, country: str) -> str:
    """The number with + for the 00 of international calls, unless 00 means something else there (Australia)."""
    number = re.sub(r"^\+[\s(]*00", "+", number)
    compact = re.sub(r"\D", "", number)
    if number.startswith("+") or not compact.startswith("00"):
        return number
    place = PhoneMetadata.metadata_for_region(country)
    prefix = place.international_prefix if place else None
    if prefix and prefix != "00" and re.match(prefix, compact):
        return number
    return re.sub(r"^\D*0\D*0", "+", number)


def _check_length(code: int, digits: str, country: str) -> None:
    if not code or not _can_be(code, len(digits)):
        _refuse_length(code, digits, country)


@cache
def _can_be(code: int, digits: int) -> bool:
    """Whether there are numbers of so many digits behind a country's code; nothing else is asked about a length."""
    some = PhoneNumber(country_code=code, national_number=int("1" * digits))
    return is_possible_number_with_reason(some) is ValidationResult.IS_POSSIBLE


def _refuse_length(code: int, digits: str, country: str) -> None:
    regions = region_codes_for_country_code(code)
    place = country_name(country if country in regions else next(iter(regions), ""))
    match is_possible_number_with_reason(PhoneNumber(country_code=code, national_number=int("1" * len(digits)))):
        case ValidationResult.IS_POSSIBLE:
            return
        case ValidationResult.TOO_SHORT:
            raise ValueError(f"too short for {place}")
        case ValidationResult.TOO_LONG:
            raise ValueError(f"too long for {place}; is it more than one?")
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise ValueError("it lacks the area code")
        case _:
            raise ValueError(f"no number of {place} has so many digits")


def _is_told(number: str, parsed: PhoneNumber, country: str) -> bool:
    """Whether the number itself says which country's it is, or could not be another's."""
    if number.startswith("+") or parsed.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
        return True
    place = PhoneMetadata.metadata_for_region(country)
    trunk = place.national_prefix if place else None
    digits = re.sub(r"\D", "", number)
    return bool(trunk and digits.startswith(trunk)) or is_valid_number(parsed)


def _grouped(number: str, code: int, digits: str) -> str:
    """The number in the groups in which it was written, counted from its end."""
    rest = len(digits)
    groups: list[str] = []
    for group in reversed(re.findall(r"\d+", number)):
        if rest <= 0:
            break
        groups.append(group[-rest:])
        rest -= len(group)
    return " ".join([f"+{code}", *reversed(groups)])
