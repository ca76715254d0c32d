"""Hands one mail to the office's relays, at once and in this process; the way of mail that belongs to no wave."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from mailer.config import Config
from mailer.delivery.endpoint import Endpoint, RelayTrouble, Timeouts
from mailer.delivery.mail_object import Envelope, MailObject
from mailer.delivery.reply import Verdict
from mailer.delivery.routes import Routes, domain_of
from mailer.delivery.smtp import Connection, ConversationLost
from mailer.rendering import SenderIdentity, header_address, needs_smtputf8

_PATIENCE = Timeouts(connect=15, banner=30, command=30, data=30, block=30, end=60)
"""Somebody waits for it, or the process that it is sent from may want to end."""


class NotTaken(Exception):
    """No relay has taken it; the text is why, as the last one that was asked has said it."""

    def __init__(self, reason: str, *, later: bool) -> None:
        super().__init__(reason)
        self.later = later
        """Whether the relay said that the same may go well later (greylisting)."""


def send_single(config: Config, sender: SenderIdentity, address: str, chunks: Sequence[bytes]) -> str:
    """Hand over a whole message to the first relay that takes it; returns the relay's name. Raises ``NotTaken``."""
    envelope = Envelope(
        header_address(sender.bounce_address), header_address(address), smtputf8=needs_smtputf8(address)
    )
    mail = MailObject.of(envelope, chunks)
    failed = NotTaken("no relay takes it", later=False)
    for number in (n for tier in Routes(config.relay, sender.address).to(domain_of(address)) for n in tier):
        endpoint = replace(
            Endpoint.of(config.relay[number], helo=domain_of(header_address(sender.address))), timeouts=_PATIENCE
        )
        try:
            asyncio.run(_hand_over(endpoint, mail))
        except (RelayTrouble, ConversationLost) as error:
            failed = NotTaken(f"{endpoint.name}: {error}", later=False)
        except NotTaken as error:
            failed = NotTaken(f"{endpoint.name}: {error}", later=error.later)
        else:
            return endpoint.name
    raise failed


async def _hand_over(endpoint: Endpoint, mail: MailObject) -> None:
    connection = await Connection.open(endpoint)
    outcome = await connection.send(mail, on_data=lambda: None)
    await connection.quit()
    if outcome.verdict is not Verdict.ACCEPTED:
        raise NotTaken(str(outcome.reply), later=outcome.verdict is Verdict.DEFERRED)
