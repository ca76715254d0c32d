"""What can be wrong with backups, with bringing one back, and with the log's exported segments."""

from mailer.errors.base import DatelineError


class BadBackup(DatelineError):
    message = "{file} is no backup that could be brought back: {reason}."
    remedy = "Nothing was restored. Fetch the file again from where it is kept, or take another backup."


class BackupNewer(DatelineError):
    message = (
        "{file} was made by Dateline {version}; its database is at level {level}, which this one does not know."
    )
    remedy = "Nothing was restored. Install that version or a later one, then restore again."


class OfficeNotEmpty(DatelineError):
    message = "There is something in {folder} already; nothing was restored."
    remedy = "Name a folder that is empty or not there yet. What runs is never written over."


class DatabaseNotEmpty(DatelineError):
    message = "There is something in the database {database} already; nothing was restored."
    remedy = "Make a new, empty one and name it with --database-url, or as DATELINE_DATABASE__URL."


class OtherDatabaseKind(DatelineError):
    message = "The backup has a database of the kind {kept}, and {database} is of the kind {kind}."
    remedy = "Name a {kept} database with --database-url, or as DATELINE_DATABASE__URL."


class DatabaseElsewhere(DatelineError):
    message = "The settings in the backup put the database at {path}, outside of the office's folder."
    remedy = "Nothing was restored. If it shall be there, say so yourself: --database-url sqlite:///{path}"


class NoRoom(DatelineError):
    message = "{folder} has {free} MB free, and {needed} MB are needed; nothing was restored."
    remedy = "Make room on that disk, or restore to another one."


class ProgramMissing(DatelineError):
    message = "The program {program} of PostgreSQL is not installed here."
    remedy = (
        "Install PostgreSQL's client programs, of the server's version or later: apt install postgresql-client"
    )


class ProgramFailed(DatelineError):
    message = "{program} has failed: {reason}."
    remedy = "Put that right and try again; no half of it was kept."


class DatabaseOlder(DatelineError):
    message = "Nothing is sent: the database is older than what is known beside it. {evidence}"
    remedy = (
        "It was put back from a copy, and what has gone out since would go out again. Hold all of it, then decide "
        "wave by wave: dateline recover"
    )


class BadExport(DatelineError):
    message = "{folder} is no export of a log that could be checked: {reason}."
    remedy = "Ask whoever gave it to you for another, and keep this one."


class OtherExport(DatelineError):
    message = "The export in {folder} is not how this log begins: {reason}."
    remedy = "Nothing was changed there. Name a new folder, and keep that one: it shows what the log was."


class OtherTiles(DatelineError):
    message = "The tiles in {folder} are not those that this log goes on from: {reason}."
    remedy = "Nothing was changed there. Name a new folder, and keep that one: it shows what the log was."


class ExportDoubtful(DatelineError):
    message = "The export does not fit its checkpoint ({faults} found), first: {first}"
    remedy = "Keep it as it is, and compare it with another copy."
