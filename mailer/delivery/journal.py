"""The journal of one sending process: what was on the wire when it died.

A line before each message's data goes out and a line after its reply, written straight to the file, so that it
outlives ``kill -9``. At most one message per open connection is begun and not ended; only those can be in doubt. The
database is brought up to date in batches behind it. After a power cut lines may be missing that the disk never saw:
the journal names the boot it was written in, and whoever reads it after another one trusts only what it says; unless
the disk was waited for at each line (``Sync``), which the journal names too.
"""

import errno
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self

from mailer.delivery.reply import Stage
from mailer.errors import BadJournal

_ROLL = 8_000_000
"""Bytes after which a journal is written anew with what is still open."""

_BEGUN = re.compile(r">\t(\d+)\t([0-9a-f]{64})", re.ASCII)


class Sync(StrEnum):
    """Which lines the disk is waited for, and so what a power cut leaves in doubt."""

    NEVER = "never"
    """None: what had been claimed and was not in the database."""
    BEGIN = "begin"
    """That of a message's begin, before its data goes out: what had begun and was not in the database."""
    ALWAYS = "always"
    """Every one: what had begun and had no reply."""


class Ending(StrEnum):
    """How one attempt ended for its delivery."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    IN_DOUBT = "in-doubt"
    """The data went out and no reply came back."""
    HELD = "held"
    """It cannot be made again as it may have been sent: an officer decides."""


class Ended(NamedTuple):
    """How one attempt ended, as the journal and the database keep it."""

    delivery_id: int
    at: datetime
    relay: str
    stage: str
    verdict: str
    code: int
    enhanced: str
    text: str
    """One line, without tabs."""
    sha256: str

    def line(self) -> str:
        """The journal's form of it."""
        text = self.text.replace("\t", " ")
        return (
            f"<\t{self.delivery_id}\t{self.at.isoformat()}\t{self.relay}\t{self.stage}\t{self.verdict}\t{self.code}"
            f"\t{self.enhanced}\t{self.sha256}\t{text}"
        )

    @classmethod
    def parse(cls, line: str) -> Self:
        """Raises ``ValueError`` for a line that a crash has cut short."""
        mark, delivery_id, at, relay, stage, verdict, code, enhanced, sha256, text = line.split("\t", 9)
        if mark != "<" or "\0" in line:
            # A power cut may leave zeros where a line should be.
            raise ValueError("not the end of an attempt")
        Ending(verdict), Stage(stage)
        return cls(
            delivery_id=int(delivery_id),
            at=datetime.fromisoformat(at),
            relay=relay,
            stage=stage,
            verdict=verdict,
            code=int(code),
            enhanced=enhanced,
            text=text,
            sha256=sha256,
        )


@dataclass(frozen=True, slots=True)
class Remains:
    """What a dead process's journal says."""

    begun: dict[int, str]
    """Deliveries whose data went out, by the message's SHA-256, and that have no reply."""
    ended: tuple[Ended, ...]
    whole: bool
    """False if begins may be missing: the machine was started anew since, and the disk was not waited for."""


def boot_id() -> str:
    """Names this run of the machine; empty where the system doesn't tell."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def journal_file(folder: Path, process_id: str) -> Path:
    """Where a process keeps its journal."""
    return folder / f"{process_id}.journal"


class Journal:
    """The journal of the running process, which alone writes it."""

    def __init__(self, folder: Path, process_id: str, *, sync: Sync = Sync.NEVER) -> None:
        """Raises ``BadJournal`` if it can't be written."""
        self.file = journal_file(folder, process_id)
        self._sync = sync
        self._open: dict[int, str] = {}
        self._size = 0
        self._torn = False
        """Whether the last line was not written to its end."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = self._anew(self.file, os.O_EXCL, "")
            self._sync_folder()
        except OSError as error:
            raise BadJournal(file=self.file, reason=error.strerror or "unknown reason") from error

    def begin(self, delivery_id: int, sha256: str) -> None:
        """The data of a message goes out now. Raises ``BadJournal``; then it must not."""
        self._write(f">\t{delivery_id}\t{sha256}\n", sync=self._sync is not Sync.NEVER)
        self._open[delivery_id] = sha256

    def end(self, ended: Ended) -> None:
        """A reply came. Raises ``BadJournal``; the delivery then stays in doubt until it is in the database."""
        self._open.pop(ended.delivery_id, None)
        self._write(ended.line() + "\n", sync=self._sync is Sync.ALWAYS)

    def probe(self) -> None:
        """Raises ``BadJournal`` unless it can be written again."""
        self._write("?\n", sync=self._sync is not Sync.NEVER)

    def settle(self, pending: Iterable[Ended] = ()) -> None:
        """Everything ended so far, but for ``pending``, is in the database: the file may be made small again."""
        if self._size < _ROLL:
            return
        fresh = self.file.with_suffix(".fresh")
        lines = [f">\t{delivery_id}\t{sha256}\n" for delivery_id, sha256 in self._open.items()]
        lines += [ended.line() + "\n" for ended in pending]
        try:
            fd = self._anew(fresh, os.O_TRUNC, "".join(lines))
            fresh.replace(self.file)
            os.close(self._fd)
            self._fd, self._torn = fd, False
            self._sync_folder()
            self._size = 0
        except OSError as error:
            raise BadJournal(file=fresh, reason=error.strerror or "unknown reason") from error

    def close(self) -> None:
        """The process ends with everything in the database: nothing is left to tell."""
        os.close(self._fd)
        if not self._open:
            self.file.unlink(missing_ok=True)

    def _anew(self, file: Path, flag: int, lines: str) -> int:
        """A journal with those lines, on the disk."""
        content = f"boot\t{boot_id()}\t{self._sync}\n{lines}".encode()
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flag, 0o600)
        try:
            if os.write(fd, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(fd)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _sync_folder(self) -> None:
        """Until the folder is on the disk too, a power cut brings back what the file was before, or nothing."""
        if self._sync is Sync.NEVER:
            return
        fd = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _write(self, line: str, *, sync: bool) -> None:
        # A full disk takes a part of a line: what comes next must not be read as its rest.
        content = f"\n{line}".encode() if self._torn else line.encode()
        try:
            written = os.write(self._fd, content)
            self._torn = written != len(content)
            self._size += written
            if self._torn:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if sync:
                self._sync_line()
        except OSError as error:
            raise BadJournal(file=self.file, reason=error.strerror or "unknown reason") from error

    def _sync_line(self) -> None:
        try:
            os.fdatasync(self._fd)
        except OSError:
            # Linux reports a lost page once and then takes it for written: only another file can be trusted.
            self._size = _ROLL
            raise


def read_remains(file: Path) -> Remains:
    """What a dead process left; a missing file says nothing, and is not whole."""
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return Remains({}, (), whole=False)
    begun: dict[int, str] = {}
    ended: dict[int, Ended] = {}
    for line in lines:
        if match := _BEGUN.fullmatch(line):
            begun[int(match[1])] = match[2]
            ended.pop(int(match[1]), None)
        # A line that was cut short tells of a reply that was read but not kept: still in doubt.
        with suppress(ValueError):
            if line.startswith("<"):
                attempt = Ended.parse(line)
                begun.pop(attempt.delivery_id, None)
                ended[attempt.delivery_id] = attempt
    return Remains(begun, tuple(ended.values()), whole=_is_whole(lines))


def _is_whole(lines: Sequence[str]) -> bool:
    """Whether every begin is there: the same boot, or a disk that was waited for."""
    mark, _, rest = (lines or [""])[0].partition("\t")
    boot, _, sync = rest.partition("\t")
    return mark == "boot" and (sync in (Sync.BEGIN, Sync.ALWAYS) or boot == boot_id() != "")
