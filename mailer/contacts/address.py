"""Mail addresses: what is one, and when two are the same mailbox."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH

# A dot-atom (RFC 5322 3.2.3) of at most 64 octets (RFC 5321 4.5.3.1.1), and what may be a host's name: the form of
# nearly every address. Whether there can be such a domain is asked of email-validator.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@([A-Za-z0-9.-]{1,253})"
)
# They turn text round, or are not there at all, and come along when an address is copied from an Arabic page or cell.
_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CASELESS = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: as it is written, and folded for comparison."""

    text: str
    """Internationalised mailboxes and domains in Unicode (RFC 6531, RFC 5890 U-labels)."""
    key: str
    """One mailbox, one key: case folded, the domain in ASCII. Local parts that differ in case only are taken
    for one mailbox: RFC 5321 2.4 lets them differ, no provider does."""


def address(text: str) -> Address:
    """Check the form of an address (no look-up of its domain), without directional marks that were copied with it.
    Raises ``ValueError`` with the reason.

    email-validator decides. A list of many thousands has few domains, so for plain addresses it is asked once a domain,
    and what is simple about the rest is done here, ten times as fast; a test holds both to the same answers.
    """
    text = (text if text.isascii() else _MARKS.sub("", text)).strip()
    return plain_address(text) or _checked(text)


def plain_address(text: str) -> Address | None:
    """The address that is nothing but text in its plainest form; ``None`` for what has to be looked at more closely."""
    if (plain := _PLAIN.fullmatch(text)) and (domain := _domain(plain[2])):
        local = plain[1]
        if len(local) + domain.longest < EMAIL_MAX_LENGTH:
            folded = local.lower()
            return Address(f"{folded if folded in _CASELESS else local}@{domain.text}", f"{folded}@{domain.key}")
    return None


@dataclass(frozen=True, slots=True)
class _Domain:
    text: str
    key: str
    longest: int
    """Octets of the longest of its forms: as given, in Unicode, in ASCII (RFC 5890)."""


@lru_cache(maxsize=65_536)
def _domain(text: str) -> _Domain | None:
    try:
        checked = validate_email(f"a@{text}", check_deliverability=False, strict=True)
    except EmailNotValidError:
        return None
    forms = (text, checked.domain, checked.ascii_domain)
    return _Domain(checked.domain, checked.ascii_domain.lower(), max(len(form.encode()) for form in forms))


@lru_cache(maxsize=4096)
def _checked(text: str) -> Address:
    try:
        checked = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(str(error).rstrip(".")) from error
    return Address(checked.normalized, f"{checked.local_part.casefold()}@{checked.ascii_domain.lower()}")
