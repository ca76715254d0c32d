"""As whom the office speaks to the world: the sender of its mail, and the key that seals its log."""

from mailer.audit import Event, append
from mailer.audit.sealing import LogKey, log_key_of
from mailer.cli.office import Office
from mailer.config import Config
from mailer.rendering import SenderIdentity


def sender_of(config: Config) -> SenderIdentity:
    """The settings of ``[sender]`` as rendering takes them: whose name and addresses the office's mail carries."""
    sender = config.sender
    return SenderIdentity(
        name=sender.name or config.office.name,
        address=sender.address,
        reply_to=sender.reply_to,
        bounce_address=sender.bounce_address or sender.address,
        unsubscribe_url=sender.list_unsubscribe_url,
        list_id=f"press.{sender.address.rpartition('@')[2]}",
    )


def log_key(office: Office) -> LogKey:
    """What seals the office's log; made, and told of in the log, where there is none. Raises ``BadLogKey``."""
    domain = office.config.sender.address.rpartition("@")[2]
    key, made = log_key_of(office.config.keys_folder, f"{domain}/dateline-log")
    if made:
        with office.database.write() as session:
            data = {"key": str(key.verifier)}
            append(session, Event.LOG_KEY_MADE, at=office.clock.now(), actor=office.actor, data=data)
    return key
