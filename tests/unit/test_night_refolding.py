"""However a trail is cut into files, and in whatever order they come, its lookups are the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Workspace, find_workspace, make_workspace
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.ingest import read_source, store_source
from auditwatch.night.refolding import fold_across_files

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "event_id,event_time,operator_id,terminal,system,transaction,reason\n"
MIDNIGHT = datetime(2026, 3, 15, 7, tzinfo=UTC)  # in Los Angeles, whose nights these are


def trail(seed: int) -> list[str]:
    """Return a trail of chains typed by four operators around a midnight, in order of time."""
    draw = random.Random(seed)
    rows = []
    for number in range(60):
        operator, terminal = f"T{draw.randrange(4)}", f"MDC-{draw.randrange(2)}"
        when = MIDNIGHT + timedelta(seconds=draw.randrange(-600, 600))
        for key in ("RQ", "DQ", "QW")[: draw.randint(1, 3)]:
            reason = "stop" if key == "RQ" or draw.random() < 0.1 else ""
            rows.append((when, number, operator, terminal, key, reason))
            when += timedelta(seconds=draw.choice([0, 1, 5, 60, 89]))
    rows.sort(key=lambda row: row[0])
    return [
        f"L{n:04d},{when:%Y-%m-%dT%H:%M:%SZ},{operator},{terminal},NLETS,{key},{reason}\n"
        for n, (when, _, operator, terminal, key, reason) in enumerate(rows)
    ]


def folded(folder: Path, parts: list[list[str]]) -> dict[str, tuple[str | None, str]]:
    """Read parts in this order; return lookup and origin of each record."""
    place: Workspace = find_workspace(make_workspace(folder), folder)
    lake = Lake(place.lake)
    for number, part in enumerate(parts):
        path = folder / f"{number}.csv"
        path.write_text(HEADER + "".join(part))
        store_source(read_source(path, place.settings, rules=place.rules), lake)
    fold_across_files(lake.nights(LOOKUPS), lake, place)
    assert not fold_across_files(lake.nights(LOOKUPS), lake, place)
    rows = lake.read(LOOKUPS).to_pylist()
    return {row["event_id"]: (row["lookup_id"], row["origin"]) for row in rows}


@pytest.mark.parametrize("seed", range(8))
def test_cutting_a_trail_changes_no_lookup(tmp_path: Path, seed: int) -> None:
    """Three files in a mixed order give the lookups of the whole, cascades over midnight too."""
    rows = trail(seed)
    draw = random.Random(seed + 100)
    cuts = sorted(draw.sample(range(1, len(rows)), 2))
    parts = [rows[: cuts[0]], rows[cuts[0] : cuts[1]], rows[cuts[1] :]]
    draw.shuffle(parts)
    whole = folded(tmp_path / "whole", [rows])
    assert folded(tmp_path / "parts", parts) == whole
    assert len({lookup for lookup, _ in whole.values()}) < len(whole)


def test_files_of_different_terminals_do_not_mix(tmp_path: Path) -> None:
    """A log for each terminal gives the lookups of the one log of all."""
    rows = trail(21)
    parts = [[row for row in rows if f"MDC-{n}" in row] for n in (1, 0)]
    assert folded(tmp_path / "parts", parts) == folded(tmp_path / "whole", [rows])
