"""The truth of a labelled trail: which of its lines are misuse, of which scenario and episode."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import ConfigError
from auditwatch.core.files import require_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Episode", "episodes_of", "read_truth", "within"]

NEEDED: Final = ("event_id", "scenario", "episode")
CELL_BYTES_MAX: Final = 1 << 16


@dataclass(frozen=True)
class Episode:
    """One story of misuse.

    Parameters
    ----------
    scenario : str
        The way of misuse.
    name : str
        Tells it from others of its scenario.
    intensity : str
        How strong it was meant to be; empty when the truth does not say.
    event_ids : frozenset of str
        Its lines in the trail.
    """

    scenario: str
    name: str
    intensity: str
    event_ids: frozenset[str]


def read_truth(path: Path) -> tuple[list[Episode], list[str]]:
    """Read a truth file.

    Parameters
    ----------
    path : Path
        CSV with ``event_id, scenario, episode``, and ``intensity`` if known.

    Returns
    -------
    episodes : list of Episode
        By scenario and name.
    unused : list of str
        Columns that say nothing here.

    Raises
    ------
    ConfigError
        ``AW-EVAL-001`` a column is missing, ``-002`` not CSV, ``-003`` no line, ``-004`` an empty
        cell.
    """
    csv.field_size_limit(CELL_BYTES_MAX)
    try:
        with require_file(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
            _require_columns(names, path)
            reader.fieldnames = names
            episodes = episodes_of(_lines(reader, path))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(
            "not readable as CSV",
            code="AW-EVAL-002",
            where=str(path),
            expected="UTF-8 text with commas and one header line",
            hint="export it again as CSV",
        ) from error
    if not episodes:
        raise ConfigError(
            "the truth names no lookup: there is nothing to find",
            code="AW-EVAL-003",
            where=str(path),
            expected="a line for each misused lookup: " + ", ".join(NEEDED),
            hint="label some episodes first, or evaluate on invented cities: --seeds 1,2,3",
        )
    return episodes, [name for name in names if name not in (*NEEDED, "intensity")]


def episodes_of(rows: Iterable[Mapping[str, str]]) -> list[Episode]:
    """Return the episodes that truth rows name, by scenario and name."""
    events: dict[tuple[str, str], set[str]] = defaultdict(set)
    strengths: dict[tuple[str, str], str] = {}
    for row in rows:
        name = (row["scenario"], row["episode"])
        events[name].add(row["event_id"])
        strengths.setdefault(name, row.get("intensity") or "")
    return [
        Episode(scenario, name, strengths[scenario, name], frozenset(events[scenario, name]))
        for scenario, name in sorted(events)
    ]


def within(
    episodes: Iterable[Episode], event_ids: Collection[str], where: str
) -> tuple[list[Episode], int]:
    """Return the episodes as far as the trail has them, and how many of their lines it lacks.

    Parameters
    ----------
    episodes : iterable of Episode
        As the truth names them.
    event_ids : collection of str
        All lines of the trail.
    where : str
        What to call the truth in an error.

    Raises
    ------
    ConfigError
        ``AW-EVAL-005`` when the trail has none of them.
    """
    episodes = list(episodes)
    known, missing = [], 0
    for one in episodes:
        there = frozenset(name for name in one.event_ids if name in event_ids)
        missing += len(one.event_ids) - len(there)
        if there:
            known.append(Episode(one.scenario, one.name, one.intensity, there))
    if episodes and not known:
        raise ConfigError(
            "the trail has none of the lookups that the truth names",
            code="AW-EVAL-005",
            where=where,
            expected="the event_id of each line as findings export shows it",
            hint="check that truth and trail belong together",
        )
    return known, missing


def _require_columns(names: Collection[str], path: Path) -> None:
    """Refuse a header without the columns that are needed."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise ConfigError(
            f"no column {', '.join(missing)}",
            code="AW-EVAL-001",
            where=f"{path}:1",
            expected="a header with " + ", ".join(NEEDED),
            hint="add it; other columns are not in the way",
        )


def _lines(reader: csv.DictReader[str], path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows, trimmed; refuse one that leaves a needed cell empty."""
    for row in reader:
        cells = {name: (row.get(name) or "").strip() for name in (*NEEDED, "intensity")}
        if not any(cells.values()):
            continue
        empty = [name for name in NEEDED if not cells[name]]
        if empty:
            raise ConfigError(
                f"{', '.join(empty)} is empty",
                code="AW-EVAL-004",
                where=f"{path}:{reader.line_num}",
                expected="a value in each of " + ", ".join(NEEDED),
                hint="fill it in or take the line out",
            )
        yield cells
