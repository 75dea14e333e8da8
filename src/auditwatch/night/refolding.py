"""Cascades that the edge of a file cut in two, made whole again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import night_bounds
from auditwatch.core.schema import LOOKUPS
from auditwatch.ingest import LOOK_BACK, fold, read_followers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.engine.lake import Lake

__all__ = ["fold_across_files"]

MACHINE: Final = pa.array(["hotlist", "batch"])


def fold_across_files(nights: Sequence[str], lake: Lake, workspace: Workspace) -> bool:
    """Fold nights whose lookups came from more than one file as if it had been one.

    Parameters
    ----------
    nights : sequence of str
        ISO dates of nights to be judged.
    lake : Lake
        Whose lookups get their `origin` and `lookup_id` corrected, a night at a time.
    workspace : Workspace
        The rules' catalogue, the agency's zone and the longest cascade.

    Returns
    -------
    bool
        Whether any night was changed.

    Notes
    -----
    Files are put one after another by their first time, so that a trail gives the same lookups
    however it was cut and in whatever order its parts came.
    """
    followers = read_followers(workspace.rules)
    seconds = workspace.settings.ingest.cascade_seconds
    changed = False
    for night in nights:
        before = (date.fromisoformat(night) - timedelta(days=1)).isoformat()
        sources = lake.read(LOOKUPS, [before, night], ["source_id"])["source_id"]
        if len(pc.unique(sources)) < 2:
            continue
        start = night_bounds(night, workspace.settings.agency.timezone)[0]
        since = start - timedelta(seconds=LOOK_BACK * seconds)
        rows = lake.read(LOOKUPS, [before, night])
        rows = rows.filter(pc.greater_equal(rows["event_time"], pa.scalar(since)))
        rows = rows.combine_chunks()
        origin, lookup_id = fold(_in_file_order(rows), followers, seconds)
        columns = {"origin": origin, "lookup_id": lookup_id}
        folded = rows
        for name, values in columns.items():
            folded = folded.set_column(folded.column_names.index(name), name, values)
        mine = pc.equal(rows["night"].cast(pa.string()), night)
        if not _alike(rows.filter(mine), folded.filter(mine), tuple(columns)):
            lake.replace(LOOKUPS, folded.filter(mine), [night])
            changed = True
    return changed


def _in_file_order(rows: pa.Table) -> pa.Table:
    """Return rows numbered over all files, without the origins that folding gives."""
    sources = rows["source_id"].combine_chunks().dictionary_decode().dictionary_encode()
    codes = sources.indices.to_numpy()
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    first = np.full(len(sources.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(first, codes, times)
    names = np.array(sources.dictionary.to_pylist())
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((names, first))] = np.arange(len(first))
    numbers = np.empty(rows.num_rows, np.int64)
    order = np.lexsort((rows["line"].to_numpy(), rank[codes]))
    numbers[order] = np.arange(rows.num_rows)
    given = rows["origin"].cast(pa.string())
    given = pc.if_else(pc.is_in(given, value_set=MACHINE), given, None)
    numbered = rows.set_column(rows.column_names.index("line"), "line", pa.array(numbers))
    return numbered.set_column(rows.column_names.index("origin"), "origin", given)


def _alike(one: pa.Table, other: pa.Table, names: Sequence[str]) -> bool:
    """Tell whether two tables say the same in some columns."""
    pairs = ((one[name].cast(pa.string()), other[name].cast(pa.string())) for name in names)
    return all(mine.to_pylist() == others.to_pylist() for mine, others in pairs)
