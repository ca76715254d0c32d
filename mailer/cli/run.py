"""``dateline run``: the process that keeps the clock and sends."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from mailer.audit.sealing import Sealer
from mailer.cli.identity import log_key, sender_of
from mailer.cli.office import Office, opened
from mailer.cli.output import say
from mailer.delivery.service import Service, Tell
from mailer.errors import DatelineError, NoRelay
from mailer.keeping import refuse_older
from mailer.logs import JsonFormatter, LogFormat, fields

_log = logging.getLogger(__name__)


def run(
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say more about what goes on: how each delivery ended.")
    ] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            "--log-format",
            envvar="DATELINE_LOG_FORMAT",
            help="How to say it: text, or json with one object a line.",
        ),
    ] = LogFormat.TEXT,
) -> None:
    """Keep the clock, open each wave at its time, and send. Leave it running; stop it with Ctrl-C or SIGTERM."""
    logging.getLogger("mailer").setLevel(logging.INFO if verbose else logging.WARNING)
    tell = _in_json() if log_format is LogFormat.JSON else _to_a_person
    try:
        with opened() as office:
            _look_for_cycles_less()
            serve(office, stop_on_signals=True, tell=tell)
    except Exception as error:
        if log_format is LogFormat.TEXT:
            raise
        _log_failure(error)
        raise typer.Exit(1) from None


def serve(office: Office, *, stop_on_signals: bool, tell: Tell) -> None:
    """Run the office's sending process until it is told to stop.

    Raises ``NoRelay``, ``BadLogKey``, and ``DatabaseOlder`` where the database was put back from a copy.
    """
    if not office.config.relay:
        raise NoRelay
    with office.database.read() as session:
        refuse_older(session, office.config, office.process_folder)
    service = Service(
        office.database,
        office.clock,
        config=office.config,
        sender=sender_of(office.config),
        folder=office.process_folder,
        sealer=Sealer(office.database, log_key(office)),
        tell=tell,
    )
    if stop_on_signals and threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, partial(_stop, service, tell))
    asyncio.run(service.run())


def _look_for_cycles_less() -> None:
    """What was loaded at the start stays to the end: to go through all of it now and then, as Python does by itself,
    would stop the mail for a tenth of a second each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _stop(service: Service, tell: Tell, number: int, _frame: object) -> None:
    """Finish what is on the wire at the first signal; at the second end at once, which is as safe as a power cut."""
    if service.stopping:
        tell(
            "Stopped at once. What was on the wire is in doubt; the next dateline run settles it.",
            fields("run.cut-off", signal=number),
        )
        os._exit(128 + number)
    if number == signal.SIGINT:
        tell(
            "Finishing what is on the wire. To end at once, press Ctrl-C again.",
            fields("run.stopping", signal=number),
        )
    service.stop()


def _to_a_person(text: str, _fields: Mapping[str, object]) -> None:
    say(text)


def _in_json() -> Tell:
    """Write every log record as a line of JSON on stderr; returns how to tell what a person would be told."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    # What a person would be told is told here too, whether or not she asked for more.
    _log.setLevel(logging.INFO)
    return lambda text, extra: _log.info("%s", text, extra=extra)


def _log_failure(error: Exception) -> None:
    """Say in the log why it ends; a stated problem needs no traceback."""
    if isinstance(error, DatelineError):
        _log.critical("%s", " ".join(filter(None, (error.problem, error.advice))), extra=fields("run.failed"))
    else:
        _log.critical(
            "Dateline has failed in a way that it does not know", exc_info=error, extra=fields("run.failed")
        )
