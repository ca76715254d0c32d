"""Files that a command was asked for: whole or not at all, and over another one only where that was meant."""

import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from mailer.cli.output import fail_usage
from mailer.errors import FileExists, UnwritableFile

OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write it to this file; to stdout where it is left out."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


@contextmanager
def delivered(
    file: Path | None, *, force: bool, binary: bool, before: Callable[[], None] = lambda: None
) -> Iterator[BinaryIO]:
    """A stream to write to, whose content is the file's (or goes to stdout) when all has been written.

    ``before`` is called in between: what must be kept before anything is given out. Raises ``FileExists`` or
    ``UnwritableFile``; then the file is as it was. Only the account that runs the command may read the new one.
    """
    if file is None:
        if binary and sys.stdout.isatty():
            fail_usage("That is no text for a terminal: name a file with --output.")
        with ExitStack() as stack:
            try:
                whole = stack.enter_context(tempfile.TemporaryFile())
                yield whole
                whole.flush()
            except OSError as error:
                raise _unwritable(Path(tempfile.gettempdir()), error) from error
            before()
            whole.seek(0)
            while content := whole.read(1 << 20):
                sys.stdout.buffer.write(content)
            sys.stdout.flush()
        return
    if not force and file.exists():
        raise FileExists(file=file)
    # Of 40 characters: in UTF-8 an Arabic name has twice as many octets, and 255 are the most that a name may have.
    beside = file.with_name(f".{file.name[:40]}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        with _ended_in_order():
            with os.fdopen(descriptor, "w+b") as whole:
                yield whole
                whole.flush()
                os.fsync(whole.fileno())
            before()
        if force:
            beside.replace(file)
        else:
            _put(beside, file)
    except FileExistsError as error:
        raise FileExists(file=file) from error
    except OSError as error:
        raise _unwritable(file, error) from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Who is told to end, or whose window is closed, takes away the half file, in which there may be people."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which gets no signals
        return
    # By a shell's rule of 128 and the number.
    handlers = {
        number: signal.signal(number, lambda number, _: sys.exit(128 + number))
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _put(beside: Path, file: Path) -> None:
    """Give it its name; unlike a rename, not over a file that was made in between. Raises ``OSError``."""
    try:
        os.link(beside, file)
    except FileExistsError:
        raise
    except OSError:
        # A stick from a shop, and some servers' folders, know no links: the name is taken first, then filled.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        beside.replace(file)


def _unwritable(file: Path, error: OSError) -> UnwritableFile:
    return UnwritableFile(file=file, reason=error.strerror or "unknown reason")
