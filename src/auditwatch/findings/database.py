"""Opening the findings database: one writer at a time, the right revision, plain errors."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError, DataError, OperationalError

from auditwatch.core.errors import (
    ConfigError,
    IntegrityError,
    LockedError,
    RefusedError,
    UsageError,
)
from auditwatch.findings.dialects import DAMAGED, LOCKED, PostgreSQL, SQLite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from auditwatch.findings.dialects import Dialect

__all__ = ["HEAD", "MOVED", "Database"]

#: The revision this code works with: the newest in `migrations/versions`.
HEAD: Final = "0005"

#: What stands in the place of a revision once `moving.move` took everything elsewhere.
MOVED: Final = "moved"

_NOW_AT: Final = text("SELECT version_num FROM alembic_version")


class Database:
    """A findings database at the revision of this code.

    Parameters
    ----------
    place : Path or str
        File of an SQLite database, or ``postgresql://USER@HOST/NAME``.
    wait_seconds : float
        How long a writer waits for another one.

    Raises
    ------
    ConfigError
        ``AW-STORE-001`` written by a newer auditwatch; ``-002`` not a usable URL; ``-006`` a
        database that sorts text otherwise; ``-008`` the findings were moved to another database.
    LockedError
        ``AW-STORE-003`` another process wrote for longer than `wait_seconds`.
    RefusedError
        ``AW-STORE-004`` the file or the server cannot be opened or written.
    IntegrityError
        ``AW-STORE-005`` the file is damaged or is no database.
    """

    def __init__(self, place: Path | str, wait_seconds: float = 30.0) -> None:
        self.place = str(place)
        self._wait_seconds = wait_seconds
        self._dialect: Dialect = _dialect(place)
        self.engine = self._dialect.engine(wait_seconds)
        try:
            self._upgrade()
        except BaseException:
            self.engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads all see the same moment."""
        with self._told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection for one transaction; no other process writes meanwhile.

        Raises
        ------
        ConfigError
            ``AW-STORE-001``, ``-008`` since it was opened the findings were brought up to date by
            a newer program, or moved: what were written now would be lost.
        """
        with self._transaction() as writer:
            found = writer.execute(_NOW_AT).scalar()
            if found != HEAD:
                raise self._unfit(found)
            yield writer

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Give a connection that alone may write."""
        with self._told(), self.engine.connect() as connection:
            writer = connection.execution_options(writes=True)
            with writer.begin():
                yield writer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database says into a message a person can act on."""
        try:
            yield
        except DataError as error:
            raise self._unkept() from error
        except DatabaseError as error:
            trouble = self._dialect.trouble(error.orig or error)
            if trouble == LOCKED:
                raise self._locked() from error
            if trouble == DAMAGED:
                raise self._damaged() from error
            if isinstance(error, OperationalError):
                raise self._unreadable() from error
            raise

    def _locked(self) -> LockedError:
        """Return the error for a database that another process kept to itself."""
        return LockedError(
            f"another process has been writing for more than {self._wait_seconds:g} s",
            code="AW-STORE-003",
            where=self.place,
            hint="wait for it to end and run the same command again",
        )

    def _unreadable(self) -> RefusedError:
        """Return the error for a file or server that refuses."""
        return RefusedError(
            "the findings database cannot be read or written",
            code="AW-STORE-004",
            where=self.place,
            hint="check owner, mode and free space, or the server; nothing half done was kept",
        )

    def _unkept(self) -> UsageError:
        """Return the error for text that the database cannot hold."""
        return UsageError(
            "a text holds a character that the database cannot keep",
            code="AW-STORE-007",
            expected="text without NUL characters",
            hint="remove it and do the same again; nothing was changed",
        )

    def _damaged(self) -> IntegrityError:
        """Return the error for a file that is no sound database."""
        return IntegrityError(
            "not a sound findings database",
            code="AW-STORE-005",
            where=self.place,
            hint="restore it from a backup, or move it away and scan again",
        )

    def _revision(self, connection: Connection) -> str | None:
        """Return the revision of the tables, or None when there are none."""
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(_NOW_AT).scalar()

    def _unfit(self, found: str | None) -> ConfigError:
        """Return the error for tables that this program must not write."""
        if found == MOVED:
            return ConfigError(
                "the findings were moved to another database, and this one is closed",
                code="AW-STORE-008",
                where=self.place,
                hint="name the other one in auditwatch.toml ([findings] database) and start again",
            )
        return ConfigError(
            f"the findings database has revision {str(found)[:40]!r}, unknown to this program",
            code="AW-STORE-001",
            where=self.place,
            expected=f"at most revision {HEAD}",
            hint="use the auditwatch that wrote it, or a newer one",
        )

    def _upgrade(self) -> None:
        """Bring the tables to `HEAD`, or refuse what a newer program wrote."""
        with self.reading() as connection:
            if self._revision(connection) == HEAD:
                return
        with self._transaction() as connection:
            found = self._revision(connection)
            if found == HEAD:  # another process was faster
                return
            if found is not None and found not in _revisions():
                raise self._unfit(found)
            _migrate(connection)


def _dialect(place: Path | str) -> Dialect:
    """Return what opens a file or a URL."""
    if isinstance(place, os.PathLike) or "://" not in place:
        return SQLite(Path(place))
    return PostgreSQL(place)


def _migrations() -> Any:
    """Return alembic's configuration; imported only when a database is made or upgraded."""
    from alembic.config import Config  # noqa: PLC0415 - 0.2 s that an ordinary start need not pay

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revisions() -> set[str]:
    """Return all revisions that this program knows."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    return {
        script.revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions()
    }


def _migrate(connection: Connection) -> None:
    """Run the missing migrations inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - as above

    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
