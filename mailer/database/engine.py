"""Opens the database and gives sessions: one kind that reads, one that writes.

The kind is chosen by who owns the unit of work, because the databases need to know before the first
statement. On SQLite a writer takes the write lock at once (``BEGIN IMMEDIATE``) and waits its turn for
``busy_seconds``; begun as a reader it would fail as soon as another process had written. On PostgreSQL a
reading transaction is ``READ ONLY``. A reading session cannot write on either.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from mailer.errors import BadDatabaseURL, DatabaseBusy, DatabaseUnreachable, DatabaseUnusable

_WRITES = "dateline_writes"
# SQLite's and PostgreSQL's words for "somebody else holds what you need".
_BUSY = ("database is locked", "database table is locked", "deadlock detected", "lock timeout")
# And for a disk or its rights, which whoever runs the office can mend.
_UNUSABLE = ("disk is full", "readonly database", "disk I/O error", "No space left on device")

_CACHE = 16_000
"""KiB of pages that a connection to SQLite keeps. With its own 2,000 a long transaction writes the same pages out, and
reads them back, several times over."""


class Database:
    """One office's database. Safe to share between threads; dispose of it with ``close``."""

    def __init__(self, url: str, *, busy_seconds: float = 30.0) -> None:
        """Raises ``BadDatabaseURL``; connects to nothing yet."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise BadDatabaseURL(reason="it is not a database URL") from error
        kind = parsed.get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise BadDatabaseURL(reason=f"{kind} is not a kind of database that Dateline knows")
        if kind == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        elif parsed.database in (None, "", ":memory:"):
            raise BadDatabaseURL(reason="an SQLite database needs a file")
        self.shown = parsed.render_as_string(hide_password=True)
        """The URL without its password, for messages."""
        self.is_sqlite = kind == "sqlite"
        try:
            self.engine = _sqlite(str(parsed.database), busy_seconds) if self.is_sqlite else _postgresql(parsed)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise BadDatabaseURL(reason="PostgreSQL needs the extra: pip install 'dateline[postgres]'") from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and cannot change it."""
        with self._session(writes=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at the end, or not at all on any error."""
        with self._session(writes=True) as session, session.begin():
            # Begin in the database now: a lock waited for after reading would be a lock on old news.
            session.connection()
            yield session

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Session]:
        options: dict[str, Any] = {_WRITES: writes}
        if not self.is_sqlite:
            options |= {"postgresql_readonly": not writes, "isolation_level": "REPEATABLE READ"}
            if writes:
                options["isolation_level"] = "READ COMMITTED"
        bind = self.engine.execution_options(**options)
        try:
            with Session(bind, expire_on_commit=False) as session:
                yield session
        except OperationalError as error:
            words = str(error.orig)
            if any(busy in words for busy in _BUSY):
                raise DatabaseBusy(database=self.shown) from error
            if error.connection_invalidated or "unable to open" in words or "connect" in words:
                raise DatabaseUnreachable(database=self.shown, reason=first_line(error)) from error
            # A statement of ours that writes in a reading session is our defect, and no matter of rights.
            if (writes or error.statement is None) and any(trouble in words for trouble in _UNUSABLE):
                raise DatabaseUnusable(database=self.shown, reason=first_line(error)) from error
            raise

    def forget(self, *tables: str) -> bool:
        """Clean the database's own files of what was deleted or changed in these tables; outside of a transaction.

        SQLite's log of recent pages is emptied; PostgreSQL frees the old rows and makes its samples of the values anew.
        ``False`` where another process is reading, so that older pages stay until its log is written over.
        """
        if self.is_sqlite:
            # Straight to the driver, whose connection is in no transaction of its own: see ``_sqlite``.
            with closing(self.engine.raw_connection()) as raw:
                return not raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            names = ", ".join(connection.dialect.identifier_preparer.quote(table) for table in tables)
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {names}")
        return True

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def is_writing(session: Session) -> bool:
    """Whether it is a session of ``write``; one of ``read`` cannot change anything."""
    return bool(session.connection().get_execution_options().get(_WRITES, True))


def first_line(error: DBAPIError) -> str:
    """What the database says was wrong; its further lines may quote a row with a person in it."""
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason given"


def _postgresql(url: Any) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        # An error must not quote the values of a statement, which are people.
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute("SET lock_timeout = '30s'")
        connection.commit()

    return engine


def _sqlite(path: str, busy_seconds: float) -> Engine:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # The driver would otherwise begin transactions by itself, and late.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "foreign_keys = ON",
            # What is acknowledged must outlive a power cut: the log is evidence.
            "synchronous = FULL",
            "trusted_schema = OFF",
            # What is deleted is overwritten: a person who is erased must not be readable in the file's free pages.
            "secure_delete = ON",
            f"cache_size = -{_CACHE}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, True)
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        # Pages that a statement may have to put back cost a list's import a tenth of its time in a file. What a report
        # sorts may not fit into memory.
        connection.exec_driver_sql(f"PRAGMA temp_store = {'MEMORY' if writes else 'FILE'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
