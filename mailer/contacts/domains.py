"""The domains of addresses: whose they are, an outlet's own or a provider's that anybody may have a mailbox at."""

import re
from collections.abc import Collection, Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mailer.contacts.models import Affiliation, Contact, Outlet

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
