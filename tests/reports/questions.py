"""An invented answer with a value of each kind, for tests of how reports are presented."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from mailer.reports.report import Column, Figure, Kind, Report, Row, Seal
from mailer.reports.words import said

MADE = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEAL = Seal(size=1234, root="ab" * 32, at=MADE)
STATES = {"accepted": said("yes"), "failed": said("no")}
COLUMNS = (
    Column("delivery", said("No."), Kind.NUMBER),
    Column("name", said("Name"), width=2),
    Column("state", said("State"), Kind.WORD, words=STATES),
    Column("outlets", said("Outlets"), Kind.LIST),
    Column("at", said("When"), Kind.INSTANT),
    Column("day", said("Day"), Kind.DAY),
    Column("after", said("After"), Kind.SECONDS),
    Column("sha256", said("SHA-256"), printed=False),
)


def row(
    name: str = "Nour Haddad", *, delivery: int = 1, outlets: tuple[str, ...] = (), state: str = "accepted"
) -> Row:
    """One row with nothing odd about it but what the test says."""
    return (delivery, name, state, outlets, MADE, date(2026, 11, 24), 4.25, "ab" * 32)


def answered(rows: Iterable[Row] = (), *, title: str = "Who received %(release)s", **changes: object) -> Report:
    """A report with those rows."""
    plain: dict[str, object] = {
        "question": "received",
        "title": said(title, release="ports") if "%(release)s" in title else said(title),
        "asked": (said("Release %(release)s.", release="ports"),),
        "made_at": MADE,
        "columns": COLUMNS,
        "rows": rows,
        "figures": (Figure("deliveries", said("Deliveries"), 2), Figure("p95", said("Slow"), 61.04, Kind.SECONDS)),
        "notes": (said("A note."),),
        "seal": SEAL,
        "release_id": 1,
    }
    return Report(**(plain | changes))  # type: ignore[arg-type]
