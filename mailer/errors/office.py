"""What can be wrong with an office: its folder and files, settings, times and database."""

from mailer.errors.base import DatelineError


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


class ExtraMissing(DatelineError):
    message = "{what} needs the extra {extra}, which is not installed."
    remedy = "Install it with: pip install 'dateline[{extra}]'"


class NoNameServer(DatelineError):
    message = "This machine knows no name server that could be asked about domains."
    remedy = "See that /etc/resolv.conf names one; nothing was looked up."


class DatabaseUnreachable(DatelineError):
    message = "The database {database} cannot be opened: {reason}."
    remedy = "Check that it runs, that the URL is right and that this user may open it."


class DatabaseBusy(DatelineError):
    message = "The database {database} is busy with another process; nothing was changed."
    remedy = "Try again in a moment; if it stays so, look for a process that hangs."


class DatabaseUnusable(DatelineError):
    message = "The database {database} cannot be used: {reason}; nothing was changed."
    remedy = "Make room on its disk, and let this user write to it and to its folder."


class SchemaBehind(DatelineError):
    message = "The database {database} is at level {level}, and this version needs {needed}."
    remedy = "Make a backup, then bring it forward: dateline backup, then dateline migrate"


class SchemaUnknown(DatelineError):
    message = "The database {database} is at level {level}, which this version does not know."
    remedy = "A newer Dateline has worked on it: install that version here too."


class BadOption(DatelineError):
    message = "{option} cannot be {value}."
    remedy = "Allowed: {allowed}."


class DemoFailed(DatelineError):
    message = "The demonstration did not end well: {reason}."
    remedy = "That is a defect of Dateline, not yours: please report it with what stands above."


class UnwritableFile(DatelineError):
    message = "{file} cannot be written: {reason}."
    remedy = "Check that its folder exists, that there is room, and that this user may write there."


class FileExists(DatelineError):
    message = "There is a file {file} already; nothing was written."
    remedy = "Choose another name, or write over it with --force."
