"""Scoring at size: profiles of a large invented agency, night after night."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.config import Settings
from auditwatch.core.contexttables import Context
from auditwatch.core.schema import MARK_NIGHTS, PAIR_NIGHTS
from auditwatch.engine.lake import Lake
from auditwatch.engine.local import LocalEngine
from auditwatch.score import LakePast, score_nights
from auditwatch.score.views import markers
from auditwatch.score.words import EPOCH
from tests.bench.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["figures", "fill"]

FIRST: Final = date(2026, 1, 1)
UNITS: Final = 40
SUBJECTS: Final = 20  # of the open road, for each lookup of a night
REGULARS: Final = 2  # whom units know, for each lookup of a night
MARKED: Final = 0.004  # of the rows, by each view


def figures(folder: Path) -> Iterator[Figure]:
    """Yield what the last of many nights costs to score, and what a longer history adds."""
    operators, lookups, nights = 400, 30_000, 60
    lake = Lake(folder / "nights")
    rows = fill(lake, operators, lookups, nights, before=nights)
    data = (
        f"{lookups:,} lookups a night, {operators} operators, {rows:,} profile rows in 120 nights"
    )
    usual, twice = _seconds(lake, nights), _seconds(lake, 2 * nights)
    yield Figure("the last night scored, processor time", usual, "s", "-", data)
    yield Figure("with a history twice as long, against that", twice / usual, "x", "<= 1.2", data)


def _seconds(lake: Lake, history: int) -> float:
    """Return the processor time of scoring the last night, the one before it having been scored."""
    settings = replace(Settings(), score=replace(Settings().score, history_nights=history))
    *_, before, last = lake.nights(PAIR_NIGHTS)
    with LocalEngine() as engine:
        score_nights([before], LakePast(lake), lake, Context(), settings, engine)
        began = time.process_time()
        score_nights([last], LakePast(lake), lake, Context(), settings, engine)
        return time.process_time() - began


def fill(lake: Lake, operators: int, lookups: int, nights: int, *, before: int = 0) -> int:
    """Write profiles and marks of nights that end where the last does; return how many rows.

    Parameters
    ----------
    lake : Lake
        Where to.
    operators, lookups : int
        Of the agency; of each night, by the two thirds of operators who work then.
    nights : int
        How many.
    before : int
        Nights of the same length that come before the first.
    """
    rows = 0
    for at in range(-before, nights):
        profile, marks = _night(at, operators, lookups)
        day = [(FIRST + timedelta(days=at)).isoformat()]
        lake.replace(PAIR_NIGHTS, profile, day)
        lake.replace(MARK_NIGHTS, marks, day)
        rows += profile.num_rows
    return rows


def _night(at: int, operators: int, lookups: int) -> tuple[pa.Table, pa.Table]:
    """Return profile rows and marks of one night."""
    draw = np.random.default_rng(1000 + at)
    busy = np.flatnonzero(draw.random(operators) < 2 / 3)
    who = draw.choice(busy, lookups)
    road = draw.integers(0, SUBJECTS * lookups, lookups) + REGULARS * lookups
    pool = max(1, REGULARS * lookups // UNITS)
    known = np.minimum(draw.pareto(0.7, lookups) * 3, pool - 1).astype(np.int64)
    whom = np.where(draw.random(lookups) < 0.6, road, known + who % UNITS * pool)
    pairs, times = np.unique(who * (1 << 40) + whom, return_counts=True)
    who, whom = pairs >> 40, pairs & ((1 << 40) - 1)
    n = len(pairs)
    numbered = draw.random(n) < 0.5
    explained = numbered & (draw.random(n) < 0.9)
    number = pa.array(draw.integers(0, lookups, n), mask=~numbered)
    day = FIRST + timedelta(days=at)
    columns = {
        "night": pa.array([day.isoformat()]).take(pa.array(np.zeros(n, dtype=np.int32))),
        "night_number": np.full(n, (day - EPOCH).days),
        "operator_id": _names("T", who),
        "operator_role": _names("role-", who % 5),
        "operator_unit": _names("unit-", who % UNITS),
        "subject_id": _names("V-", whom),
        "lookups": times,
        "explained": times * explained,
        "settled": times * (~explained & (draw.random(n) < 0.05)),
        "numbered": times * numbered,
        "number": pc.binary_join_element_wise("26-", pc.cast(number, pa.string()), ""),
        "rushed": times * (draw.random(n) < 0.02),
    }
    profile = pa.table(columns).select(list(PAIR_NIGHTS.names)).cast(PAIR_NIGHTS.schema)
    return profile, _marks(profile, draw)


def _marks(profile: pa.Table, draw: np.random.Generator) -> pa.Table:
    """Return some rows of a night as marks of each view."""
    parts = []
    for view, _ in markers():
        some = profile.filter(pa.array(draw.random(profile.num_rows) < MARKED))
        value = _names("v", draw.integers(0, 500, some.num_rows))
        told = {"mark": pa.array([view] * some.num_rows), "value": value}
        part = some.select(["night", "night_number", "operator_id", "subject_id", "lookups"])
        for name, values in told.items():
            part = part.append_column(name, values)
        parts.append(part.select(list(MARK_NIGHTS.names)).cast(MARK_NIGHTS.schema))
    return pa.concat_tables(parts)


def _names(kind: str, numbers: np.ndarray) -> pa.Array:
    """Return invented names, one for each number."""
    return pc.binary_join_element_wise(kind, pc.cast(pa.array(numbers), pa.string()), "")
