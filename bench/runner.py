"""Runs ``dateline run`` as an operator does, in a process of its own, and reads what it costs from /proc."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 120.0
"""For a program to start or to end, on a machine that has other things to do."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """What was measured did not do what it should have done, so that there is nothing to report."""


class Runner:
    """One ``dateline run``; what it says goes to a file beside the office."""

    def __init__(self, home: Path, *, number: int = 0) -> None:
        self._said = home / f"run-{number}.log"
        # Nothing of the caller's own office may leak in: her database would be written to.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        command = [sys.executable, "-m", "mailer", "--home", str(home), "run"]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )

    def ready(self) -> None:
        """Wait until it keeps the clock. Raises ``Failed``."""
        end = time.monotonic() + PATIENCE_SECONDS
        while "Keeping the clock" not in self.said():
            self.check()
            if time.monotonic() > end:
                raise Failed(f"dateline run does not start: {self.said()}")
            time.sleep(0.02)

    def check(self) -> None:
        """Raises ``Failed`` if it has ended by itself."""
        if self.process.poll() is not None:
            raise Failed(f"dateline run has ended by itself with {self.process.returncode}: {self.said()}")

    def said(self) -> str:
        """What it has said so far."""
        return self._said.read_text("utf-8", errors="replace")

    def stop(self) -> None:
        """In good order. Raises ``Failed`` if it does not end, or not well."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"dateline run does not stop: {self.said()}") from None
        if code:
            raise Failed(f"dateline run ended with {code}: {self.said()}")

    def kill(self) -> None:
        """``kill -9``; of one that has ended, nothing."""
        self.process.kill()
        self.process.wait()


def cpu_seconds(pid: int) -> float:
    """The time that a living process has had of the processors, all its threads together."""
    # proc(5): utime and stime are fields 14 and 15; the name before them may hold anything but ends with ")".
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_memory_mb(pid: int) -> float:
    """The most memory that a living process has held (wait4 would count what its parent held when it forked)."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise Failed(f"the system does not tell the memory of process {pid}")
