"""Whether steps and standings are still what the journal says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select

from auditwatch.findings import tables
from auditwatch.review.decide import Step, digest_of
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
    said = {(name, detail) for name, detail in _journaled(connection)}
    kept: set[tuple[str, str]] = set()
    reached: dict[str, tuple[int, str]] = {}
    for step in _steps(connection):
        detail = f"step {step.number} to {step.state}, sha256 {digest_of(step)}"
        kept.add((step.finding_id, detail))
        reached[step.finding_id] = (step.number, step.state)
    table = tables.standings
    rows = connection.execute(select(table.c.finding_id, table.c.version, table.c.state))
    standing = {name: (version, state) for name, version, state in rows}
    moved = {
        name for name in standing.keys() | reached.keys() if standing.get(name) != reached.get(name)
    }
    return sorted(moved | {name for name, _ in said ^ kept})


def _journaled(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what the journal says of each step."""
    table = tables.journal
    query = select(table.c.finding_id, table.c.detail).where(table.c.action.in_(ACTS))
    yield from (tuple(row) for row in connection.execute(query))


def _steps(connection: Connection) -> Iterator[Step]:
    """Yield all steps, those of a finding in order."""
    table = tables.steps
    for row in connection.execute(
        select(table).order_by(table.c.finding_id, table.c.number)
    ).mappings():
        actions = msgspec.json.decode(row["actions"], type=tuple[str, ...])
        yield Step(**{**row, "actions": actions})
