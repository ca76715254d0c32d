"""DKIM keys for a measurement, and the settings that name them."""

from pathlib import Path

import office

from mailer.delivery.dkim_keys import Algorithm, make_key, save

KINDS = ("none", *(algorithm.value for algorithm in Algorithm))


def dkim_settings(home: Path, kind: str) -> str:
    """The part of the settings that signs with a fresh key of that kind; empty for none."""
    if kind == "none":
        return ""
    file = home / "config" / f"dkim-{kind}.pem"
    file.parent.mkdir(parents=True, exist_ok=True)
    save(make_key(Algorithm(kind)), file)
    domain = office.SENDER.address.rpartition("@")[2]
    return f'[[dkim]]\ndomain = "{domain}"\nselector = "{kind}"\nkey_file = "config/{file.name}"\n'
