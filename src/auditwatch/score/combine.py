"""Combination: the best view plus half the second, once for each story."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["CAP_DECADES", "best_and_half", "milli"]

CAP_DECADES: Final = 12.0


def best_and_half(keys: np.ndarray, decades: np.ndarray) -> np.ndarray:
    """Return, for each row, the combined decades of all rows with its key.

    Parameters
    ----------
    keys : np.ndarray of int, shape (n,)
        Story of each row.
    decades : np.ndarray of float, shape (n,)
        Decades of each view, one row a view and story.

    Returns
    -------
    np.ndarray of float, shape (n,)
        Best plus half the second best, at most 12.

    Notes
    -----
    Misuse shows in one or two ways of counting; a sum over all of them rewards being a little odd
    everywhere, a plain maximum forgets the second witness.
    """
    if not len(keys):
        return np.zeros(0)
    order = np.lexsort((-decades, keys))
    sorted_keys, ranked = keys[order], decades[order]
    starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    second = np.where(sizes > 1, ranked[np.minimum(starts + 1, len(keys) - 1)], 0.0)
    joint = np.minimum(ranked[starts] + second / 2, CAP_DECADES)
    result = np.zeros(len(keys))
    result[order] = np.repeat(joint, sizes)
    return result


def milli(decades: np.ndarray) -> np.ndarray:
    """Return decades as whole thousandths, capped at 12 decades; what is stored and compared."""
    thousandths: np.ndarray = np.rint(1000 * np.clip(decades, 0.0, CAP_DECADES)).astype(np.int64)
    return thousandths
