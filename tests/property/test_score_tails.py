from __future__ import annotations

from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from auditwatch.score.calibrate import fit_reference, sidak
from auditwatch.score.combine import best_and_half, milli
from auditwatch.score.tails import beta_binomial_decades, truncated_decades

shapes = st.floats(0.05, 40)


@given(st.integers(1, 60), st.integers(0, 60), shapes, shapes)
def test_beta_binomial_tails_are_those_of_scipy(n: int, k: int, a: float, b: float) -> None:
    """Above the mean the decades are scipy's; at or below it there is no surprise."""
    k = min(k, n)
    got = beta_binomial_decades(*(np.array([x]) for x in (k, n, a, b)))[0]
    if k <= n * a / (a + b):
        assert got == 0
    else:
        tail = stats.betabinom.pmf(np.arange(k, n + 1), n, a, b).sum()
        assert got == pytest.approx(-np.log10(tail), rel=1e-6, abs=1e-6)


def rising(x: int, n: int) -> int:
    """Return x (x + 1) … (x + n - 1)."""
    product = 1
    for step in range(n):
        product *= x + step
    return product


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6), st.integers(1, 6))
def test_beta_binomial_tails_are_exact(n: int, k: int, a: int, b: int) -> None:
    """Whole shapes allow exact fractions; the decades agree with them."""
    k = min(k, n)
    whole = Fraction(0)
    for j in range(k, n + 1):
        ways = comb(n, j) * rising(a, j) * rising(b, n - j)
        whole += Fraction(ways, rising(a + b, n))
    got = beta_binomial_decades(*(np.array([float(x)]) for x in (k, n, a, b)))[0]
    expected = -np.log10(float(whole)) if k * (a + b) > n * a else 0.0
    assert got == pytest.approx(expected, abs=1e-9)


@given(st.integers(2, 9), st.floats(0.001, 5), st.integers(1, 5))
def test_truncated_tails_equal_sums_of_probabilities(k: int, mean: float, size: int) -> None:
    """P(X >= k | X >= 1) from the definition of the negative binomial, added up below k."""
    chance = mean / (mean + size)

    def mass(j: int) -> float:
        ways = factorial(j + size - 1) // (factorial(j) * factorial(size - 1))
        return float(ways * chance**j * (1 - chance) ** size)

    below = sum(mass(j) for j in range(1, k)) / (1 - mass(0))
    got = truncated_decades(np.array([k]), np.array([mean]), float(size))[0]
    assert 10**-got == pytest.approx(1 - below, abs=1e-9)


@given(st.lists(st.integers(2, 40), min_size=2, max_size=20), st.floats(0.01, 3))
def test_more_is_never_less_surprising(counts: list[int], mean: float) -> None:
    """Decades do not fall as the count rises."""
    ordered = np.array(sorted(counts))
    decades = truncated_decades(ordered, np.full(len(counts), mean), 1.0)
    assert (np.diff(decades) >= 0).all()


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.lists(st.floats(0, 40), min_size=2))
def test_calibration_keeps_the_order(recent: list[float], tonight: list[float]) -> None:
    """A higher raw score is never calibrated below a lower one."""
    reference = fit_reference(np.array(recent), np.ones(len(recent)))
    decades = reference.decades(np.array(sorted(tonight)))
    assert (np.diff(decades) >= -1e-9).all()


@given(st.floats(0, 14), st.integers(2, 50))
def test_many_tries_cost_what_sidak_says(decades: float, tries: int) -> None:
    """The best of n tries is as rare as the complement of n common ones."""
    p = 1 - (1 - 10.0**-decades) ** tries if decades < 7 else tries * 10.0**-decades
    got = sidak(np.array([decades]), tries)[0]
    assert 10**-got == pytest.approx(p, rel=1e-4)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9)), min_size=1, max_size=20))
def test_a_story_is_its_best_and_half_its_second(rows: list[tuple[int, float]]) -> None:
    """Against a plain loop; leaving the second out costs half of it, the third nothing."""
    keys = np.array([key for key, _ in rows])
    decades = np.array([value for _, value in rows])
    got = best_and_half(keys, decades)
    for key, combined in zip(keys, got, strict=True):
        ranked = [*sorted((v for k, v in rows if k == key), reverse=True), 0.0]
        assert combined == pytest.approx(min(12.0, ranked[0] + ranked[1] / 2))


@given(st.floats(0, 400))
def test_what_is_stored_is_whole_and_capped(decades: float) -> None:
    """Thousandths of decades, at most twelve decades."""
    assert milli(np.array([decades]))[0] == round(1000 * min(decades, 12.0))
