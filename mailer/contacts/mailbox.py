"""When two addresses are one mailbox, written differently."""

_ALIASES = {"googlemail.com": "gmail.com"}
_NO_DOTS = frozenset({"gmail.com"})
"""Providers that say that they ignore dots before the @; nobody else's may be left out."""


def mailbox(address_key: str) -> str:
    """One text for each mailbox, from a folded address (see ``Address.key``).

    What comes after a plus is the owner's own sorting (RFC 5233 calls it the detail), which nearly every server that
    allows a plus at all takes so.
    """
    local, _, domain = address_key.rpartition("@")
    domain = _ALIASES.get(domain, domain)
    local = local.partition("+")[0] or local
    if domain in _NO_DOTS:
        local = local.replace(".", "")
    return f"{local}@{domain}"


PROVIDERS = ("@gmail.com", "@googlemail.com")
"""Whose own rules ``mailbox`` knows, so that it is sure; of others' mailboxes it is a good guess."""


def surely(address_key: str) -> str:
    """One text for all addresses that are one mailbox beyond doubt: of other providers, each for itself."""
    return mailbox(address_key) if address_key.endswith(PROVIDERS) else address_key


def squeezed(address_key: str) -> str:
    """The address without what people put between the parts of a name: that two agree in it is a hint, no more."""
    local, _, domain = mailbox(address_key).rpartition("@")
    return f"{local.translate(_BETWEEN) or local}@{domain}"


_BETWEEN = {ord(sign): None for sign in "._-"}
