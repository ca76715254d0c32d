"""Lets the database work while Python does: a second thread, to which one piece of work at a time is handed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class Alongside:
    """Use it as a context manager; at its end nothing runs any more, whatever happened.

    A session serves one thread at a time: between ``start`` and ``wait`` it is the other one's. It is worth it for
    statements of many rows, during which the driver lets go of the interpreter; for a row each the two threads would
    take it from each other a hundred thousand times.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "alongside")
        self._running: Future[None] | None = None

    def __enter__(self) -> "Alongside":
        return self

    def start(self, work: Callable[[], None]) -> None:
        """Begin it, when what was begun before has ended. Raises what that raised."""
        self.wait()
        self._running = self._thread.submit(work)

    def wait(self) -> None:
        """Return when it has ended. Raises what it raised."""
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def __exit__(self, kind: type[BaseException] | None, _error: object, _where: TracebackType | None) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._end()

    def _end(self) -> None:
        # Whoever presses Ctrl-C again does not leave the other thread alone with a transaction that is over.
        pressed: KeyboardInterrupt | None = None
        while True:
            try:
                self._thread.shutdown()
                break
            except KeyboardInterrupt as again:
                pressed = again
        if pressed is not None:
            raise pressed
