"""Reads a list in a process that may have only so much memory more than it has once Dateline is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

on_linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says how much memory a process has"
)

_PROGRAM = """
import resource, sys
from pathlib import Path
from mailer.contacts.reading import open_list
from mailer.errors import DatelineError

status = Path("/proc/self/status").read_text().split()
bound = (int(status[status.index("VmSize:") + 1]) << 10) + (int(sys.argv[2]) << 20)
resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
try:
    print(sum(1 for _ in open_list(Path(sys.argv[1])).rows), "rows")
except DatelineError as error:
    print(error)
"""


def read_within(file: Path, megabytes: int) -> str:
    """What the process says of the file: how many rows it has, or why it is refused."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(file), str(megabytes)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
