"""Whether steps and standings are still what the journal says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from auditwatch.findings import steps, tables
from auditwatch.review.roles import ACT_PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

__all__ = ["changed_steps"]

ACTS: Final = tuple(ACT_PERMISSIONS)


def changed_steps(connection: Connection) -> list[str]:
    """Return the findings whose steps or standing are not what the journal says of them.

    Parameters
    ----------
    connection : Connection
        To read from.

    Returns
    -------
    list of str
        Sorted ids; empty when all is sound.
    """
    told = {(name, detail) for name, detail in _journaled(connection)}
    kept: set[tuple[str, str]] = set()
    reached: dict[str, tuple[int, str]] = {}
    for step in steps.every(connection):
        kept.add((step.finding_id, steps.said(step)))
        reached[step.finding_id] = (step.number, step.state)
    table = tables.standings
    rows = connection.execute(select(table.c.finding_id, table.c.version, table.c.state))
    standing = {name: (version, state) for name, version, state in rows}
    moved = {
        name for name in standing.keys() | reached.keys() if standing.get(name) != reached.get(name)
    }
    return sorted(moved | {name for name, _ in told ^ kept})


def _journaled(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what the journal says of each step."""
    table = tables.journal
    query = select(table.c.finding_id, table.c.detail).where(table.c.action.in_(ACTS))
    yield from (tuple(row) for row in connection.execute(query))
