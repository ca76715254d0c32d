"""Mail addresses: what is one, and when two are the same mailbox."""

from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address: as it is written, and folded for comparison."""

    text: str
    """Internationalised mailboxes and domains in Unicode (RFC 6531, RFC 5890 U-labels)."""
    key: str
    """One mailbox, one key: case folded, the domain in ASCII. Local parts that differ in case only are taken
    for one mailbox: RFC 5321 2.4 lets them differ, no provider does."""


@lru_cache(maxsize=4096)
def address(text: str) -> Address:
    """Check the form of an address (no look-up of its domain). Raises ``ValueError`` with the reason."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(str(error).rstrip(".")) from error
    return Address(checked.normalized, f"{checked.local_part.casefold()}@{checked.ascii_domain.lower()}")
