"""Every error that a person can cause, with what was wrong, where, and what to do about it.

The class says the kind, ``message`` and ``remedy`` are its words with named fields, so that a face
(command line, web) can show or translate them without knowing the kinds one by one.
"""

from typing import ClassVar


class DatelineError(Exception):
    """Something that a person can put right; never shown as a traceback."""

    message: ClassVar[str] = "Something went wrong."
    remedy: ClassVar[str] = ""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(" ".join(filter(None, (self.problem, self.advice))))

    @property
    def problem(self) -> str:
        """What was wrong and where, as one sentence."""
        return self.message.format(**self.fields)

    @property
    def advice(self) -> str:
        """What to do about it; empty where the problem says it all."""
        return self.remedy.format(**self.fields)


class OfficeMissing(DatelineError):
    message = "{folder} is not a press office: it has no config/dateline.toml."
    remedy = "Go to your office's folder, name it with --home, or make one with: dateline init FOLDER"


class OfficeExists(DatelineError):
    message = "{folder} already holds a press office; nothing was changed."
    remedy = "Choose another folder, or delete that one yourself if you are sure."


class UnreadableFile(DatelineError):
    message = "{file} cannot be read: {reason}."
    remedy = "Check that the file exists and that this user may read it."


class BadSyntax(DatelineError):
    message = "{file}, {place}: {reason}."
    remedy = "Correct that line; the comments in the default file show how each setting is written."


class UnknownSetting(DatelineError):
    message = "{file}: {key} is not a setting."
    remedy = "{nearest}"


class BadSetting(DatelineError):
    message = "{file}: {key} cannot be {value}."
    remedy = "Allowed: {allowed}."


class BadWallTime(DatelineError):
    message = "{value} is not a date and time."
    remedy = "Write it as 2026-12-22 10:00, 24-hour clock."


class UnknownZone(DatelineError):
    message = "{zone} is not a time zone."
    remedy = "Use an IANA name, such as Asia/Beirut or Africa/Cairo.{nearest}"


class SkippedWallTime(DatelineError):
    message = "{wall} does not exist in {zone}: the clocks go forward over it, from {before} to {after}."
    remedy = "Choose a time before {before} or from {after} on."


class AmbiguousWallTime(DatelineError):
    message = "{wall} comes twice in {zone} that day: {first} and {second}."
    remedy = "Say which one by its offset: {choices}."


class WrongOffset(DatelineError):
    message = "{wall} is never {offset} in {zone}; there it is {right}."
    remedy = "Leave the offset out, or correct it or the zone."


class BadDatabaseURL(DatelineError):
    message = "The database's URL cannot be used: {reason}."
    remedy = "Write sqlite:///data/dateline.db or postgresql://user@host/name under [database] url."


class DatabaseUnreachable(DatelineError):
    message = "The database {database} cannot be opened: {reason}."
    remedy = "Check that it runs, that the URL is right and that this user may open it."


class DatabaseBusy(DatelineError):
    message = "The database {database} is busy with another process; nothing was changed."
    remedy = "Try again in a moment; if it stays so, look for a process that hangs."


class SchemaBehind(DatelineError):
    message = "The database {database} is at level {level}, and this version needs {needed}."
    remedy = "Make a copy of it, then run: dateline migrate"


class SchemaUnknown(DatelineError):
    message = "The database {database} is at level {level}, which this version does not know."
    remedy = "A newer Dateline has worked on it: install that version here too."


class BadTable(DatelineError):
    message = "{file} cannot be imported: {reason}."
    remedy = "{remedy}"
