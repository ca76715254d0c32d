"""Opens a contact list's file by what is in it, whatever it is called."""

import stat
from pathlib import Path

from mailer.contacts.reading import encodings
from mailer.contacts.reading.rows import OpenedList
from mailer.contacts.reading.text_files import open_text
from mailer.errors import BadTable, UnreadableFile

MAX_BYTES = 100_000_000


def open_list(file: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> OpenedList:
    """The list in the file; encoding, delimiter and sheet are found unless they are named.

    Raises ``UnreadableFile``, and ``BadTable`` for what makes the whole file unusable; a row that is broken raises it
    when its turn comes.
    """
    try:
        _check(file)
        return _opened(file, encoding=encoding, delimiter=delimiter, sheet=sheet)
    except OSError as error:
        raise UnreadableFile(file=file, reason=error.strerror or "unknown reason") from error


def _check(file: Path) -> None:
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):  # to open a FIFO would wait for who never writes
        reason = "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a plain file"
        raise UnreadableFile(file=file, reason=reason)
    if status.st_size > MAX_BYTES:
        raise BadTable(file=file, reason=f"it is larger than {MAX_BYTES // 1_000_000} MB", remedy="Split it.")


def _opened(file: Path, *, encoding: str, delimiter: str, sheet: str) -> OpenedList:
    del sheet
    found = encodings.chosen(file, encoding) if encoding else encodings.detect(file)
    return open_text(file, found, delimiter)
