"""Moving all findings to another database: whole and compared, or not at all."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, text

from auditwatch.core import clock
from auditwatch.core.errors import ConfigError, IntegrityError
from auditwatch.findings import journal, tables
from auditwatch.findings.database import MOVED, Database

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Result, Table

    from auditwatch.findings.journal import Chain

__all__ = ["move"]

ROWS_AT_ONCE: Final = 2_000


def move(source: Path | str, target: Path | str, actor: str) -> tuple[dict[str, int], Chain]:
    """Copy every table into an empty database, compare each row, and close the old one for good.

    Parameters
    ----------
    source, target : Path or str
        A file, or the URL of a server's database; `target` gets its tables.
    actor : str
        Who moves them, for the journal.

    Returns
    -------
    dict of str to int, Chain
        How many rows each table has, and the journal as the target has it.

    Raises
    ------
    ConfigError
        ``AW-STORE-009`` the target holds something, or the source nothing.
    IntegrityError
        ``AW-STORE-010`` a row came out otherwise, or the journal is broken: nothing was moved.
    ConfigError, LockedError, RefusedError, IntegrityError
        As `database.Database` says.

    Notes
    -----
    Nobody writes to either database meanwhile. The target is committed first, and then the source
    with the mark that refuses every later writer, also one that has it open: after a crash between
    the two the source is still the one that counts, and the target is no longer empty.
    """
    with closing(Database(source)) as old, closing(Database(target)) as new:
        with old.reading() as before, new.reading() as there:
            _refuse(before, there, new.place)
        with old.writing() as giver, new.writing() as taker:
            journal.append(
                giver,
                at=clock.now().astimezone(UTC).isoformat(timespec="seconds"),
                actor=actor,
                action="move",
                finding_id="",
                detail=f"all findings to {new.place}",
            )
            counts = {table.name: _copy(giver, taker, table) for table in _tables()}
            chain = journal.walk(taker)
            if chain.broken is not None:
                raise _changed(f"entry {chain.broken} of the journal", new.place)
            giver.execute(text("UPDATE alembic_version SET version_num = :moved"), {"moved": MOVED})
    return counts, chain


def _tables() -> list[Table]:
    """Return all tables."""
    return tables.metadata.sorted_tables


def _refuse(before: Connection, there: Connection, place: str) -> None:
    """Refuse to add to what somebody has, and to move nothing."""
    if any(_rows_of(there, table) for table in _tables()):
        raise ConfigError(
            "findings are moved into an empty database only, and this one is not empty",
            code="AW-STORE-009",
            where=place,
            hint="make a new one, or put this one away",
        )
    if not any(_rows_of(before, table) for table in _tables()):
        raise ConfigError(
            "there is nothing to move",
            code="AW-STORE-009",
            expected="a workspace that was scanned, or has accounts",
            hint="name the new database in auditwatch.toml; its tables are made at the first start",
        )


def _rows_of(connection: Connection, table: Table) -> int:
    """Count the rows of a table."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _copy(giver: Connection, taker: Connection, table: Table) -> int:
    """Copy a table, then read both again side by side; return how many rows it has."""
    names = table.columns.keys()
    for rows in _sorted(giver, table).partitions():
        taker.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
    count = 0
    for kept, copied in zip_longest(_sorted(giver, table), _sorted(taker, table)):
        count += 1
        if kept != copied:
            raise _changed(f"row {count} of the table {table.name}", str(taker.engine.url))
    return count


def _sorted(connection: Connection, table: Table) -> Result[Any]:
    """Return the rows of a table by its key; they are never all in memory."""
    rows = select(table).order_by(*table.primary_key.columns)
    return connection.execute(rows, execution_options={"yield_per": ROWS_AT_ONCE})


def _changed(what: str, place: str) -> IntegrityError:
    """Return the error for a copy that does not say the same."""
    return IntegrityError(
        f"{what} is not as it was written; nothing was moved",
        code="AW-STORE-010",
        where=place,
        hint="auditwatch verify tells whether the old one is sound; report it where it is",
    )
