"""A small invented agency for the scoring tests: lookups, a lake, a context."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditwatch.config import Settings
from auditwatch.core.contexttables import CASES, RELATIONS, Context
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.score import profile_nights, score_nights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIRST = date(2026, 1, 1)
UNITS = ("north", "south", "records", "dispatch")


def night(number: int) -> str:
    """Return the ISO date of a night, counted from the first."""
    return (FIRST + timedelta(days=number)).isoformat()


def lookup(at: int, operator: str, subject: str | None, **more: Any) -> dict[str, Any]:
    """Return one lookup; night, operator, subject, and whatever else matters."""
    place = int(operator[1:]) % len(UNITS)
    role = "officer" if place < 2 else "clerk"
    shown = {"operator_role": role, "operator_unit": UNITS[place], "case_id": "", "reason_norm": ""}
    return {"night": night(at), "operator_id": operator, "subject_id": subject, **shown, **more}


def minute(place: int) -> int:
    """Return the minute of the day of a lookup by its place: neighbours are hours apart."""
    return place * 467 % 1440


def table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Return rows as LOOKUPS, each heading itself, spread over the day."""
    whole = []
    for n, row in enumerate(rows):
        day = date.fromisoformat(row["night"])
        instant = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute(n))
        event = f"e{n:06d}"
        given = {"event_id": event, "lookup_id": event, "event_time": instant, "origin": "manual"}
        whole.append({**dict.fromkeys(LOOKUPS.names), **given, **row})
    return pa.Table.from_pylist(whole, schema=LOOKUPS.schema)


def work(seed: int = 0, operators: int = 24, nights: int = 32) -> list[dict[str, Any]]:
    """Return honest work: everybody meets popular and rare subjects, half with a number."""
    draw = np.random.default_rng(seed)
    rows = []
    for at in range(nights):
        for who in range(operators):
            for _ in range(draw.poisson(5) if draw.random() < 0.7 else 0):
                subject = f"P-{min(2999, int(draw.pareto(1.1) * 100))}"
                number = "" if draw.random() < 0.5 else "26-00001"
                rows.append(lookup(at, f"T{who}", subject, case_id=number))
    return rows


def cases(*rows: dict[str, Any]) -> pa.Table:
    """Return a table of cases; what is not given is null."""
    whole = [{**dict.fromkeys(CASES.names), **row} for row in rows]
    return pa.Table.from_pylist(whole, schema=CASES.schema)


def relations(*rows: tuple[str, str, str]) -> pa.Table:
    """Return a table of operator, subject, relation."""
    whole = [dict(zip(RELATIONS.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(whole, schema=RELATIONS.schema)


def score(
    rows: Sequence[dict[str, Any]],
    folder: Path,
    *,
    nights: Sequence[int] | None = None,
    context: Context | None = None,
    threads: int = 1,
    floor: float = 2.0,
) -> pa.Table:
    """Return the surprises of some nights (all by default) from lookups to sentences."""
    context = context or Context()
    found = table(rows)
    lake = Lake(folder)
    lake.append(LOOKUPS, found, "town")
    profiles, marks = profile_nights(found, context)
    wanted = lake.nights(LOOKUPS) if nights is None else [night(n) for n in nights]
    defaults = Settings()
    settings = Settings(score=type(defaults.score)(floor_decades=floor))
    with LocalEngine(threads) as engine:
        return score_nights(wanted, profiles, lake, context, settings, engine, marks=marks)
