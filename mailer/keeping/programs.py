"""Runs PostgreSQL's own programs, which alone know how to copy a whole database of theirs.

How to reach the database, with its password, goes to them by the environment: arguments can be read by everybody on
the machine.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mailer.database import Database
from mailer.errors import ProgramFailed, ProgramMissing

_DEBIAN = Path("/usr/lib/postgresql")


@contextmanager
def reading_from(program: str, arguments: Sequence[str], database: Database) -> Iterator[IO[bytes]]:
    """What the program writes. Raises ``ProgramMissing``, and ``ProgramFailed`` at the block's end."""
    with _running(program, arguments, database, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
        yield process.stdout


@contextmanager
def writing_to(program: str, arguments: Sequence[str], database: Database) -> Iterator[IO[bytes]]:
    """What the program reads; an error in the block ends it before it has come to the end of that.

    Raises ``ProgramMissing`` and ``ProgramFailed``.
    """
    with _running(program, arguments, database, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe, as asked for
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            return  # It has ended before; why is told by how.


@contextmanager
def _running(
    program: str, arguments: Sequence[str], database: Database, *, stdout: int, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's, with arguments of ours
            [found(program), *arguments], env=environment_of(database), stdin=stdin, stdout=stdout, stderr=said
        )
        try:
            yield process
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    _shut(pipe)
        if code:
            said.seek(0)
            raise ProgramFailed(program=program, reason=_reason(said.read(100_000), code))


def _shut(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def found(program: str) -> str:
    """Where the program is: the newest of Debian's, or the one in the path. Raises ``ProgramMissing``."""
    ours = sorted(_DEBIAN.glob(f"*/bin/{program}"), key=lambda file: file.parent.parent.name.zfill(9))
    place = str(ours[-1]) if ours else shutil.which(program)
    if place is None:
        raise ProgramMissing(program=program)
    return place


def environment_of(database: Database) -> Mapping[str, str]:
    """The environment in which PostgreSQL's programs reach this database."""
    from psycopg.pq import Conninfo

    url = database.engine.url
    _, given = database.engine.dialect.create_connect_args(url)
    names = {
        option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar
    }
    ours = {names[keyword]: str(value) for keyword, value in given.items() if keyword in names}
    return {**os.environ, "PGAPPNAME": "dateline", **ours, "LC_ALL": "C.UTF-8"}


def _reason(said: bytes, code: int) -> str:
    """Its first complaint. Later lines may quote a row with a person in it."""
    lines = said.decode("utf-8", "replace").splitlines()
    first = next((line for line in lines if "error:" in line), lines[0] if lines else f"it ended with {code}")
    text = first.partition("error: ")[2] or first
    return "".join(c for c in text if c.isprintable())[:300].rstrip(".")
