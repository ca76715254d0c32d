"""What a relay answers: its replies read strictly, and what each one means for the delivery."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

MAX_OCTETS = 65_536
"""Of one reply. RFC 5321 4.5.3.1.5 allows 512 a line; long explanations are let pass, floods are not."""
MAX_LINES = 100
MAX_TEXT = 500
_SHORT = 128

_SIMPLE = re.compile(rb"(?:[2-5][0-5][0-9](?: [^\n]*|\r)?\n)+")
_LINE = re.compile(rb"[2-5][0-5][0-9](?:[ -]|\r?$)")
# RFC 3463 2. No more than these, and the end of the word after them, or it is part of the text.
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)", re.ASCII)


class Stage(StrEnum):
    """Where a conversation is: the command that was sent last, or what goes on without one."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END = "end"
    """The message's data, up to the dot that ends it."""
    RSET = "rset"
    QUIT = "quit"

    # A member is its text, in C: the enumeration's own way costs a call for each look into a table.
    __hash__ = str.__hash__


class Verdict(StrEnum):
    """What a reply means for the delivery that is under way."""

    CONTINUE = "continue"
    """Not decided: the conversation goes on."""
    ACCEPTED = "accepted"
    """The relay has taken the message."""
    DEFERRED = "deferred"
    """Not now; the same may go well later."""
    FAILED = "failed"
    """Not this message to this recipient, ever."""
    TROUBLE = "trouble"
    """The relay refuses us, our sender or how we talk, whoever the recipient is: the delivery waits, a person is
    told. Nobody may be missed because a password has run out."""
    OUT_OF_STEP = "out-of-step"
    """No answer to what was asked: replies and commands no longer match, and nothing after it can be believed."""

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, fit to be shown and kept."""

    code: int
    enhanced: str
    """RFC 3463, such as ``5.1.1``; empty where the relay gave none or one of another class."""
    text: str
    """The lines joined by spaces, without codes and control characters, cut to ``MAX_TEXT`` characters."""

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text)))


class MalformedReply(Exception):
    """What the relay sent is no reply."""


_EVERY = frozenset(Stage)
_OPENING = frozenset({Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.AUTH})
_MAIL, _RCPT, _END = frozenset({Stage.MAIL}), frozenset({Stage.RCPT}), frozenset({Stage.END})
_TOLD = frozenset({Stage.RCPT, Stage.DATA})
_TAKING = frozenset({Stage.RCPT, Stage.DATA, Stage.END})

# Stages, how "code enhanced" begins, verdict; the first row that fits decides.
_TABLE: tuple[tuple[frozenset[Stage], str, Verdict], ...] = (
    # 421 is among these: RFC 5321 3.8 lets a relay that goes away give it at any time.
    (_EVERY, "4", Verdict.DEFERRED),
    # Before the first MAIL nobody has been named, so nobody can have failed: 554 in the banner, 535 to AUTH.
    (_OPENING, "5", Verdict.TROUBLE),
    # RFC 4954 6: not authenticated, mechanism too weak, wrong password, TLS wanted.
    (_TAKING, "53[0458]", Verdict.TROUBLE),
    # RFC 5321 4.2.4: the relay does not understand us. 501 is left out: to RCPT it is a bad address (5.1.3).
    # Postfix puts off "504 need fully-qualified hostname", which is about our EHLO, until RCPT.
    (_TAKING, "50[0234]|555", Verdict.TROUBLE),
    # RFC 1870 6.1 and RFC 6531 3.5: to MAIL these judge the message (too big, not convertible), not us.
    (_MAIL, r"552|\d+ 5\.(2\.3\b|3\.4\b|6\.)", Verdict.FAILED),
    # Any other refusal of MAIL is of our sender or of us (5.7.1, 5.1.8, 553): the recipient is not yet named.
    (_MAIL, "5", Verdict.TROUBLE),
    # Relays put off their refusal of client and sender until RCPT (Postfix: smtpd_delay_reject), where
    # "554 5.7.1 Relay access denied" would otherwise fail a whole wave for good. RFC 3463 3.8: X.7 is policy,
    # X.1.7 and X.1.8 are about the sender's address. At the dot X.7 judges the content, so it is not here.
    (_TOLD, r"\d+ 5\.(7\.|1\.[78]\b)", Verdict.TROUBLE),
    # A message too big for this mailbox stays too big (RFC 1870 6.2).
    (_RCPT, r"552 5\.(2\.3|3\.4)\b", Verdict.FAILED),
    # RFC 5321 4.5.3.1.10: 552 to RCPT was once "too many recipients", for which 452 is right.
    (_RCPT, r"552|\d+ 5\.5\.3\b", Verdict.DEFERRED),
    # RFC 3463 3.3: mailbox full. It is emptied sooner or later; give_up_after is the limit.
    (_TAKING, r"\d+ 5\.2\.2\b", Verdict.DEFERRED),
    (_TAKING, "5", Verdict.FAILED),
    (_END, "2", Verdict.ACCEPTED),
    # RFC 5321 4.3.2: what success looks like. RFC 3207 4 and RFC 4954 4 name theirs exactly.
    (frozenset({Stage.BANNER, Stage.STARTTLS}), "220", Verdict.CONTINUE),
    (frozenset({Stage.AUTH}), "235|334", Verdict.CONTINUE),
    (frozenset({Stage.DATA}), "354", Verdict.CONTINUE),
    (frozenset({Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.RSET, Stage.QUIT}), "2", Verdict.CONTINUE),
    (_EVERY, "", Verdict.OUT_OF_STEP),
)
_COMPILED = tuple((stages, re.compile(pattern), verdict) for stages, pattern, verdict in _TABLE)


def classify(stage: Stage, reply: Reply) -> Verdict:
    """What that reply means at that stage."""
    return _verdict(stage, f"{reply.code} {reply.enhanced}")


@lru_cache(maxsize=1024)
def _verdict(stage: Stage, codes: str) -> Verdict:
    return next(verdict for stages, form, verdict in _COMPILED if stage in stages and form.match(codes))


def judge(stage: Stage, raw: bytes) -> tuple[Reply, Verdict]:
    """One whole reply, as ``ReplyReader`` gives it, and what it means at that stage."""
    # Short ones are much the same from message to message; long ones are not worth the memory.
    return _judge_cached(stage, raw) if len(raw) <= _SHORT else _judge(stage, raw)


def _judge(stage: Stage, raw: bytes) -> tuple[Reply, Verdict]:
    reply = parse(raw)
    return reply, classify(stage, reply)


_judge_cached = lru_cache(maxsize=512)(_judge)


def parse(raw: bytes) -> Reply:
    """Read one whole reply, as ``ReplyReader`` gives it."""
    texts = [text.strip() for text in lines(raw)]
    match = _ENHANCED.match(texts[0])
    # RFC 2034 4: the first digits of both codes agree, and the enhanced one stands on every line.
    enhanced = match[1] if match is not None and match[1][0] == chr(raw[0]) else ""
    if enhanced:
        texts = [text.removeprefix(enhanced).lstrip() for text in texts]
    joined = " ".join(filter(None, texts))[:MAX_TEXT]
    if not joined.isprintable():
        joined = "".join(
            c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in joined
        )
    return Reply(int(raw[:3]), enhanced, joined)


def lines(raw: bytes) -> list[str]:
    """The lines of one whole reply without their codes; what is not UTF-8 is replaced."""
    return [line[4:].decode("utf-8", "replace").rstrip("\r") for line in raw.removesuffix(b"\n").split(b"\n")]


class ReplyReader:
    """Cuts what comes from a relay into whole replies, however it was broken up on the way, in bounded memory."""

    __slots__ = ("_buffer", "_count", "_line", "_seen")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._line = 0
        """Where the line begins that is still to be ended."""
        self._seen = 0
        """Up to where it was looked for its end, so that a byte at a time does not cost a scan each."""
        self._count = 0

    @property
    def pending(self) -> bool:
        """Whether a part of a reply is waiting for its end."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what has come; returns the replies that it completes. Raises ``MalformedReply``.

        A line may end in a bare LF: it is read here, never passed on, so that being strict would help nobody.
        """
        buffer = self._buffer
        if not buffer and _SIMPLE.fullmatch(data):
            # Nearly always: whole replies of one line, and nothing to keep.
            return [line + b"\n" for line in data[:-1].split(b"\n")]
        buffer += data
        found: list[bytes] = []
        while (end := buffer.find(b"\n", self._seen)) >= 0:
            self._count += 1
            if _LINE.match(buffer, self._line, end) is None:
                raise MalformedReply("a line does not begin with a reply code")
            if self._line and buffer[self._line : self._line + 3] != buffer[:3]:
                # RFC 5321 4.2.1: every line of a reply has the same code.
                raise MalformedReply("the lines of one reply have different codes")
            end += 1
            if end > MAX_OCTETS or self._count > MAX_LINES:
                raise MalformedReply("a reply does not come to its end")
            if buffer[self._line + 3] == 0x2D:  # a hyphen: more lines follow
                self._line = self._seen = end
            else:
                found.append(bytes(buffer[:end]))
                del buffer[:end]
                self._line = self._seen = self._count = 0
        self._seen = len(buffer)
        if self._seen > MAX_OCTETS:
            raise MalformedReply("a reply does not come to its end")
        return found
