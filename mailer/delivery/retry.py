"""How long a deferred delivery waits before it is tried again, by what kept it from going out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from mailer.delivery.journal import Ended
from mailer.delivery.reply import Reply, Stage, Verdict, classify


class Hindrance(StrEnum):
    """What kept a delivery from going out."""

    BROKEN = "broken"
    """No answer, or none that made sense: the line or the relay broke."""
    TROUBLE = "trouble"
    """The relay refuses us or our sender: a person of ours has to mend something."""
    FULL = "full"
    """The recipient's mailbox."""
    GREYLISTED = "greylisted"
    """Put off on purpose, as every first try from an unknown sender is."""
    BUSY = "busy"
    """The relay has too much to do, or has had too much from us."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Waits:
    """The wait after the first try, and the longest; it doubles from the one to the other."""

    first: timedelta
    longest: timedelta


# RFC 5321 4.5.4.1 asks for half an hour at least, or less where there is a reason; news is one, and its second try
# soon after the first.
WAITS: Mapping[Hindrance, Waits] = {
    # A line is back within minutes; nobody is burdened by a try that does not reach anybody.
    Hindrance.BROKEN: Waits(timedelta(minutes=1), timedelta(minutes=15)),
    # Soon after a password is put right, mail must go out; until then each try costs little.
    Hindrance.TROUBLE: Waits(timedelta(minutes=2), timedelta(minutes=15)),
    # A person has to empty it.
    Hindrance.FULL: Waits(timedelta(minutes=30), timedelta(hours=4)),
    # Postgrey, SQLgrey, rspamd and milter-greylist wait for 5 minutes unless told otherwise: an earlier try is lost,
    # and one that comes hours later may find itself forgotten.
    Hindrance.GREYLISTED: Waits(timedelta(minutes=5), timedelta(minutes=30)),
    # Who comes back at once is throttled for longer.
    Hindrance.BUSY: Waits(timedelta(minutes=3), timedelta(hours=1)),
    Hindrance.OTHER: Waits(timedelta(minutes=1), timedelta(hours=1)),
}

# How "code enhanced words" reads, without what names a person; the first row that fits decides. Words go before codes,
# as relays agree on words more than on codes: Postfix says "450 4.7.1 Error: too much mail from" and "450 4.7.1 Client
# host rejected", Postgrey "450 4.2.0 … Greylisted", rspamd "451 4.7.1 Try again later".
_TABLE: tuple[tuple[str, Hindrance], ...] = (
    # RFC 3463 3.3. 552 says the same without an enhanced code, unless it is the "too many recipients" of RFC 5321
    # 4.5.3.1.10.
    (r"\d+ [45]\.2\.2\b|552 (?!5\.5\.3\b)", Hindrance.FULL),
    (r".*\b(over|exceed\w*|out of)\b.{0,20}\bquota\b|.*\bquota\b.{0,20}\bexceeded\b", Hindrance.FULL),
    (r".*\bmailbox\b.{0,20}\bfull\b", Hindrance.FULL),
    (r"4.*\bgr[ae]y-?list", Hindrance.GREYLISTED),
    # Gmail: "receiving mail too quickly", "unusual rate"; Exchange: "Server busy", "rate limited", "maximum number of
    # concurrent connections"; Yahoo: "unexpected volume"; Postfix: "too many connections".
    (r".*\btoo (many|much|quickly|fast|frequent)", Hindrance.BUSY),
    (
        r".*\b(rates?|rate-?limit\w*|throttl\w*|busy|volume|maximum number|concurrent|limit exceeded)\b",
        Hindrance.BUSY,
    ),
    (r"45[01] 4\.7\.1 .*\b(try|retry|come back|resend)\b.*\b(later|in|after)\b", Hindrance.GREYLISTED),
    # RFC 5321 3.8: 421 closes the channel. RFC 3463 3.4, 3.5, 3.6 and 3.8: X.3.2 takes no mail now, X.4.5 congestion,
    # X.5.3 too many recipients (we name one at a time: too many by now), X.7.0 policy; 4.7.28 is Gmail's for a rate.
    (r"421 |\d+ (4\.(3\.2|4\.5|7\.0|7\.28)|[45]\.5\.3)\b", Hindrance.BUSY),
)
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), kind) for pattern, kind in _TABLE)
_PERSON = re.compile(r"<[^>]*>|\S+@\S+")


def hindrance(attempt: Ended) -> Hindrance:
    """What kept a deferred delivery from going out, by the relay's answer."""
    if attempt.code < 400:
        return Hindrance.BROKEN
    reply = Reply(attempt.code, attempt.enhanced, attempt.text)
    if classify(Stage(attempt.stage), reply) is Verdict.TROUBLE:
        return Hindrance.TROUBLE
    words = f"{attempt.code} {attempt.enhanced} {_PERSON.sub(' ', attempt.text)}"
    return next((kind for form, kind in _COMPILED if form.match(words)), Hindrance.OTHER)


def retry_wait(attempt: Ended, count: int, spread: float) -> timedelta:
    """How long to wait after a deferred attempt, the delivery's ``count``-th; ``spread`` in 0..1 scatters it by up to
    a quarter more, so that deliveries that were deferred together do not all come back together."""
    waits = WAITS[hindrance(attempt)]
    doubled = waits.first * (1 << min(count - 1, 10))
    return min(doubled, waits.longest) * (1 + spread / 4)
