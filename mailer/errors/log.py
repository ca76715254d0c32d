"""What can be wrong with the log's seal and its keys."""

from mailer.errors.base import DatelineError


class BadLogKey(DatelineError):
    message = "The log's key {file} cannot be used: {reason}."
    remedy = "Put the file back from the backup of config/keys. Until then entries wait for their seal."


class LogTreeBroken(DatelineError):
    message = "The log's tree cannot be built upon: {reason}."
    remedy = (
        "See what does not fit: dateline log verify. Keep the database as it is until somebody has looked at it."
    )


class LogNotOurs(DatelineError):
    message = "The log's last checkpoint, of {sealed} entries, is signed by no key in config/keys/log.pub."
    remedy = (
        "Put config/keys back from its backup. If there is none, or it has never been signed here, see the key in "
        "docs/operators/log.md. Until then entries wait for their seal."
    )


class LogSetBack(DatelineError):
    message = "The log was sealed here up to {sealed} entries, and the database has only {there} of them."
    remedy = (
        "If you put back an older copy of the database yourself, say so: dateline recover. If not, somebody "
        "has taken the end of the log away: keep everything as it is. Until then entries wait for their seal."
    )


class EntriesUnreadable(DatelineError):
    message = "Nobody can read {count} entries of the log, so that they could not be sealed: {entries}."
    remedy = (
        "Nothing of Dateline's writes such entries: let somebody look at the database. All others are sealed, and the "
        "log names these (log.entry-unreadable)."
    )


class NothingSealed(DatelineError):
    message = "Nothing has been sealed yet."
    remedy = "To do so: dateline log seal"


class LogDoubtful(DatelineError):
    message = "The log does not fit its seal ({faults} found), first: {first}"
    remedy = "Keep the database and config/keys as they are, and let somebody look who did not make them."


class ReadingNotNoted(DatelineError):
    message = "Nothing is shown, as the log could not note that it was read: {reason}"
    remedy = "{advice}"


class NotSealed(DatelineError):
    message = "Entry {entry} of the log waits for its seal, and cannot be proven before."
    remedy = "Seal it now: dateline log seal"


class NothingToProve(DatelineError):
    message = "Nothing has become of delivery {delivery} yet: it is {state}."
    remedy = "Wait until it has ended."


class BadReceipt(DatelineError):
    message = "{file} proves nothing: {reason}."
    remedy = "Ask whoever gave it to you for another, and keep this one."


class WitnessFailed(DatelineError):
    message = "The log's checkpoint could not be given to {witness}: {reason}."
    remedy = "It is tried again by itself. See [log] in config/dateline.toml."


class WitnessDiffers(DatelineError):
    message = "{witness} has a checkpoint of as many entries as this log, and it is another one."
    remedy = "Either two offices give their checkpoints to one place, or this log was changed: dateline log verify"
