"""The files of an office's folder that a backup has beside the database, and which of them are secret."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mailer.audit.sealing.keys import HANDOVERS, SEALED, SET_BACK
from mailer.config import Config
from mailer.keeping.manifest import is_plain

FOLDERS = ("config", "contacts", "templates")
"""What people edit. Everything else of an office is in its database."""

_PUBLIC = ("*.pub", HANDOVERS)
"""Among the keys, what is not secret: without it nobody could check a log that is brought back."""
_OF_THIS_COPY = (SEALED, SET_BACK, ".*")
"""Among the keys, how far this copy of the log has come: another one begins with what it has."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One file of the office's folder."""

    name: str
    """From the folder, with ``/``."""
    file: Path
    why_not: str = ""
    """Why a backup leaves it out; empty where it is in it."""


def to_put_back(left_out: Sequence[str]) -> Sequence[str]:
    """Of the files that a backup has left out, those that an office needs which was made of it."""
    ours = [f"config/keys/{name}" for name in _OF_THIS_COPY]
    return [name for name in left_out if not any(fnmatchcase(name, one) for one in ours)]


def papers(config: Config, *, with_keys: bool) -> Iterator[Paper]:
    """All files, in the order of their names; those that are left out as well, with the reason."""
    home = config.home
    secret = _secrets(config)
    found = {file for folder in FOLDERS for file in _files(home / folder, home.resolve())}
    found |= {file for file in secret if file.is_relative_to(home) and file.is_file()}
    for file in sorted(found):
        yield _paper(file, home, secret, with_keys=with_keys)
    for file in sorted(secret):
        if not file.is_relative_to(home) and file.is_file():
            yield Paper(str(file), file, "it lies outside of the office's folder")


def _files(top: Path, home: Path) -> Iterator[Path]:
    """All files in a folder, and in those that it has links to, as of keys that lie on another disk."""
    seen = {top.resolve()}
    for place, folders, files in os.walk(top, followlinks=True):
        folder = Path(place)
        for name in [*folders]:
            real = (folder / name).resolve()
            if (folder / name).is_symlink() and (real in seen or home.is_relative_to(real)):
                # It leads round in a circle: told as what is no plain file.
                folders.remove(name)
                files.append(name)
            seen.add(real)
        yield from (folder / name for name in files)


def _paper(file: Path, home: Path, secret: frozenset[Path], *, with_keys: bool) -> Paper:
    name = file.relative_to(home).as_posix()
    real = file.resolve()
    keys = (home / "config" / "keys").resolve()
    # A link from contacts/ to a key is a key.
    among_keys = real.is_relative_to(keys)
    hidden = file in secret or real in secret or (among_keys and not any(real.match(name) for name in _PUBLIC))
    if not is_plain(name):
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
