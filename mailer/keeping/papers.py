"""The files of an office's folder that a backup has beside the database, and which of them are secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailer.audit.high_water import LAST, SET_BACK
from mailer.config import Config

FOLDERS = ("config", "contacts", "templates")
"""What people edit. Everything else of an office is in its database."""

_PUBLIC = ("*.pub", "handover-*.checkpoint")
"""Among the keys, what is not secret: without it nobody could check a log that is brought back."""
_OF_THIS_COPY = (LAST, SET_BACK, ".*")
"""Among the keys, how far this copy of the log has come: another one begins with what it has."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One file of the office's folder."""

    name: str
    """From the folder, with ``/``."""
    file: Path
    why_not: str = ""
    """Why a backup leaves it out; empty where it is in it."""


def papers(config: Config, *, with_keys: bool) -> Iterator[Paper]:
    """All files, in the order of their names; those that are left out as well, with the reason."""
    home = config.home
    secret = _secrets(config)
    found = {file for folder in FOLDERS for file in (home / folder).rglob("*") if not file.is_dir()}
    found |= {file for file in secret if file.is_relative_to(home) and file.is_file()}
    for file in sorted(found):
        yield _paper(file, home, secret, with_keys=with_keys)
    for file in sorted(secret):
        if not file.is_relative_to(home) and file.is_file():
            yield Paper(str(file), file, "it lies outside of the office's folder")


def _paper(file: Path, home: Path, secret: frozenset[Path], *, with_keys: bool) -> Paper:
    name = file.relative_to(home).as_posix()
    real = file.resolve()
    keys = (home / "config" / "keys").resolve()
    # A link from contacts/ to a key is a key.
    among_keys = real.is_relative_to(keys)
    hidden = file in secret or real in secret or (among_keys and not any(real.match(name) for name in _PUBLIC))
    if not name.isprintable():
        return Paper(
            "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name), file, "its name"
        )
    if among_keys and any(real.match(name) for name in _OF_THIS_COPY):
        return Paper(name, file, "it says how far this copy has come")
    if hidden and not with_keys:
        return Paper(name, file, "it is secret; --with-keys takes it along")
    # A pipe would be waited for without end.
    return Paper(name, file, "" if real.is_file() else "it is no plain file")


def _secrets(config: Config) -> frozenset[Path]:
    named = [config.erasure_key_file, *(key.key_file for key in config.dkim)]
    named += [config.home / relay.password_file for relay in config.relay if relay.password_file is not None]
    return frozenset(named) | frozenset(file.resolve() for file in named)


def secrets_in_settings(config: Config) -> bool:
    """Whether a password may stand in ``config/dateline.toml`` itself, which is always in a backup."""
    text = (config.home / "config" / "dateline.toml").read_text("utf-8", errors="replace")
    passwords = [relay.password.get_secret_value() for relay in config.relay if relay.password_file is None]
    _, _, behind = config.database.url.get_secret_value().partition("://")
    login = behind.partition("@")[0] if "@" in behind else ""
    passwords.append(login.partition(":")[2])
    return any(password and password in text for password in passwords)
