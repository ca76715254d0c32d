"""A deferred delivery is tried again when that can help, by what the relay said: answers as real servers give them."""

from datetime import timedelta

import pytest
from builders import NOON
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.journal import Ended
from mailer.delivery.reply import Stage, parse
from mailer.delivery.retry import WAITS, Hindrance, hindrance, retry_wait

MINUTE = timedelta(minutes=1)


def deferred(answer: str, stage: Stage = Stage.RCPT) -> Ended:
    """An attempt that ended with that answer; none is a line that broke."""
    reply = parse(f"{answer}\r\n".encode()) if answer else None
    return Ended(
        delivery_id=1,
        at=NOON,
        relay="main",
        stage=stage.value,
        verdict="deferred",
        code=reply.code if reply else 0,
        enhanced=reply.enhanced if reply else "",
        text=reply.text if reply else "the relay closed the connection",
        sha256="",
    )


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Hindrance.BROKEN, ""),
        (Hindrance.BROKEN, "250 2.1.5 Ok"),  # to what was not asked
        # Postgrey, SQLgrey, rspamd, milter-greylist, cPanel, Exchange's edge filters
        (Hindrance.GREYLISTED, "450 4.2.0 <a@paper.example>: Recipient address rejected: Greylisted, see x"),
        (Hindrance.GREYLISTED, "450 4.7.1 <a@paper.example>: Greylisted for 5 minutes"),
        (Hindrance.GREYLISTED, "451 4.7.1 Try again later"),
        (Hindrance.GREYLISTED, "451 4.7.1 Greylisting in action, please come back in 00:05:00"),
        (Hindrance.GREYLISTED, "451 4.7.1 Please resend after 300 seconds"),
        (Hindrance.GREYLISTED, "451 Temporarily grey-listed. Too many hosts do this once."),
        (Hindrance.GREYLISTED, "421 4.7.0 graylisted"),
        # Gmail, Exchange, Yahoo, Postfix
        (Hindrance.BUSY, "421 4.7.28 Our system has detected an unusual rate of mail from your IP address"),
        (Hindrance.BUSY, "450 4.2.1 The user you are trying to contact is receiving mail too quickly"),
        (Hindrance.BUSY, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]"),
        (Hindrance.BUSY, "451 4.7.651 The mail server has been temporarily rate limited due to IP reputation"),
        (Hindrance.BUSY, "421 4.3.2 The maximum number of concurrent connections has exceeded a limit"),
        (Hindrance.BUSY, "451 4.7.0 Temporary server error. Please try again later"),
        (Hindrance.BUSY, "421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume"),
        (Hindrance.BUSY, "450 4.7.1 Error: too much mail from 192.0.2.1"),
        (Hindrance.BUSY, "421 4.7.0 relay.example Error: too many connections from 192.0.2.1"),
        (Hindrance.BUSY, "452 4.5.3 Error: too many recipients"),
        (Hindrance.BUSY, "452 4.5.3 Not so many"),
        (Hindrance.BUSY, "552 5.5.3 So many"),
        (Hindrance.BUSY, "421 Service not available, closing"),
        (Hindrance.BUSY, "450 4.4.5 Congestion"),
        (Hindrance.BUSY, "450 Throttled"),
        # Gmail, Dovecot, Exim, old ones
        (Hindrance.FULL, "452 4.2.2 The recipient's inbox is out of storage space"),
        (Hindrance.FULL, "552 5.2.2 <a@paper.example> Quota exceeded (mailbox for user is full)"),
        (Hindrance.FULL, "450 4.2.0 mailbox is full: retry timeout exceeded"),
        (Hindrance.FULL, "452 User is over his quota"),
        (Hindrance.FULL, "552 Requested mail action aborted: exceeded storage allocation"),
        (Hindrance.TROUBLE, "530 5.7.0 Authentication required"),
        (Hindrance.TROUBLE, "535 5.7.8 Too many failed log-ins"),
        (Hindrance.TROUBLE, "554 5.7.1 Relay access denied"),
        (Hindrance.OTHER, "451 4.3.0 Temporary lookup failure, try again later"),
        (Hindrance.OTHER, "451 Temporary local problem - please try later"),
        (Hindrance.OTHER, "450 4.7.1 Client host rejected: cannot find your reverse hostname"),
        (Hindrance.OTHER, "450 4.1.1 <too.busy@paper.example>: unverified address: rate@paper.example unknown"),
        (Hindrance.OTHER, "452 4.3.1 Insufficient system storage"),
        (Hindrance.OTHER, "450 4.2.1 Being migrated, temporarily unavailable"),
    ],
)
def test_an_answer_says_what_kept_a_delivery(kind: Hindrance, answer: str) -> None:
    assert hindrance(deferred(answer)) is kind


def test_a_refusal_of_our_sender_is_trouble_of_ours() -> None:
    assert hindrance(deferred("553 5.7.1 Not your sender", Stage.MAIL)) is Hindrance.TROUBLE


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        ("", [1, 2, 4, 8, 15, 15]),
        ("451 4.7.1 Try again later", [5, 10, 20, 30, 30]),
        ("450 4.7.0 Too many", [3, 6, 12, 24, 48, 60, 60]),
        ("452 4.2.2 Full", [30, 60, 120, 240, 240]),
        ("530 5.7.0 Who are you?", [2, 4, 8, 15, 15]),
        ("451 4.3.0 Later", [1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
def test_the_wait_doubles_from_the_first_to_the_longest(answer: str, minutes: list[int]) -> None:
    attempt = deferred(answer)
    assert [retry_wait(attempt, count, 0) / MINUTE for count in range(1, len(minutes) + 1)] == minutes
    assert retry_wait(attempt, 10_000, 0) / MINUTE == minutes[-1]


@given(st.sampled_from(["", *(f"45{n} 4.7.{n} busy" for n in range(3))]), st.integers(1, 50), st.floats(0, 1))
def test_waits_are_scattered_by_a_quarter_and_never_shorter(answer: str, count: int, spread: float) -> None:
    attempt = deferred(answer)
    least = retry_wait(attempt, count, 0)
    assert least <= retry_wait(attempt, count, spread) <= least * 1.25


def test_every_kind_has_its_waits() -> None:
    assert set(WAITS) == set(Hindrance)
    assert all(waits.first < waits.longest for waits in WAITS.values())
