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
