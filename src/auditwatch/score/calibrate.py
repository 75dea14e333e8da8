"""Calibration: what a raw score means, from the scores of recent nights pooled over all roles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = ["Reference", "fit_reference", "sidak"]

TAIL_SHARE: Final = 0.02  # the tail begins at the 98th percentile, or further out where
TAIL_UNITS: Final = 20  # more units than these lie beyond it: ranks say more than any curve
SCALE_FLOOR: Final = math.log10(2)  # decades of raw score that halve the tail, at least


@dataclass(frozen=True)
class Reference:
    """Scores of recent nights and the exponential that goes on where they end.

    Parameters
    ----------
    scores : np.ndarray of float, shape (n,)
        Distinct raw scores above zero, ascending.
    above : np.ndarray of float, shape (n,)
        Share of units with at least that score.
    units : float
        How many units were seen, the silent ones included.
    start : float
        Raw score where the tail begins.
    mass : float
        Share of units beyond `start`.
    halving : float
        Decades of raw score that halve the tail: the median excess, or the floor.
    """

    scores: np.ndarray
    above: np.ndarray
    units: float
    start: float
    mass: float
    halving: float

    def decades(self, raw: np.ndarray) -> np.ndarray:
        """Return calibrated decades of raw scores, shape (n,)."""
        if not self.units:
            return np.zeros(len(raw))
        at = np.searchsorted(self.scores, raw, side="left")
        share = np.append(self.above, 0.0)[at]
        ranked = -np.log10((share * self.units + 1) / (self.units + 1))
        beyond = np.log10(1 / self.mass) + (raw - self.start) / self.halving * np.log10(2)
        seen = np.where(share > 0, np.log10(self.units + 1), np.inf)
        beyond = np.minimum(np.maximum(beyond, 0.0), seen)
        inside = np.where(raw > self.start, beyond, ranked)
        return np.where(raw > 0, inside, 0.0)

    def rivals(self, raw: np.ndarray) -> np.ndarray:
        """Return how many units seen scored at least as much, shape (n,)."""
        share = np.append(self.above, 0.0)[np.searchsorted(self.scores, raw, side="left")]
        return np.rint(share * self.units)


def fit_reference(raw: np.ndarray, weight: np.ndarray) -> Reference:
    """Learn a reference from scores of recent nights.

    Parameters
    ----------
    raw : np.ndarray of float, shape (n,)
        Raw decades; zero for units with nothing to say.
    weight : np.ndarray of float, shape (n,)
        How many units a row stands for.

    Notes
    -----
    Rank as long as 20 units lie beyond, at least to the 98th percentile; from there an exponential
    with the *median* excess as half-life, so that a few true misuses among the recent nights do
    not stretch it. Beyond what was seen, a decade of the tail model is a decade at most, however
    few distinct values the recent scores have; and what a recent unit reached is no rarer than one
    among all units seen. Ranks reach far out because honest habits (a broadcast, a sweep) have
    heavy tails: an exponential from the 98th percentile on would call what happens every night one
    in a million.
    """
    units = float(weight.sum())
    loud = raw > 0
    scores, where = np.unique(raw[loud], return_inverse=True)
    times = np.bincount(where, weight[loud], len(scores)) if len(scores) else np.zeros(0)
    above = np.cumsum(times[::-1])[::-1] / max(units, 1.0)
    tail = np.flatnonzero(above <= min(TAIL_SHARE, TAIL_UNITS / max(units, 1.0)))
    start = float(scores[tail[0] - 1]) if len(tail) and tail[0] else 0.0
    if not len(tail) and len(scores):
        start = float(scores[-1])
    inside = times * (scores > start)
    mass = (float(inside.sum()) + 1) / (units + 1)
    halving = _weighted_median(scores - start, inside) if inside.any() else SCALE_FLOOR
    return Reference(scores, above, units, start, mass, max(halving, SCALE_FLOOR))


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the least value with half the weight at or below it; `values` ascend."""
    half = np.cumsum(weight)
    return float(values[np.searchsorted(half, half[-1] / 2, side="left")])


def sidak(decades: np.ndarray, tries: float) -> np.ndarray:
    """Return decades of the best of several tries: ``1 - (1 - p) ** tries``.

    Parameters
    ----------
    decades : np.ndarray of float, shape (n,)
        -log10 p of the best.
    tries : float
        How many there were, at least one.
    """
    if tries <= 1:
        return decades
    inside = np.minimum(10.0**-decades, 1 - 1e-16)
    p = -np.expm1(tries * np.log1p(-inside))
    return np.where(decades > 15, decades - np.log10(tries), -np.log10(np.maximum(p, 1e-300)))
