"""Lookups made in a rush: several operators on one subject within about two hours."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.score.codebook import Codebook
from auditwatch.score.folding import principals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.core.contexttables import Context

__all__ = ["RUSH_MINUTES", "RUSH_OPERATORS", "rushed"]

RUSH_MINUTES: Final = 120
RUSH_OPERATORS: Final = 3  # two at once are partners in one car
MICROSECONDS: Final = 60_000_000


def rushed(rows: pa.Table, context: Context) -> np.ndarray:
    """Return, for each lookup, whether it was made in a rush, shape (n,).

    Parameters
    ----------
    rows : pa.Table
        `night`, `operator_id`, `subject_id` (dictionary-encoded, each with one dictionary) and
        `event_time` (us, UTC); whole nights.
    context : Context
        `links`: a vehicle and its owner are looked at in the same rush.

    Notes
    -----
    A lookup is in a rush when some stretch of two hours of its night holds it and lookups of at
    least three operators, its own included, on the same subject. A broadcast, a pursuit or a relay
    at shift change is one act of the agency, however many operators it brings.
    """
    crowd = _crowds(rows, context)
    operator = _codes(rows["operator_id"])
    times = pc.cast(rows["event_time"], pa.int64()).to_numpy()
    found = np.zeros(rows.num_rows, dtype=bool)
    busy = np.flatnonzero(_crowded(crowd, operator))
    order = busy[np.lexsort((times[busy], crowd[busy]))]
    for places in _groups(crowd[order]):
        one = order[places]
        found[one] = _in_stretch(times[one], operator[one])
    return found


def _crowds(rows: pa.Table, context: Context) -> np.ndarray:
    """Return one number for each night and subject, linked subjects as one."""
    subjects = rows["subject_id"].combine_chunks()
    texts = pc.cast(subjects.dictionary, pa.string())
    texts = texts.take(pc.sort_indices(texts))
    under = principals(context, Codebook({"subject_id": texts})).to_numpy()
    place = pc.index_in(pc.cast(subjects.dictionary, pa.string()), value_set=texts).to_numpy()
    crowd: np.ndarray = _codes(rows["night"]) * len(texts)
    crowd += under[place[_codes(rows["subject_id"])]]
    return crowd


def _codes(values: pa.ChunkedArray) -> np.ndarray:
    """Return a dictionary column as whole numbers."""
    codes: np.ndarray = pc.cast(values.combine_chunks().indices, pa.int64()).to_numpy()
    return codes


def _crowded(crowd: np.ndarray, operator: np.ndarray) -> np.ndarray:
    """Tell which lookups are on a subject that enough operators looked at on that night."""
    pairs = np.unique(np.stack([crowd, operator]), axis=1)
    names, operators = np.unique(pairs[0], return_counts=True)
    return np.isin(crowd, names[operators >= RUSH_OPERATORS])


def _groups(ordered: np.ndarray) -> Iterator[slice]:
    """Yield the stretches of equal values."""
    edges = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(ordered)]
    return (slice(a, b) for a, b in pairwise(edges))


def _in_stretch(times: np.ndarray, operator: np.ndarray) -> np.ndarray:
    """Tell which of one crowd's lookups, in order of time, lie in a stretch with enough others."""
    ends = np.searchsorted(times, times + RUSH_MINUTES * MICROSECONDS, side="right")
    found = np.zeros(len(times), dtype=bool)
    for start, end in enumerate(ends.tolist()):
        if len(set(operator[start:end].tolist())) >= RUSH_OPERATORS:
            found[start:end] = True
    return found
