"""Postfix's smtp-sink on a free port: takes mail, throws it away and counts it. It is stopped in every case."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runner import Failed, cpu_seconds

_START_SECONDS = 20.0


def postfix_tool(name: str) -> str:
    """Where smtp-source or smtp-sink lies. Raises ``Failed`` with what to install."""
    found = shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec/postfix"))
    )
    if found is None:
        raise Failed(f"{name} of Postfix is not on this machine; on Debian or Ubuntu: apt-get install postfix")
    return found


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Sink:
    """A running smtp-sink."""

    port: int
    pid: int
    counters: IO[bytes]

    def messages(self) -> int:
        """How many it has taken, by its own count."""
        self.counters.seek(max(0, self.counters.seek(0, os.SEEK_END) - 400))
        counts = re.findall(rb"mesg=(\d+)\r", self.counters.read())
        return int(counts[-1]) if counts else 0

    def cpu(self) -> float:
        """Seconds of a processor that it has used."""
        return cpu_seconds(self.pid)


@contextmanager
def sink() -> Iterator[Sink]:
    """An smtp-sink for one measurement. Raises ``Failed``."""
    port = free_port()
    # As root it must be told whom to become; it needs nothing of the file system.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [postfix_tool("smtp-sink"), *user, "-c", f"127.0.0.1:{port}", "1000"]
    with tempfile.TemporaryFile() as counters:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=counters, cwd=Path("/"))
        try:
            _wait_for(port, process)
            yield Sink(port, process.pid, counters)
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise Failed("smtp-sink does not start")
