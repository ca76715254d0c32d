"""Asks a name server whether a domain accepts mail: by its MX records, or the address that stands in for them.

It needs the extra ``dns``; what it finds is in the words of ``mail_domains``.
"""

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from mailer.contacts.mail_domains import Answer, Ask, Mail
from mailer.errors import NoNameServer

LIFETIME = 6.0
"""Seconds for one question, with all that is tried again."""

_SHOWN = 2  # mail servers that are named


def asking(*, servers: Sequence[tuple[str, int]] = (), lifetime: float = LIFETIME) -> Ask:
    """Asks the system's name servers, or these (address and port). Raises ``NoNameServer`` where there is none."""
    try:
        resolver = dns.resolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration as error:
        raise NoNameServer from error
    if servers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in servers]
    resolver.lifetime = lifetime
    resolver.timeout = min(resolver.timeout, lifetime)
    return lambda domain: _answer(resolver, domain)


def _answer(resolver: dns.resolver.Resolver, domain: str) -> Answer:
    try:
        # Absolute, so that no search list of this machine's is tried behind it.
        name = dns.name.from_text(domain, dns.name.root)
        return _by_mail_servers(resolver, name) or _by_address(resolver, name)
    except dns.resolver.NXDOMAIN:
        return Answer(Mail.MISSING, "there is no such domain")
    except dns.resolver.LifetimeTimeout:
        return Answer(Mail.UNKNOWN, "no name server answered in time")
    except dns.resolver.NoNameservers:
        return Answer(Mail.UNKNOWN, "its name servers failed to answer")
    except dns.exception.DNSException as error:
        return Answer(Mail.UNKNOWN, f"the answer could not be read ({type(error).__name__})")
    except OSError as error:
        return Answer(Mail.UNKNOWN, f"the network failed: {error.strerror or 'unknown reason'}")


def _by_mail_servers(resolver: dns.resolver.Resolver, name: dns.name.Name) -> Answer | None:
    """``None`` where it names no mail server. An alias (CNAME) was followed: RFC 5321 5.1."""
    records = (one for one in _records(resolver, name, dns.rdatatype.MX) if isinstance(one, MX))
    ranked = sorted((record.preference, record.exchange.to_text(omit_final_dot=True)) for record in records)
    servers = [server for _, server in ranked if server != "."]
    if servers:
        more = f" and {len(servers) - _SHOWN} more" if len(servers) > _SHOWN else ""
        return Answer(Mail.ACCEPTED, f"by {', '.join(servers[:_SHOWN])}{more}")
    # RFC 7505 3: a single MX whose name is the root.
    return Answer(Mail.NONE, "it says that it takes no mail (null MX)") if ranked else None


def _by_address(resolver: dns.resolver.Resolver, name: dns.name.Name) -> Answer:
    """RFC 5321 5.1: a domain without MX is its own mail server, where it has an address."""
    late: dns.exception.DNSException | None = None
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            if _records(resolver, name, kind):
                return Answer(Mail.ACCEPTED, "by its own address, as it names no mail server")
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers) as error:
            late = error
    if late is not None:
        raise late
    return Answer(Mail.NONE, "it has neither a mail server nor an address")


def _records(
    resolver: dns.resolver.Resolver, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> list[dns.rdata.Rdata]:
    answer = resolver.resolve(name, kind, raise_on_no_answer=False)
    return list(answer.rrset or ())
