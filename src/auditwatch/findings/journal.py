"""What people did, in a chain: each row carries the digest of the row before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import insert, select

from auditwatch.findings.tables import journal

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "GENESIS",
    "Action",
    "Chain",
    "append",
    "head",
    "of_action",
    "of_finding",
    "read",
    "walk",
]

#: What the first row carries as the digest before it.
GENESIS: Final = "0" * 64
ROWS_AT_ONCE: Final = 10_000


@dataclass(frozen=True)
class Action:
    """One row of the journal.

    Parameters
    ----------
    number : int
        From 1, without gaps.
    at : str
        ISO 8601 in UTC.
    actor : str
        Who did it.
    action : str
        decide, reveal, retry, view, sign-in … or a step of `steps`.
    finding_id : str
        On which finding; empty when on none.
    detail : str
        What was done and why, in words.
    previous, digest : str
        SHA-256 of the row before and of this row, in hexadecimal.
    """

    number: int
    at: str
    actor: str
    action: str
    finding_id: str
    detail: str
    previous: str
    digest: str


@dataclass(frozen=True)
class Chain:
    """What a walk along the journal finds.

    Parameters
    ----------
    rows : int
        How many there are.
    head : str
        Digest of the last; empty when there is none.
    broken : int or None
        Number of the first row that does not follow from the one before; None when all do.
    found : bool
        A row has the digest that was sought.
    """

    rows: int
    head: str
    broken: int | None
    found: bool


def append(
    connection: Connection, *, at: str, actor: str, action: str, finding_id: str, detail: str
) -> Action:
    """Add a row within the caller's writing transaction.

    Returns
    -------
    Action
        The row as written.

    Notes
    -----
    The digest is SHA-256 over a JSON list of all other columns, so that no column can change, and
    no row can go or come, without breaking every link after it. Whoever can write the database
    can write a whole new chain: keep `head` somewhere else, such as in the printed night report.
    """
    last = connection.execute(
        select(journal.c.number, journal.c.digest).order_by(journal.c.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.digest) if last else (1, GENESIS)
    row = {
        "number": number,
        "at": at,
        "actor": actor,
        "action": action,
        "finding_id": finding_id,
        "detail": detail,
        "previous": previous,
    }
    written = {**row, "digest": _digest(list(row.values()))}
    connection.execute(insert(journal).values(written))
    return Action(**written)  # type: ignore[arg-type]


def read(connection: Connection) -> list[Action]:
    """Return all rows in order."""
    rows = connection.execute(select(journal).order_by(journal.c.number))
    return [Action(**row) for row in rows.mappings()]


def of_finding(connection: Connection, finding_id: str) -> list[Action]:
    """Return the rows about one finding in order."""
    query = select(journal).where(journal.c.finding_id == finding_id).order_by(journal.c.number)
    return [Action(**row) for row in connection.execute(query).mappings()]


def head(connection: Connection) -> str:
    """Return the digest of the last row; `GENESIS` when there is none."""
    found = connection.execute(
        select(journal.c.digest).order_by(journal.c.number.desc()).limit(1)
    ).scalar()
    return found or GENESIS


def of_action(connection: Connection, action: str) -> list[Action]:
    """Return the rows of one action in order."""
    query = select(journal).where(journal.c.action == action).order_by(journal.c.number)
    return [Action(**row) for row in connection.execute(query).mappings()]


def walk(connection: Connection, sought: str = "") -> Chain:
    """Recompute every row's digest from the first on; rows are never all in memory.

    Parameters
    ----------
    connection : Connection
        To read from.
    sought : str
        Beginning of a digest that was noted elsewhere; none when empty.
    """
    rows = select(journal).order_by(journal.c.number)
    streamed = connection.execute(rows, execution_options={"yield_per": ROWS_AT_ONCE})
    previous, place, broken, found = GENESIS, 0, None, False
    for *columns, digest in streamed:
        place += 1
        follows = columns[0] == place and columns[-1] == previous
        if broken is None and not (follows and digest == _digest(columns)):
            broken = place
        found = found or bool(sought and digest.startswith(sought))
        previous = digest
    return Chain(place, previous if place else "", broken, found)


def _digest(columns: list[int | str]) -> str:
    """Return the digest of a row's other columns."""
    return hashlib.sha256(msgspec.json.encode(columns)).hexdigest()
