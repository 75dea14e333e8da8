"""One measured figure beside what it is held to."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Figure", "interleaved", "median_seconds"]


@dataclass(frozen=True)
class Figure:
    """A figure: what, how much, in which unit, what to reach, on which data."""

    what: str
    value: float
    unit: str
    reach: str
    data: str

    def line(self) -> str:
        """Return the figure as one line of the table."""
        amount = f"{self.value:>10,.2f} {self.unit:<9}"
        return f"{self.what:<60} {amount} reach {self.reach:<8} {self.data}"


def median_seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median wall time of some work in seconds, after one run that is not counted."""
    work()
    return statistics.median(_seconds(work) for _ in range(runs))


def interleaved(first: Callable[[], object], second: Callable[[], object], runs: int = 5) -> float:
    """Return the median ratio first / second of pairs run in turn, so that drift cancels."""
    first(), second()
    return statistics.median(_seconds(first) / _seconds(second) for _ in range(runs))


def _seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
