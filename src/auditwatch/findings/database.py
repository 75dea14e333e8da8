"""Opening the findings database: safe settings, one writer at a time, the right revision."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from auditwatch.core.errors import ConfigError, IntegrityError, LockedError, RefusedError
from auditwatch.core.files import ensure_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["HEAD", "Database"]

#: The revision this code works with: the newest in `migrations/versions`.
HEAD: Final = "0005"


class Database:
    """A findings database at the revision of this code.

    Parameters
    ----------
    place : Path or str
        File of an SQLite database, or an SQLAlchemy URL.
    wait_seconds : float
        How long a writer waits for another one.

    Raises
    ------
    ConfigError
        ``AW-STORE-001`` written by a newer auditwatch; ``-002`` not a usable URL.
    LockedError
        ``AW-STORE-003`` another process wrote for longer than `wait_seconds`.
    RefusedError
        ``AW-STORE-004`` the file cannot be opened or written.
    IntegrityError
        ``AW-STORE-005`` the file is damaged or is no database.
    """

    def __init__(self, place: Path | str, wait_seconds: float = 30.0) -> None:
        self.place = str(place)
        self._wait_seconds = wait_seconds
        self.engine = self._sqlite(Path(place)) if _is_path(place) else self._server(str(place))
        try:
            self._upgrade()
        except BaseException:
            self.engine.dispose()
            raise

    def _sqlite(self, path: Path) -> Engine:
        """Open a file, private to this account."""
        ensure_folder(path.parent)
        try:
            path.touch(mode=0o600)
        except OSError as error:
            raise RefusedError(
                f"cannot open the findings database: {error.strerror}",
                code="AW-STORE-004",
                where=self.place,
                hint="check owner and mode of the workspace",
            ) from error
        engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": self._wait_seconds})
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _server(self, url: str) -> Engine:
        """Open a database server; serializable, so that two writers cannot interleave."""
        try:
            return create_engine(make_url(url), isolation_level="SERIALIZABLE")
        except (ArgumentError, ModuleNotFoundError) as error:
            raise ConfigError(
                "not a usable database URL",
                code="AW-STORE-002",
                expected="a file, or postgresql+psycopg://HOST/NAME with its driver installed",
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads all see the same moment."""
        with self._told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection for one transaction; no other process writes meanwhile."""
        with self._told(), self.engine.connect() as connection:
            writer = connection.execution_options(writes=True)
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database says into a message a person can act on."""
        try:
            yield
        except OperationalError as error:
            raise self._refusal(str(error.orig).lower()) from error
        except DatabaseError as error:
            if "not a database" in str(error.orig) or "malformed" in str(error.orig):
                raise self._damaged() from error
            raise

    def _refusal(self, said: str) -> Exception:
        """Return the error for what SQLite or the driver said."""
        if "locked" in said or "busy" in said:
            return LockedError(
                f"another process has been writing for more than {self._wait_seconds:g} s",
                code="AW-STORE-003",
                where=self.place,
                hint="wait for it to end and run the same command again",
            )
        if "malformed" in said:
            return self._damaged()
        return RefusedError(
            "the findings database cannot be read or written",
            code="AW-STORE-004",
            where=self.place,
            hint="check owner, mode and free space; nothing was changed",
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
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def _upgrade(self) -> None:
        """Bring the tables to `HEAD`, or refuse what a newer program wrote."""
        with self.reading() as connection:
            if self._revision(connection) == HEAD:
                return
        with self.writing() as connection:
            found = self._revision(connection)
            if found == HEAD:  # another process was faster
                return
            if found is not None and found not in _revisions():
                raise ConfigError(
                    f"the findings database has revision {found[:40]!r}, unknown to this program",
                    code="AW-STORE-001",
                    where=self.place,
                    expected=f"at most revision {HEAD}",
                    hint="use the auditwatch that wrote it, or a newer one",
                )
            _migrate(connection)


def _is_path(place: Path | str) -> bool:
    """Tell a file from a URL."""
    return isinstance(place, os.PathLike) or "://" not in place


def _prepare(connection: Any, _record: Any) -> None:
    """Set up a new SQLite connection: durable commits, transactions begun by us alone."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    """Begin; a writer takes the write lock at once, so that it never lacks it half-way."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
