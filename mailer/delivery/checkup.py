"""Looks at a whole office and says, line by line, what is well, what to watch and what to mend."""

import asyncio
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from stat import S_IRWXO, S_IWGRP

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mailer.audit.sealing import LogWitness, Witness, last_checkpoint
from mailer.clock import ZONE_DATA, Clock
from mailer.config import Config
from mailer.contacts.address import address
from mailer.contacts.models import Contact, Organisation
from mailer.contacts.search_index import stale
from mailer.database import Database, migrate
from mailer.delivery.checkpoint_mail import witnesses_of
from mailer.delivery.dkim import Signer, readable
from mailer.delivery.dkim_keys import Algorithm
from mailer.delivery.endpoint import Endpoint, RelayTrouble, Timeouts
from mailer.delivery.models import Process
from mailer.delivery.smtp import Connection
from mailer.errors import DatelineError
from mailer.releases.content import EditionContent
from mailer.rendering import Issue, Occasion, SenderIdentity, compile_message, load_template
from mailer.schedule.models import Wave, WaveState
from mailer.schedule.trust import server_doubt

_PATIENCE = Timeouts(connect=10, banner=15, command=15)
"""A person waits for the answer."""

BEAT_LIMIT = timedelta(seconds=30)
"""A process whose clockwork has been silent for longer keeps no clock."""

WITNESS_LATE = timedelta(hours=1)
"""So long after its time a checkpoint is missed."""

_REINDEX = "dateline contacts reindex"
_RESERVED = re.compile(r"(^|\.)(example|test|invalid|localhost|example\.(com|net|org))$")


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up."""

    subject: str
    grade: Grade
    text: str
    """What was found, and where it is not well, what to do."""


def ok(subject: str, found: str) -> Finding:
    """All is well."""
    return Finding(subject, Grade.OK, found)


def warning(subject: str, found: str) -> Finding:
    """Works, but somebody should know."""
    return Finding(subject, Grade.WARNING, found)


def problem(subject: str, found: str) -> Finding:
    """Has to be mended before mail goes out."""
    return Finding(subject, Grade.PROBLEM, found)


def check_office(config: Config, clock: Clock, *, sender: SenderIdentity) -> Iterator[Finding]:
    """Every check, in the order in which things depend on each other. Nothing is changed and nothing is sent."""
    yield ok("settings", f"{config.home / 'config' / 'dateline.toml'} is understood")
    yield from _check_sender(config)
    yield from _check_dkim(config, sender)
    yield from _check_database(config, clock, sender)
    yield from _check_templates(config, sender, clock)
    yield from _check_relays(config, sender)
    yield from _check_clock(clock)
    yield from _check_zones(clock)


def _check_sender(config: Config) -> Iterator[Finding]:
    sender = config.sender
    try:
        address(sender.address)
    except ValueError as error:
        yield problem("sender", f"[sender] address, {sender.address!r}, is not a mail address: {error}")
        return
    if _RESERVED.search(sender.address.rpartition("@")[2]):
        yield warning(
            "sender", f"{sender.address} is an example; write your office's own address under [sender] address"
        )
    else:
        yield ok("sender", f"mail is from {sender.address}")
    if not sender.list_unsubscribe_url:
        yield warning(
            "unsubscribe",
            "there is no [sender] list_unsubscribe_url: large mailbox providers want a one-click link beside the "
            "address (RFC 8058)",
        )


def _check_dkim(config: Config, sender: SenderIdentity) -> Iterator[Finding]:
    signers, unreadable = readable(config.dkim)
    for key, error in unreadable:
        if key.retired:
            yield warning("dkim", f"{error.problem} What was signed with it cannot be produced again")
        else:
            yield problem("dkim", str(error))
    for key in config.dkim:
        with suppress(OSError):
            if key.key_file.stat().st_mode & (S_IWGRP | S_IRWXO):
                yield warning(
                    "dkim", f"{key.key_file} is open to others: chmod 600 {shlex.quote(str(key.key_file))}"
                )
    signing = [signer for signer in signers if not signer.retired]
    for signer in signing:
        yield ok("dkim", f"mail is signed for {signer.domain} with {signer.selector} ({signer.algorithm})")
    if signing:
        yield from _check_signing(signing, helo_of(sender))
    elif not any(not key.retired for key in config.dkim):
        yield warning(
            "dkim",
            "mail is not signed here: unless your relay does it, make a key with dateline dkim new SELECTOR, or large "
            "mailbox providers refuse it",
        )


def _check_signing(signing: Sequence[Signer], ours: str) -> Iterator[Finding]:
    # RFC 7489 3.1.1: DMARC wants one signature of the domain in From, or of one above or below it.
    if not any(f".{ours}".endswith(f".{s.domain}") or f".{s.domain}".endswith(f".{ours}") for s in signing):
        yield warning("dkim", f"no key is for {ours}, from which the mail is: to DMARC it counts as unsigned")
    if not any(signer.algorithm is Algorithm.RSA for signer in signing):
        yield warning(
            "dkim", "there is no RSA key beside the Ed25519 one, which not every receiver knows (RFC 8463)"
        )


def _check_database(config: Config, clock: Clock, sender: SenderIdentity) -> Iterator[Finding]:
    if (file := _sqlite_file(config.database_url)) and not file.exists():
        # To look at it would be to make it.
        yield problem("database", f"{file} is not there: make it with dateline migrate, or bring back its copy")
        return
    database = None
    try:
        database = Database(config.database_url)
        migrate.require(database)
        with database.read() as session:
            yield ok("database", f"{database.shown} is at level {migrate.level(database).present}")
            if doubt := server_doubt(session, clock.now()):
                yield problem("database clock", doubt)
            contacts = session.scalar(select(func.count()).select_from(Contact)) or 0
            organisations = session.scalar(select(func.count()).select_from(Organisation)) or 0
            if contacts and organisations:
                yield ok("registry", f"{organisations} organisations, {contacts} contacts")
            else:
                yield warning(
                    "registry",
                    "it has no organisation or no contact yet: "
                    "dateline contacts import contacts/organisations.toml contacts/*.csv",
                )
            if unfound := len(stale(session)):
                yield warning("search", f"{unfound} contacts may not be found by their words: {_REINDEX}")
            yield from _check_witnesses(session, config, clock, sender)
            waiting = session.scalar(
                select(func.count())
                .select_from(Wave)
                .where(Wave.state.in_((WaveState.SCHEDULED, WaveState.SENDING)))
            )
            alive = session.scalar(
                select(func.count())
                .select_from(Process)
                .where(Process.ended_at.is_(None), Process.beat_at > clock.now() - BEAT_LIMIT)
            )
            if alive:
                yield ok("clockwork", "dateline run keeps the clock")
            elif waiting:
                yield problem("clockwork", f"{waiting} waves wait and nothing keeps the clock: start dateline run")
            else:
                yield warning("clockwork", "dateline run does not run; waves go out only while it does")
    except DatelineError as error:
        yield problem("database", str(error))
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        yield problem(
            "database", f"it cannot be used ({reason}): bring back a copy of it, and keep this one apart"
        )
    finally:
        if database is not None:
            database.close()


def _check_witnesses(session: Session, config: Config, clock: Clock, sender: SenderIdentity) -> Iterator[Finding]:
    """That everybody who shall keep the log's checkpoints has had one lately, if there was a new one."""
    last = last_checkpoint(session)
    known = {row.name: row for row in session.scalars(select(LogWitness))}
    for witness in witnesses_of(config, clock, sender=sender):
        row, subject = known.get(witness.name), "log witness"
        if row is not None and row.trouble:
            when = f"since {row.given_at:%Y-%m-%d %H:%M} UTC" if row.given_at else "yet"
            yield warning(subject, f"{witness.name} has had no checkpoint {when}: {row.trouble}")
        elif last is not None and (row is None or row.given_at is None):
            yield warning(subject, f"{witness.name} has had no checkpoint yet; dateline run gives it one")
        elif last is not None and row is not None and row.size != last.size and _is_late(witness, row, clock):
            yield warning(
                subject,
                f"{witness.name} has had no checkpoint since {row.given_at:%Y-%m-%d %H:%M} UTC: start dateline run",
            )
        else:
            size = row.size if row else 0
            yield ok(subject, f"{witness.name} has a checkpoint of {size} of the log's entries")


def _is_late(witness: Witness, row: LogWitness, clock: Clock) -> bool:
    return row.given_at is None or clock.now() - row.given_at > witness.every + WITNESS_LATE


def _sqlite_file(url: str) -> Path | None:
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") and path else None


def _check_templates(config: Config, sender: SenderIdentity, clock: Clock) -> Iterator[Finding]:
    for name in ("release", "notice"):
        try:
            template = load_template(config.home / "templates", name)
            for language in config.office.languages:
                compile_message(template, _sample(language, sender, clock), languages=(language,), place=None)
        except DatelineError as error:
            yield problem(f"template {name}", str(error))
        else:
            yield ok(f"template {name}", f"renders in {', '.join(config.office.languages)}")


def _sample(language: str, sender: SenderIdentity, clock: Clock) -> Issue:
    edition = EditionContent(language=language, headline="…", body="…", day=clock.now().date())
    return Issue(
        slug="sample",
        version=1,
        version_sha256="0" * 64,
        editions={language: edition},
        occasion=Occasion.PUBLIC,
        embargo=None,
        assets={},
        sender=sender,
    )


def _check_relays(config: Config, sender: SenderIdentity) -> Iterator[Finding]:
    if not config.relay:
        yield problem("relay", "none is set up: add a [[relay]] to config/dateline.toml")
    for relay in config.relay:
        subject = f"relay {relay.name}"
        if not relay.sends_for(sender.address):
            yield warning(subject, f"it is never used: its senders leave out {sender.address}")
        try:
            endpoint = replace(Endpoint.of(relay, helo=helo_of(sender)), timeouts=_PATIENCE)
            offered = asyncio.run(_greet(endpoint))
        except RelayTrouble as error:
            yield problem(subject, f"{relay.host}:{relay.port}: {error}")
        except ValueError as error:
            yield problem(subject, str(error))
        else:
            how = {"tls": "with TLS", "starttls": "with STARTTLS", "none": "without encryption"}[relay.security]
            yield ok(
                subject, f"{relay.host}:{relay.port} answers {how}{' and lets us in' if relay.username else ''}"
            )
            if not offered:
                yield warning(subject, "it does not offer PIPELINING, so that mail goes out more slowly")


async def _greet(endpoint: Endpoint) -> bool:
    connection = await Connection.open(endpoint)
    offered = connection.extensions.pipelining
    await connection.quit()
    return offered


def helo_of(sender: SenderIdentity) -> str:
    """Our name for EHLO: the domain that our mail comes from."""
    return sender.address.rpartition("@")[2].encode("idna").decode("ascii")


def _check_clock(clock: Clock) -> Iterator[Finding]:
    now = clock.now()
    if now < datetime(2026, 1, 1, tzinfo=UTC):
        yield problem("clock", f"it shows {now:%Y-%m-%d %H:%M} UTC, which is past: set it by a time server")
        return
    program = shutil.which("timedatectl")
    answer = ""
    if program:
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(  # noqa: S603 - a fixed command of the system
                [program, "show", "--property=NTPSynchronized", "--value"],
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
            answer = done.stdout.strip()
    if answer == "yes":
        yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, set by a time server")
    elif answer == "no":
        yield problem("clock", "no time server sets it: turn one on, such as timedatectl set-ntp true")
    else:
        yield warning(
            "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC; this system does not tell whether a time server sets it"
        )


def _check_zones(clock: Clock) -> Iterator[Finding]:
    year = int(ZONE_DATA[:4]) if ZONE_DATA[:4].isdecimal() else 0
    if clock.now().year - year > 1:
        yield warning(
            "time zones",
            f"the data is of {ZONE_DATA}: upgrade the tzdata package, or a country's new summer time is missed",
        )
    else:
        yield ok("time zones", f"data of {ZONE_DATA}")
