"""Notes in the log that people's details are about to be shown, so that nobody looks at them unnoted."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mailer.audit import Question, note_reading
from mailer.cli.office import Office
from mailer.errors import DatabaseBusy, DatabaseUnusable, ReadingNotNoted


def noted(office: Office, question: Question, whom: Collection[int] | int, **about: int) -> None:
    """Called when it is known what is to be shown, and before the first line of it; ``whom`` as ``note_reading``.

    In a transaction of its own: one that reads may be open. Nobody found is nothing shown. Raises ``ReadingNotNoted``
    where the database is kept by another process for longer than a writer waits, or is not to be written to.
    """
    if not whom:
        return
    with unless_noted(), office.database.write() as session:
        note_reading(session, question, whom, at=office.clock.now(), actor=office.actor, **about)


@contextmanager
def unless_noted() -> Iterator[None]:
    """Around the transaction that notes what is shown. Raises ``ReadingNotNoted`` as ``noted`` does."""
    try:
        yield
    except (DatabaseBusy, DatabaseUnusable) as error:
        raise ReadingNotNoted(reason=error.problem, advice=error.advice) from error
