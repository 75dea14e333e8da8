"""The two databases that findings may be kept in, and all that differs between them.

Both give the same promises: a reader sees one moment, writers come one after another and wait
for each other at the start of a transaction, never half-way, and text sorts by its bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from auditwatch.core.errors import ConfigError, RefusedError
from auditwatch.core.files import ensure_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

__all__ = ["DAMAGED", "LOCKED", "Dialect", "PostgreSQL", "SQLite"]

#: What `Dialect.trouble` may say.
LOCKED: Final = "locked"
DAMAGED: Final = "damaged"
UNREADABLE: Final = "unreadable"

#: Name of the lock that writers of one PostgreSQL database hand to each other ("AW").
WRITERS: Final = 0x4157
#: Sorted by code points these stand in this order; by a language's rules they do not.
BYTEWISE: Final = "-BZ_a\u00e9"


class Dialect(Protocol):
    """One kind of database."""

    def engine(self, wait_seconds: float) -> Engine:
        """Open it; a writer waits so long for another one (s)."""

    def trouble(self, error: BaseException) -> str:
        """Return which kind of trouble an error of the driver is."""


class SQLite:
    """A file of this machine, private to this account.

    Parameters
    ----------
    path : Path
        The file; made when missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def engine(self, wait_seconds: float) -> Engine:
        """Open the file.

        Raises
        ------
        RefusedError
            ``AW-STORE-004`` the file cannot be opened or written.
        """
        ensure_folder(self._path.parent)
        try:
            self._path.touch(mode=0o600)
        except OSError as error:
            raise RefusedError(
                f"cannot open the findings database: {error.strerror}",
                code="AW-STORE-004",
                where=str(self._path),
                hint="check owner and mode of the workspace",
            ) from error
        engine = create_engine(f"sqlite:///{self._path}", connect_args={"timeout": wait_seconds})
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", self._begin)
        return engine

    @staticmethod
    def trouble(error: BaseException) -> str:
        """Return which kind of trouble SQLite is in, by its words: it has no others."""
        said = str(error).lower()
        if "locked" in said or "busy" in said:
            return LOCKED
        if "malformed" in said or "not a database" in said:
            return DAMAGED
        return UNREADABLE

    @staticmethod
    def _prepare(connection: Any, _record: Any) -> None:
        """Set up a new connection: durable commits, transactions begun by us alone."""
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @staticmethod
    def _begin(connection: Connection) -> None:
        """Begin; a writer takes the write lock at once, so that it never lacks it half-way."""
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


class PostgreSQL:
    """A database of a PostgreSQL server, for sites that keep and back up theirs in one place.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST/NAME``, without a password: libpq finds that in its own files.

    Raises
    ------
    ConfigError
        ``AW-STORE-002`` not such a URL, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise _unusable() from error
        if self._url.drivername not in {"postgresql", "postgresql+psycopg"}:
            raise _unusable()
        if self._url.password is not None:
            raise ConfigError(
                "a password does not belong into the settings",
                code="AW-STORE-002",
                where=self._url.render_as_string(),
                hint="put it into ~/.pgpass (mode 0600), or name such a file in PGPASSFILE",
            )

    def engine(self, wait_seconds: float) -> Engine:
        """Open the database.

        Raises
        ------
        ConfigError
            ``AW-STORE-002`` the driver is not installed.
        """
        limits = f"-c lock_timeout={max(1, int(wait_seconds * 1000))}"
        try:
            engine = create_engine(
                self._url.set(drivername="postgresql+psycopg"),
                connect_args={"options": limits, "connect_timeout": 10},
                pool_pre_ping=True,  # a server that was started anew is no reason to fail
            )
        except ModuleNotFoundError as error:
            raise _unusable() from error
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "connect", self._refuse_other_order)
        return engine

    @staticmethod
    def trouble(error: BaseException) -> str:
        """Return which kind of trouble the server told, by the class of its code."""
        code = getattr(error, "sqlstate", None) or ""
        if code in {"55P03", "40P01"}:  # not available in time, deadlock
            return LOCKED
        return DAMAGED if code.startswith("XX") else UNREADABLE

    @staticmethod
    def _begin(connection: Connection) -> None:
        """Begin; a writer waits for the others at once, and then reads what they committed."""
        if _writes(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def _refuse_other_order(self, connection: Any, _record: Any) -> None:
        """Refuse a database that sorts or keeps text in another way: exports would differ."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(c, '' ORDER BY c), getdatabaseencoding() "
                "FROM unnest(%s::text[]) AS c",
                (sorted(BYTEWISE),),
            )
            found = cursor.fetchone()
        connection.rollback()
        if found != (BYTEWISE, "UTF8"):
            raise ConfigError(
                "this database does not keep text as UTF-8 sorted by its bytes",
                code="AW-STORE-006",
                where=self._url.render_as_string(),
                expected="createdb --template=template0 --encoding=UTF8 --locale=C NAME",
            )


def _writes(connection: Connection) -> bool:
    """Tell whether a transaction is to write."""
    return bool(connection.get_execution_options().get("writes", False))


def _unusable() -> ConfigError:
    """Return the error for a URL that nothing can open."""
    return ConfigError(
        "not a usable database URL",
        code="AW-STORE-002",
        expected="a file, or postgresql://USER@HOST/NAME with its driver installed",
        hint="install the driver: pip install 'auditwatch[postgres]'",
    )
