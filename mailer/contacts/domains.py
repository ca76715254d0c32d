"""The domains of addresses: whose they are, an outlet's own or a provider's that anybody may have a mailbox at."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Affiliation, Contact, ContactStatus, Outlet

PROVIDERS = frozenset(
    (
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "hotmail.fr",
            "live.com",
            "live.fr",
            "msn.com",
        ),
        *(
            "yahoo.com",
            "yahoo.fr",
            "yahoo.co.uk",
            "ymail.com",
            "rocketmail.com",
            "aol.com",
            "icloud.com",
            "me.com",
        ),
        *("mac.com", "proton.me", "protonmail.com", "pm.me", "gmx.com", "gmx.de", "gmx.net", "web.de", "mail.com"),
        *(
            "orange.fr",
            "free.fr",
            "wanadoo.fr",
            "laposte.net",
            "sfr.fr",
            "zoho.com",
            "fastmail.com",
            "tutanota.com",
        ),
        *("mail.ru", "yandex.ru", "yandex.com", "cyberia.net.lb", "terra.net.lb", "maktoob.com", "link.net"),
    )
)
"""Where anybody may have a mailbox: that two people have one at the same of these says nothing."""

_COLLEAGUES = 2  # at one domain that make it their outlet's

_SHORTEST = 4  # letters of a word of an outlet's name that may tell its domain


def domain_of(address_key: str) -> str:
    """The domain of a folded address, in ASCII."""
    return address_key.rpartition("@")[2]


def named_after(domain: str, outlet_key: str) -> bool:
    """Whether a domain has a word of the outlet's name in it: ``levant-courier.example`` for Levant Courier."""
    labels = "".join(domain.split(".")[:-1]).replace("-", "")
    words = re.findall(r"[a-z0-9]+", outlet_key)
    return any(word in labels for word in words if len(word) >= _SHORTEST) or "".join(words) == labels != ""


def domains_of_outlet(
    session: Session, outlet: Outlet, domains: Iterable[str], *, besides: int
) -> Collection[str]:
    """Those of the domains that are the outlet's by its name, or where others who work there have their addresses."""
    own = {domain for domain in domains if domain not in PROVIDERS}
    found = {domain for domain in own if named_after(domain, outlet.key)}
    if rest := own - found:
        colleagues = (
            select(Contact.address_key)
            .join(Affiliation, Affiliation.contact_id == Contact.id)
            .where(
                Affiliation.outlet_id == outlet.id,
                Affiliation.until.is_(None),
                Contact.id != besides,
                or_(*(Contact.address_key.endswith(f"@{domain}", autoescape=True) for domain in rest)),
            )
        )
        found |= {domain_of(key) for key in session.scalars(colleagues)}
    return found


def left_behind(session: Session) -> set[int]:
    """The active contacts whose first address is at the domain of an outlet that they have left.

    An outlet's domain is the one at which more than half of those who work there have their first addresses, two of
    them at least, and no provider's. Who works now at an outlet with the same domain is not among them.
    """
    moved = select(Affiliation.contact_id).where(Affiliation.until.is_not(None))
    # Every outlet where somebody who left one works or has worked.
    outlets = select(Affiliation.outlet_id).where(Affiliation.contact_id.in_(moved))
    rows = session.execute(
        select(Affiliation.outlet_id, Affiliation.until, Contact.id, Contact.address_key)
        .join(Contact, Contact.id == Affiliation.contact_id)
        .where(Contact.status == ContactStatus.ACTIVE, Affiliation.outlet_id.in_(outlets))
    ).all()
    staff: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for outlet, until, _, key in rows:
        if until is None:
            staff[outlet][domain_of(key)] += 1
    own = {outlet: domain for outlet, domains in staff.items() if (domain := _shared(domains))}
    at: set[int] = set()
    left: set[int] = set()
    for outlet, until, contact, key in rows:
        if own.get(outlet) == domain_of(key):
            (at if until is None else left).add(contact)
    return left - at


def _shared(domains: Counter[str]) -> str:
    """The domain of more than half of them; empty where it cannot be told surely."""
    ((domain, count),) = domains.most_common(1)
    sure = count >= _COLLEAGUES and 2 * count > domains.total() and domain not in PROVIDERS
    return domain if sure else ""
