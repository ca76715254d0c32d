"""Makes releases and waves, and a clock that a test moves, so that a test says only what matters to it."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from builders import DESK, NOON, make_organisation
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from mailer.audit import Criteria as LogCriteria
from mailer.audit import Event, LogEntry, entries
from mailer.clock import ZonedTime
from mailer.contacts.models import MediaList, Organisation
from mailer.releases.content import Boilerplate, EditionContent, PressContact
from mailer.releases.models import Release, Version
from mailer.releases.versions import add_edition, approve, freeze
from mailer.rendering import Layout, Occasion, SenderIdentity
from mailer.schedule.models import Audience, Wave
from mailer.schedule.plan import Order, Planned, schedule

TEMPLATES = Path(__file__).parent.parent / "templates"

SENDER = SenderIdentity(
    name="Joint Press Desk",
    address="press@desk.example",
    bounce_address="press@desk.example",
    unsubscribe_url="https://desk.example/unsubscribe",
    list_id="press.desk.example",
)


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self, now: datetime = NOON) -> None:
        self._now, self._monotonic = now, 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def pass_time(self, length: timedelta) -> None:
        """Time goes by."""
        self._now += length
        self._monotonic += length.total_seconds()

    def jump(self, length: timedelta) -> None:
        """Somebody sets the wall clock; no time goes by."""
        self._now += length


def in_beirut(instant: datetime) -> ZonedTime:
    """That instant as officers in Beirut mean it."""
    zone = "Asia/Beirut"
    return ZonedTime(instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None), zone, instant.astimezone(UTC))


def edition(language: str = "en", **changes: object) -> EditionContent:
    """A short one with all its parts."""
    texts = {
        "en": ("Ports agreement signed", "Beirut", "Help **begins** at the quay.\n\nIt takes five years."),
        "ar": ("توقيع اتفاق الموانئ", "بيروت", "تبدأ المساعدة على الرصيف.\n\nوتستمر خمس سنوات."),
        "fr": ("Accord signé dans les ports", "Beyrouth", "L’aide commence à quai.\n\nElle dure cinq ans."),
    }
    headline, city, body = texts[language]
    plain: dict[str, object] = {
        "language": language,
        "headline": headline,
        "cities": (city,),
        "day": date(2026, 11, 24),
        "body": body,
        "boilerplates": (Boilerplate(heading="ESRF", text="ESRF helps."),),
        "press_contacts": (PressContact(city=city, name="Lamia Tarazi", address="lamia@esrf.example"),),
    }
    return EditionContent(**(plain | changes))  # type: ignore[arg-type]


def make_release(
    session: Session,
    slug: str = "ports",
    *,
    languages: Sequence[str] = ("en", "ar"),
    organisations: Sequence[str] = ("esrf",),
    embargo: datetime | None = None,
) -> Release:
    """A draft with an edition in each language."""
    issuers = [
        session.scalar(select(Organisation).where(Organisation.slug == name)) or make_organisation(session, name)
        for name in organisations
    ]
    release = None
    for language in languages:
        release = add_edition(
            session,
            edition(language),
            slug=slug,
            organisations=issuers,
            embargo=in_beirut(embargo) if embargo else None,
            embargo_line="",
            at=NOON,
            actor=DESK,
        )
    assert release is not None
    return release


def make_version(session: Session, release: Release) -> Version:
    """Frozen and approved by everybody."""
    version = freeze(session, release, at=NOON, actor=DESK)
    for organisation in release.organisations:
        approve(session, release, version, organisation, at=NOON, actor=DESK)
    return version


def plan_wave(
    session: Session,
    version: Version,
    media_list: MediaList,
    *,
    due: datetime | None = None,
    kind: Occasion = Occasion.PUBLIC,
    layout: Layout = Layout.PREFERRED,
    again: bool = False,
    audience: Audience = Audience.FROZEN,
    stale_after: timedelta | None = None,
    not_after: datetime | None = None,
    now: datetime = NOON,
    templates: Path = TEMPLATES,
) -> Planned:
    """Scheduled as an officer would."""
    order = Order(
        kind=kind,
        due=in_beirut(due) if due else None,
        zone="Asia/Beirut",
        layout=layout,
        template="release",
        again=again,
        audience=audience,
        stale_after=stale_after,
        not_after=in_beirut(not_after) if not_after else None,
    )
    return schedule(
        session,
        session.get_one(Release, version.release_id),
        version,
        media_list,
        order,
        templates=templates,
        sender=SENDER,
        default_language="en",
        now=now,
        actor=DESK,
    )


def make_wave(session: Session, media_list: MediaList, *, due: datetime | None = None, **options: object) -> Wave:
    """A scheduled wave of a fresh, approved release."""
    version = make_version(session, make_release(session))
    return plan_wave(session, version, media_list, due=due, **options).wave  # type: ignore[arg-type]


def told(session: Session, kind: Event | None = None) -> list[LogEntry]:
    """What the log tells, oldest first."""
    return list(entries(session, LogCriteria(event=kind.value if kind else None)))


def both_at_once(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Run the second while the first has done all its work and not yet committed it."""
    done, go_on = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    def before_commit(_session: Session) -> None:
        if threading.current_thread() is one:
            done.set()
            go_on.wait(60)

    one, two = (threading.Thread(target=run, args=(act,)) for act in (first, second))
    event.listen(Session, "before_commit", before_commit)
    try:
        one.start()
        done.wait()
        two.start()
        # It waits for the first, which can't be seen from outside, or it is through by then and must be right too.
        two.join(0.5)
    finally:
        go_on.set()
        one.join()
        two.join()
        event.remove(Session, "before_commit", before_commit)
    for failure in failures:
        raise failure
