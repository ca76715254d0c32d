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
