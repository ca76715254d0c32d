"""What can be wrong with the log's seal and its keys."""

from mailer.errors.base import DatelineError


class BadLogKey(DatelineError):
    message = "The log's key {file} cannot be used: {reason}."
    remedy = "Put the file back from the backup of config/keys. Entries wait for their seal until then; nothing is lost."


class LogKeyExists(DatelineError):
    message = "There is a key of the log in {file} already; nothing was changed."
    remedy = "The log has one key at a time."


class LogTreeBroken(DatelineError):
    message = "The log's tree cannot be built upon: {reason}."
    remedy = (
        "See what does not fit: dateline log verify. Keep the database as it is until somebody has looked at it."
    )
