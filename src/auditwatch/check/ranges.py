"""The greatest of a range of numbers, for many ranges at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

__all__ = ["greatest"]


def greatest(numbers: Whole, firsts: Whole, lasts: Whole) -> Whole:
    """Return the greatest number of each range.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)
        In any order.
    firsts, lasts : ndarray of int64, shape (n_ranges,)
        Positions of the first and the last number of each range; none is empty.

    Notes
    -----
    Two stretches as long as a power of two cover a range: lengths are doubled step by step, and
    each range is answered at the step of its own.
    """
    found = np.zeros(len(firsts), dtype=np.int64)
    steps = np.frexp((lasts - firsts + 1).astype(np.float64))[1] - 1
    order = np.argsort(steps, kind="stable")
    ends = np.searchsorted(steps[order], np.arange(steps.max(initial=-1) + 2))
    for step in range(len(ends) - 1):
        if step:
            half = 1 << (step - 1)
            numbers = np.maximum(numbers[:-half], numbers[half:])
        own = order[ends[step] : ends[step + 1]]
        found[own] = np.maximum(numbers[firsts[own]], numbers[lasts[own] - (1 << step) + 1])
    return found
