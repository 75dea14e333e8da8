"""Which lookups can count for a correlation at all: a small group never fills a window.

A rule on crowds asks about nearly every lookup of a night, and nearly every group is too small
whatever the window. These are told by counting, column by column, before any window slides.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.correlation import Correlation

    Whole = NDArray[np.int64]

__all__ = ["crowded", "least_of"]


def least_of(correlation: Correlation) -> int:
    """Return how many events or values a window needs at least; 0 where nobody can say.

    Parameters
    ----------
    correlation : Correlation
        Of any kind; only those that count have a least number.
    """
    if correlation.kind not in ("event_count", "value_count") or correlation.aliases:
        return 0
    needs = {"gte": ceil, "eq": ceil, "gt": lambda limit: floor(limit) + 1}
    return max(
        (needs[order](limit) for order, limit in correlation.limits if order in needs), default=0
    )


def crowded(
    correlation: Correlation, matched: Sequence[tuple[Columns, Whole]]
) -> list[NDArray[np.bool_]]:
    """Tell which matched lookups are of a group with as many events or values as a window needs.

    Parameters
    ----------
    correlation : Correlation
        With a least number and no aliases.
    matched : sequence of (Columns, ndarray of int64)
        Batches, each with the rows that a rule matched; one batch may come several times.

    Returns
    -------
    list of ndarray of bool
        For each of `matched` a flag a row. A group that is left out could fill no window.
    """
    rows = sum(len(found) for _, found in matched)
    groups = np.zeros(rows, dtype=np.int64)
    for name in correlation.group:
        groups = _paired(groups, _codes(name, matched))
    if len(correlation.fields) == 1:
        values = _paired(groups, _codes(correlation.fields[0], matched))
        _, firsts = np.unique(values, return_index=True)
        counted = firsts[values[firsts] >= 0]
    else:
        counted = np.arange(rows)
    counts = np.bincount(groups[counted][groups[counted] >= 0], minlength=rows + 1)
    kept = (groups >= 0) & (counts[groups] >= least_of(correlation))
    return np.split(kept, np.cumsum([len(found) for _, found in matched])[:-1])


def _codes(name: str, matched: Sequence[tuple[Columns, Whole]]) -> Whole:
    """Return a column of all matched rows as whole numbers that are the same for the same text."""
    columns = [columns.coded(name) for columns, _ in matched]
    texts = pa.concat_arrays([column.values.cast(pa.string()) for column in columns])
    places = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    shares = np.split(places, np.cumsum([len(column.values) for column in columns])[:-1])
    return np.concatenate(
        [
            np.append(share, [-1, -1])[column.codes[rows]]
            for share, column, (_, rows) in zip(shares, columns, matched, strict=True)
        ]
    )


def _paired(one: Whole, other: Whole) -> Whole:
    """Return a number below the count of rows for each distinct pair; -1 where one lacks."""
    lacking = (one < 0) | (other < 0)
    keys = pa.array(one * (other.max(initial=0) + 1) + other, mask=lacking).dictionary_encode()
    return np.asarray(keys.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64))
