"""Opens a contact list's file by what is in it, whatever it is called."""

import stat
from pathlib import Path

from mailer.contacts.reading import encodings
from mailer.contacts.reading.json_lists import is_json, open_json
from mailer.contacts.reading.rows import OpenedList
from mailer.contacts.reading.text_files import open_text
from mailer.contacts.reading.vcards import is_vcards, open_vcards
from mailer.contacts.reading.workbooks import OLE, ZIP, open_workbook, refuse_ole
from mailer.errors import BadTable, UnreadableFile

MAX_BYTES = 100_000_000
_LOOKED_AT = 4096

_NO_LISTS = {
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\x89PNG": "a picture (PNG)",
    b"GIF8": "a picture (GIF)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"Rar!": "a compressed file",
    b"SQLite format 3": "a database",
    b"{\\rtf": "a text document (RTF)",
    b"<": "a page of HTML or XML",
    b"PK\x05\x06": "an empty archive",
}


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
    with file.open("rb") as stream:
        start = stream.read(_LOOKED_AT)
    if start.startswith(ZIP):
        return open_workbook(file, sheet)
    if start.startswith(OLE):
        raise refuse_ole(file)
    for beginning, what in _NO_LISTS.items():
        if start.startswith(beginning):
            raise BadTable(
                file=file,
                reason=f"it is {what}, whatever its name says",
                remedy="Name the list itself: a CSV file, an XLSX or ODS workbook, vCards or JSON.",
            )
    if sheet:
        raise BadTable(file=file, reason="it is text, which has no sheets", remedy="Leave --sheet out.")
    cards, objects = is_vcards(start), is_json(start)
    if encoding:
        found = encodings.chosen(file, encoding)
    elif cards:
        found = encodings.detect_of_cards(file)
    else:
        found = encodings.detect(file)
    if objects:
        return open_json(file, found)
    return open_vcards(file, found) if cards else open_text(file, found, delimiter)
