"""How hard somebody misuses the system: how many looks, and over how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["INTENSITIES", "Intensity"]

_LATEST_START = 0.02


@dataclass(frozen=True)
class Intensity:
    """One strength of misuse; a scenario gives its middling numbers and asks what they become.

    Parameters
    ----------
    name : str
        ``low``, ``medium`` or ``high``.
    looks : float
        Factor on how many lookups.
    length : float
        Factor on how long it goes on: thin misuse is drawn out, dense misuse is short.
    """

    name: str
    looks: float
    length: float

    def count(self, rng: np.random.Generator, low: int, high: int) -> int:
        """Return a number from `low` up to but not including `high`, scaled, at least one."""
        return max(1, round(int(rng.integers(low, high)) * self.looks))

    def span(self, rng: np.random.Generator, low: float, high: float) -> tuple[float, float]:
        """Return a part of the trail of scaled length, anywhere in it.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        low, high : float
            Shortest and longest length at middling intensity, as shares of the trail.

        Returns
        -------
        start, end : float
            Shares of the trail, within 0 and 1.
        """
        length = min(1.0 - _LATEST_START, rng.uniform(low, high) * self.length)
        start = rng.uniform(0.0, 1.0 - length)
        return start, start + length


INTENSITIES = {
    one.name: one
    for one in (
        Intensity("low", 0.5, 1.25),
        Intensity("medium", 1.0, 1.0),
        Intensity("high", 1.6, 0.8),
    )
}
