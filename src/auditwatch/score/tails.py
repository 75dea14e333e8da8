"""Tails of counts: how unlikely a count at least this high is, in decades, -log10 p."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["Counts", "Shares", "beta_binomial_decades", "fit_counts", "fit_shares",
           "truncated_decades"]  # fmt: skip

DEEPEST: Final = 300.0  # decades; below this a double has no room
MULTIPLIERS: Final = 10.0 ** np.linspace(-1.5, 1.5, 13)
SIZES: Final = np.array([0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0])
LEAST_ROWS: Final = 10
SMALL_GROUP: Final = 50.0  # a group of n shrinks to its parent by n / (n + 50)
OWN_CAP: Final = 250.0  # own history counts at most as this many subject-days
TRIM: Final = 0.95  # of non-zero shares; one operator must not move a role
WIDTH_RANGE: Final = (1e-4, 0.5)


def truncated_decades(observed: np.ndarray, mean: np.ndarray, size: float) -> np.ndarray:
    """Return decades of P(X >= observed | X >= 1) for a negative binomial.

    Parameters
    ----------
    observed : np.ndarray of int, shape (n,)
        Counts; a count below 2 is no surprise.
    mean : np.ndarray of float, shape (n,)
        Mean of the distribution before truncation.
    size : float
        Shape r; the variance is mean + mean² / r.

    Notes
    -----
    A unit is looked at because something happened at least once, so zero cannot be seen.
    """
    chance = mean / (mean + size)
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = np.log10(special.betainc(np.maximum(observed, 1), size, chance))
        some = np.log10(-np.expm1(size * np.log1p(-chance)))
        decades = np.clip(some - upper, 0.0, DEEPEST)
    return np.where(observed >= 2, decades, 0.0)


def beta_binomial_decades(
    observed: np.ndarray, exposure: np.ndarray, a: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Return decades of P(X >= observed) for a beta-binomial; 0 at or below the mean.

    Parameters
    ----------
    observed, exposure : np.ndarray of int, shape (n,)
        Successes out of trials.
    a, b : np.ndarray of float, shape (n,)
        Shape of the share's distribution.

    Notes
    -----
    Exact: the probabilities are added up from `observed` on by their ratio
    ``(n - j)(j + a) / ((j + 1)(n - j - 1 + b))`` until what is left cannot matter.
    """
    result = np.zeros(len(observed))
    above = np.flatnonzero((observed > 0) & (observed > exposure * a / (a + b)))
    k, n, a, b = (x[above].astype(float) for x in (observed, exposure, a, b))
    first = (
        special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
        + special.betaln(k + a, n - k + b) - special.betaln(a, b)
    )  # fmt: skip
    result[above] = np.clip(-(first + np.log(_tail_ratio(k, n, a, b))) / np.log(10), 0, DEEPEST)
    return result


def _tail_ratio(k: np.ndarray, n: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return P(X >= k) / P(X = k)."""
    total = np.ones(len(k))
    term = np.ones(len(k))
    j = k.copy()
    live = np.flatnonzero(j < n)
    while len(live):
        at, trials = j[live], n[live]
        ratio = (trials - at) * (at + a[live]) / ((at + 1) * (trials - at - 1 + b[live]))
        term[live] *= ratio
        total[live] += term[live]
        j[live] += 1
        more = (at + 1 < trials) & ((term[live] > total[live] * 1e-13) | (ratio >= 1))
        live = live[more]
    return total


@dataclass(frozen=True)
class Counts:
    """A negative binomial around a base expectation.

    Parameters
    ----------
    multiplier : float
        Mean over base expectation.
    size : float
        Shape r.
    """

    multiplier: float = 1.0
    size: float = 1.0

    def decades(self, observed: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Return decades of each count given that it is at least one."""
        return truncated_decades(observed, self.multiplier * base, self.size)

    def expected(self, base: np.ndarray) -> np.ndarray:
        """Return the mean count given that it is at least one."""
        mean = self.multiplier * base
        some = -np.expm1(-self.size * np.log1p(mean / self.size))
        return np.asarray(mean / np.maximum(some, 1e-300))


def fit_counts(observed: np.ndarray, base: np.ndarray) -> Counts:
    """Return multiplier and size that fit the counts of two and more best.

    Parameters
    ----------
    observed : np.ndarray of int, shape (n,)
        Counts; those below 2 are left out, because units with less are not listed.
    base : np.ndarray of float, shape (n,)
        Base expectations.

    Notes
    -----
    Maximum likelihood, conditional on two or more, on a fixed grid: the same answer everywhere.
    Base expectations are rounded to a tenth of a decade so that equal rows are counted once.
    """
    loud = observed >= 2
    if np.count_nonzero(loud) < LEAST_ROWS:
        return Counts()
    tenths = np.round(10 * np.log10(np.maximum(base[loud], 1e-6)))
    cells, times = np.unique(np.stack([observed[loud], tenths]), axis=1, return_counts=True)
    k, mu = cells[0], 10.0 ** (cells[1] / 10)
    mean = MULTIPLIERS[:, None, None] * mu
    size = SIZES[None, :, None]
    chance = size / (size + mean)
    loglik = stats.nbinom.logpmf(k, size, chance)
    upper = special.betainc(2.0, size, 1 - chance)
    fit = ((loglik - np.log(np.maximum(upper, 1e-300))) * times).sum(axis=2)
    best = np.unravel_index(int(np.argmax(fit)), fit.shape)
    return Counts(float(MULTIPLIERS[best[0]]), float(SIZES[best[1]]))


@dataclass(frozen=True)
class Shares:
    """Beta-binomials by role and unit, each shrunk to its parent.

    Parameters
    ----------
    agency : float
        Share of the whole agency.
    roles : dict to float
        Share of each role.
    groups : dict of (role, unit) to float
        Share of each role in each unit.
    width : float
        Intra-class correlation: 0 is binomial, 1 is all or nothing.
    """

    agency: float
    roles: dict[Hashable, float]
    groups: dict[tuple[Hashable, Hashable], float]
    width: float

    def shape(
        self,
        role: np.ndarray,
        unit: np.ndarray,
        own_observed: np.ndarray,
        own_exposure: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a and b of each operator: the group's share updated by capped own history."""
        share = self._shares(role, unit)
        weight = 1 / self.width - 1
        keep = OWN_CAP / np.maximum(own_exposure, OWN_CAP)
        a = share * weight + keep * own_observed
        b = (1 - share) * weight + keep * (own_exposure - own_observed)
        return a, b

    def _shares(self, role: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Return the nearest known share of each row; each role and unit is looked up once."""
        pairs, where, first = _coded(_paired(role, unit))
        nearest = [
            self.groups.get((r, u), self.roles.get(r, self.agency))
            for r, u in zip(role[first].tolist(), unit[first].tolist(), strict=True)
        ]
        return np.array(nearest, dtype=float)[where] if len(pairs) else np.zeros(0)


def fit_shares(
    observed: np.ndarray, exposure: np.ndarray, role: np.ndarray, unit: np.ndarray,
    members: np.ndarray,
) -> Shares:  # fmt: skip
    """Return shares by role and unit, and how much operators differ within a group.

    Parameters
    ----------
    observed, exposure : np.ndarray of int, shape (n,)
        Counts, a row for an operator on a night.
    role, unit : np.ndarray of str or int, shape (n,)
        The group of each row, as names or codes.
    members : np.ndarray, shape (n,)
        Operator of each row; the size of a group is its number of operators.

    Notes
    -----
    Shares above the 95th percentile of the non-zero ones count as that. The width is the moment
    estimator from ``E[n (p - m)²] = m (1 - m) (1 + (n - 1) width)``.
    """
    n = np.maximum(exposure.astype(float), 1)
    rate = observed / n
    some = rate[rate > 0]
    rate = np.minimum(rate, np.quantile(some, TRIM)) if len(some) else rate
    total = n.sum()
    agency = float(np.clip((rate * n).sum() + 0.5, 0, total) / (total + 1)) if len(n) else 0.5
    agency = min(max(agency, 1e-6), 1 - 1e-6)
    member = _coded(members)[1]
    roles, of_role, first = _shrunk(rate, n, role, member, np.full(len(n), agency))
    pairs, mean, each = _shrunk(rate, n, _paired(role, unit), member, of_role)
    spread = (n * (rate - mean) ** 2 / (mean * (1 - mean))).sum() - len(n)
    width = float(np.clip(spread / max((n - 1).sum(), 1.0), *WIDTH_RANGE))
    by_role = dict(zip(role[first].tolist(), roles, strict=True))
    groups = dict(
        zip(zip(role[each].tolist(), unit[each].tolist(), strict=True), pairs, strict=True)
    )
    return Shares(agency, by_role, groups, width)


def _shrunk(
    rate: np.ndarray, n: np.ndarray, labels: np.ndarray, member: np.ndarray, parent: np.ndarray
) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Return each group's share, drawn to the parent's; that of each row; a row of each group."""
    names, where, first = _coded(labels)
    weight = np.bincount(where, n, len(names))
    own = np.bincount(where, rate * n, len(names)) / np.maximum(weight, 1e-300)
    couples = np.unique(where * (int(member.max(initial=0)) + 1) + member)
    size = np.bincount(couples // (int(member.max(initial=0)) + 1), minlength=len(names))
    trust = size / (size + SMALL_GROUP)
    mixed = np.clip(trust * own + (1 - trust) * parent[first], 1e-6, 1 - 1e-6)
    return mixed.tolist(), mixed[where], first


def _paired(role: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return one code for each role and unit."""
    units, where, _ = _coded(unit)
    pairs: np.ndarray = _coded(role)[1] * max(len(units), 1) + where
    return pairs


def _coded(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sorted distinct labels, the code of each row, and the first row of each label."""
    names, first, where = np.unique(labels, return_index=True, return_inverse=True)
    return names, where, first
