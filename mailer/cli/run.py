"""``dateline run``: the process that keeps the clock and sends."""

import asyncio
import logging
import os
import signal
import threading
from functools import partial
from typing import Annotated

import typer

from mailer.cli.office import Office, opened
from mailer.cli.output import say
from mailer.delivery.service import Service
from mailer.errors import NoRelay


def run(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more about what goes on.")] = False,
) -> None:
    """Keep the clock, open each wave at its time, and send. Leave it running; stop it with Ctrl-C or SIGTERM."""
    logging.getLogger("mailer").setLevel(logging.INFO if verbose else logging.WARNING)
    with opened() as office:
        serve(office, stop_on_signals=True)


def serve(office: Office, *, stop_on_signals: bool) -> None:
    """Run the office's sending process until it is told to stop. Raises ``NoRelay``."""
    if not office.config.relay:
        raise NoRelay
    service = Service(
        office.database,
        office.clock,
        config=office.config,
        sender=office.sender,
        folder=office.process_folder,
        tell=say,
    )
    if stop_on_signals and threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, partial(_stop, service))
    asyncio.run(service.run())


def _stop(service: Service, number: int, _frame: object) -> None:
    """Finish what is on the wire at the first signal; at the second end at once, which is as safe as a power cut."""
    if service.stopping:
        say("Stopped at once. What was on the wire is in doubt; the next dateline run settles it.")
        os._exit(128 + number)
    if number == signal.SIGINT:
        say("Finishing what is on the wire. To end at once, press Ctrl-C again.")
    service.stop()
