"""``dateline log``: key and rotate-key: with what the log is sealed."""

from mailer.audit.sealing import known_keys, rotate_key
from mailer.cli.home import home
from mailer.cli.identity import log_key
from mailer.cli.office import opened
from mailer.cli.options import JsonOption
from mailer.cli.output import out, say, show_document
from mailer.config import load


def key(*, as_json: JsonOption = False) -> None:
    """Print the public keys that the log was ever sealed with, oldest first. Give them to whoever shall check it."""
    keys = known_keys(load(home()).keys_folder)
    if as_json:
        show_document({"keys": [known.line for known in keys]})
        return
    for known in keys:
        out.print(known.line, markup=False)
    if not keys:
        say("The log has no key yet; it is made when something is sealed first: dateline log seal")


def change_key(*, as_json: JsonOption = False) -> None:
    """Let a new key seal the log from now on, as each year, or at once where somebody else may have the old one.

    The old key seals the entry that says so; its secret part is gone then.
    """
    with opened() as office:
        new = rotate_key(
            office.database,
            log_key(office),
            office.config.keys_folder,
            at=office.clock.now(),
            actor=office.actor,
        )
    if as_json:
        show_document({"key": new.line, "sealed": new.since})
        return
    out.print(new.line, markup=False)
    say(
        f"This key seals the log from {new.since} entries on. Give it to whoever checks the log, and back up "
        "config/keys."
    )
