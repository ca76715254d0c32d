"""Which relays may take a recipient's mail, and which of them go first."""

from collections.abc import Iterator, Sequence

from mailer.config import Relay, ascii_domain

Tiers = tuple[tuple[int, ...], ...]
"""Relays by their numbers in the settings. Those of a tier share the load; the next tier takes mail while all of those
before it are away."""


class Routes:
    """What the settings say on who takes which mail."""

    def __init__(self, relays: Sequence[Relay], sender: str) -> None:
        """For mail from that address. Raises ``ValueError`` if there is a recipient whom no relay would take."""
        self._ours = [(number, relay) for number, relay in enumerate(relays) if relay.sends_for(sender)]
        if not any(not relay.recipient_domains for _, relay in self._ours):
            raise ValueError("a relay without recipient_domains is needed")

    def named(self) -> list[str]:
        """A recipient domain for each one that a relay names; none if the recipient does not matter."""
        return [domain.replace("*", "any") for _, relay in self._ours for domain in relay.recipient_domains]

    def to(self, domain: str) -> Tiers:
        """The relays for a recipient's domain, as ``ascii_domain`` gives it."""
        ranked: dict[tuple[bool, int], list[int]] = {}
        for number, relay in self._ours:
            if (rank := _rank(relay, domain)) is not None:
                ranked.setdefault((relay.standby, rank), []).append(number)
        return tuple(tuple(ranked[rank]) for rank in sorted(ranked))


def _rank(relay: Relay, domain: str) -> int | None:
    """The lower, the more exactly the relay names this mail; nothing if it does not take it."""
    if domain in relay.recipient_domains:
        return 0
    if any(above in relay.recipient_domains for above in _above(domain)):
        return 1
    if relay.recipient_domains:
        return None
    return 2 if relay.senders else 3


def _above(domain: str) -> Iterator[str]:
    """``*.paper.example`` and ``*.example`` for ``news.paper.example``."""
    while (dot := domain.find(".")) >= 0:
        domain = domain[dot + 1 :]
        yield f"*.{domain}"


def domain_of(address: str) -> str:
    """The domain of a mail address as domains are compared."""
    return ascii_domain(address.rpartition("@")[2])
