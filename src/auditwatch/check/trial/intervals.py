"""How far a count or a share may be trusted: intervals of 95 %."""

from __future__ import annotations

from math import sqrt
from typing import Final

__all__ = ["rate_interval", "share_interval"]

TAIL: Final = 0.025
Z: Final = 1.959963984540054  # of the normal distribution, for two tails of 2.5 %


def share_interval(some: int, of: int) -> tuple[float, float]:
    """Return the interval of a share.

    Parameters
    ----------
    some, of : int
        How many of how many; at least one.

    Returns
    -------
    low, high : float
        Wilson's score interval (E. B. Wilson, JASA 22, 1927), which stays within 0 and 1 and holds
        for few.
    """
    share, square = some / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def rate_interval(number: int, weeks: float) -> tuple[float, float]:
    """Return the interval of a rate per week.

    Parameters
    ----------
    number : int
        What was counted.
    weeks : float
        In how long; above zero.

    Returns
    -------
    low, high : float
        Garwood's exact interval of a Poisson mean (F. Garwood, Biometrika 28, 1936). Findings come
        in clusters, so that the true one is somewhat wider.
    """
    from scipy.special import gammaincinv  # noqa: PLC0415 - heavy, and seldom asked for

    low = float(gammaincinv(number, TAIL)) if number else 0.0
    return low / weeks, float(gammaincinv(number + 1, 1 - TAIL)) / weeks
