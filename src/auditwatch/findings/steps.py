"""What reviewers did with a finding, step by step: appended, never changed, each in the journal."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, insert, select

from auditwatch.findings import journal, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

__all__ = ["Standing", "Step", "every", "of_escalated", "record", "said", "standing_of", "steps_of"]


@dataclass(frozen=True)
class Standing:
    """Where a finding stands."""

    version: int = 0
    state: str = ""
    assignee: str = ""
    outcome: str = ""
    quality: str = ""


@dataclass(frozen=True)
class Step:
    """One act on a finding, as it is kept for good."""

    finding_id: str
    number: int
    act: str
    state: str
    outcome: str
    quality: str
    allegation: str
    actions: tuple[str, ...]
    note: str
    actor: str
    at: str


def standing_of(connection: Connection, finding_id: str) -> Standing:
    """Return where a finding stands; the first version of everything when nobody touched it."""
    table = tables.standings
    columns = (
        table.c.version,
        table.c.state,
        table.c.assignee,
        table.c.outcome,
        table.c.quality,
    )
    row = connection.execute(select(*columns).where(table.c.finding_id == finding_id)).first()
    return Standing(*row) if row is not None else Standing()


def steps_of(connection: Connection, finding_id: str) -> list[Step]:
    """Return all steps on a finding, oldest first."""
    table = tables.steps
    return _steps(connection, select(table).where(table.c.finding_id == finding_id))


def every(connection: Connection) -> list[Step]:
    """Return all steps, by finding, oldest first."""
    return _steps(connection, select(tables.steps))


def of_escalated(connection: Connection) -> list[Step]:
    """Return all steps of the findings that were ever escalated, by finding, oldest first."""
    table = tables.steps
    escalated = select(table.c.finding_id).where(table.c.act == "escalate")
    return _steps(connection, select(table).where(table.c.finding_id.in_(escalated)))


def _steps(connection: Connection, query: Select[Any]) -> list[Step]:
    """Return the steps that a query finds."""
    ordered = query.order_by(tables.steps.c.finding_id, tables.steps.c.number)
    return [
        Step(**{**row, "actions": msgspec.json.decode(row["actions"], type=tuple[str, ...])})
        for row in connection.execute(ordered).mappings()
    ]


def record(connection: Connection, step: Step, reached: Standing) -> None:
    """Append a step within the caller's writing transaction, with where the finding stands now.

    Parameters
    ----------
    connection : Connection
        A writing transaction; the step, the standing and the journal stand or fall with it.
    step : Step
        Complete and permitted.
    reached : Standing
        What takes the place of the standing before.
    """
    row = {**asdict(step), "actions": msgspec.json.encode(step.actions).decode()}
    connection.execute(insert(tables.steps).values(row))
    table = tables.standings
    connection.execute(delete(table).where(table.c.finding_id == step.finding_id))
    connection.execute(insert(table).values(finding_id=step.finding_id, **asdict(reached)))
    journal.append(
        connection,
        at=step.at,
        actor=step.actor,
        action=step.act,
        finding_id=step.finding_id,
        detail=said(step),
    )


def said(step: Step) -> str:
    """Return what the journal says of a step: its digest, and not what was written."""
    values = [getattr(step, name) for name in Step.__dataclass_fields__]
    digest = hashlib.sha256(msgspec.json.encode(values)).hexdigest()
    return f"step {step.number} to {step.state}, sha256 {digest}"
