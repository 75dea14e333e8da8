"""Which matches can count for a correlation at all: a small group never fills a window.

A rule on crowds asks about nearly every lookup of a night, and nearly every group is too small
whatever the window. These are told by counting before anything is put in order.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.correlation import Correlation
    from auditwatch.check.windows import Matches

    Whole = NDArray[np.int64]

__all__ = ["crowded", "least_of", "paired"]


def least_of(correlation: Correlation) -> int:
    """Return how many events or values a window needs at least; 0 where nobody can say.

    Parameters
    ----------
    correlation : Correlation
        Of any kind; only those that count have a least number.
    """
    if correlation.kind not in ("event_count", "value_count"):
        return 0
    needs = {"gte": ceil, "eq": ceil, "gt": lambda limit: floor(limit) + 1}
    return max(
        (needs[order](limit) for order, limit in correlation.limits if order in needs), default=0
    )


def crowded(matches: Matches, groups: Whole) -> NDArray[np.bool_]:
    """Tell which matches are of a group with as many events or values as a window needs.

    Parameters
    ----------
    matches : Matches
        In any order.
    groups : ndarray of int64, shape (n_matches,)
        Small numbers; -1 without a group.

    Returns
    -------
    ndarray of bool
        A group that is left out could fill no window.
    """
    kept = groups >= 0
    least = least_of(matches.correlation)
    if least < 2:
        return kept
    grouped = groups[kept]
    if len(matches.correlation.fields) == 1:
        codes, texts = matches.codes(matches.correlation.fields[0])
        pairs = paired(grouped, codes[kept])
        _, firsts = np.unique(pairs, return_index=True)
        firsts = firsts[pairs[firsts] >= 0]
        values = pc.list_value_length(texts).to_numpy(zero_copy_only=False)[codes[kept][firsts]]
        counts = np.bincount(grouped[firsts], values, minlength=len(groups) + 1)
    else:
        counts = np.bincount(grouped, minlength=len(groups) + 1)
    kept[kept] = counts[grouped] >= least
    return kept


def paired(one: Whole, other: Whole) -> Whole:
    """Return a number below the count of rows for each distinct pair; -1 where one lacks."""
    lacking = (one < 0) | (other < 0)
    keys = pa.array(one * (other.max(initial=0) + 1) + other, mask=lacking).dictionary_encode()
    return np.asarray(keys.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64))
