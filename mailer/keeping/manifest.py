"""What a backup says about itself: when it was made, of what, and the size and hash of each of its files.

It is read from whoever hands it over, so it is believed only where its form is exact.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from mailer.audit.sealing import Checkpoint

FORMAT = "dateline-backup"
VERSION = 1
"""Of the form below. One that is not known is refused, not guessed at."""

MANIFEST = "manifest.json"
OFFICE = "office/"
"""What stands before the name of a file of the office's folder."""
DATABASES: Mapping[str, str] = {"sqlite": "database/dateline.db", "postgresql": "database/dateline.dump"}
"""By its kind: where in the backup the database is."""


_NAME_BYTES = 1000
_PATH = 4096
_YEARS = range(1970, 9000)
"""A time of which another zone's could be none is in no backup."""


def is_plain(name: str) -> bool:
    """Whether a file in a backup may be called so: it can be shown, and is the same on every system."""
    return name.isprintable() and "\\" not in name and len(f"{OFFICE}{name}".encode()) <= _NAME_BYTES


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup."""

    name: str
    size: int
    """Bytes, unpacked."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a backup says about itself."""

    made_at: datetime
    """The instant at which the database was as it is in the backup."""
    dateline: str
    """Which Dateline made it."""
    kind: str
    """``sqlite`` or ``postgresql``."""
    level: str
    """Of the database's schema."""
    entries: int
    """The number of the log's last entry; 0 where it has none."""
    sealed: int
    """Entries under the log's last checkpoint; 0 where there is none."""
    root: str
    """Of their tree, in hexadecimal digits; empty where there is none."""
    checkpoint: str
    """The last checkpoint as a signed note; empty where there is none."""
    with_keys: bool
    left_out: Sequence[str]
    """Files of the office that are not in it: secrets, and what is no plain file."""
    members: Sequence[Member]

    @property
    def database(self) -> str:
        """The name of the database's member."""
        return DATABASES[self.kind]

    def to_json(self) -> bytes:
        """The manifest's file."""
        made_at = self.made_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        document = {"format": FORMAT, "version": VERSION, **asdict(self), "made_at": made_at}
        return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def parsed(cls, content: bytes) -> "Manifest":
        """From the manifest's file. Raises ``ValueError`` with what is wrong."""
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ValueError("its manifest is not JSON") from error
        if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
            raise ValueError("its manifest is not that of a Dateline backup")
        if (form := document.pop("version", None)) != VERSION or type(form) is not int:
            raise ValueError("its manifest has a form that this Dateline does not know")
        try:
            members = [Member(**member) for member in document.pop("members")]
            made_at = datetime.fromisoformat(document.pop("made_at"))
            document["left_out"] = [*document["left_out"]]
            found = cls(**document, made_at=made_at, members=members)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("its manifest has not the fields that it should have") from error
        found._require_sound()
        return found

    def _require_sound(self) -> None:
        """Raises ``ValueError``. Whether its checkpoint holds is for ``log verify``; here it must be one."""
        numbers = (self.entries, self.sealed, *(member.size for member in self.members))
        texts = (self.dateline, self.level, self.root, self.checkpoint, *self.left_out)
        if (
            not all(type(number) is int and 0 <= number < 2**62 for number in numbers)
            or not all(isinstance(text, str) for text in texts)
            or not all(isinstance(member.name, str) for member in self.members)
            or type(self.with_keys) is not bool
            or self.made_at.utcoffset() is None
            or self.made_at.year not in _YEARS
        ):
            raise ValueError("its manifest has a value that cannot be")
        if self.kind not in DATABASES:
            raise ValueError("its manifest names a kind of database that Dateline does not know")
        # All of these are shown to a person.
        if not all(text.isprintable() and len(text) <= _PATH for text in self.left_out):
            raise ValueError("its manifest names a file that cannot be")
        if not all(re.fullmatch(r"[\w.+-]{1,60}", text, re.ASCII) for text in (self.dateline, self.level)):
            raise ValueError("its manifest has a version that cannot be")
        if not all(_is_hash(member.sha256) for member in self.members):
            raise ValueError("its manifest has a hash that is none")
        if self.checkpoint:
            Checkpoint.parsed(self.checkpoint)


def _is_hash(text: object) -> bool:
    return isinstance(text, str) and bool(re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII))
