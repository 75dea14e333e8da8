"""What people did, in a chain: each row carries the digest of the row before."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import insert, select

from auditwatch.findings.tables import journal

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["GENESIS", "Action", "append", "broken_at", "head", "of_finding", "read"]

#: What the first row carries as the digest before it.
GENESIS: Final = "0" * 64


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


def broken_at(actions: list[Action]) -> int | None:
    """Return the number of the first row that does not follow from the one before it.

    Parameters
    ----------
    actions : list of Action
        All rows in order.

    Returns
    -------
    int or None
        None when the chain holds.
    """
    previous = GENESIS
    for place, action in enumerate(actions, start=1):
        *columns, digest = astuple(action)
        if (action.number, action.previous) != (place, previous) or digest != _digest(columns):
            return place
        previous = action.digest
    return None


def _digest(columns: list[int | str]) -> str:
    """Return the digest of a row's other columns."""
    return hashlib.sha256(msgspec.json.encode(columns)).hexdigest()
