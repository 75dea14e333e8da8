"""What all windows at once must keep of one window at a time: exact numbers, exact ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_sigma_oracle import check_correlations

from auditwatch.check.ranges import greatest


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=70),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=20),
)
def test_the_greatest_of_ranges_is_that_of_each(
    numbers: list[int], drawn: list[tuple[int, int]]
) -> None:
    """Whatever ranges are asked for at once, each gets its own greatest number."""
    pairs = [sorted((one % len(numbers), other % len(numbers))) for one, other in drawn]
    firsts, lasts = (np.array([pair[at] for pair in pairs], dtype=np.int64) for at in (0, 1))
    found = greatest(np.array(numbers), firsts, lasts)
    assert found.tolist() == [max(numbers[first : last + 1]) for first, last in pairs]


#: Numbers whose sums no machine word holds, and that floats would make equal.
HUGE = (
    str(10**30),
    str(-(10**30)),
    str(10**30 + 1),
    "0.0000000000000000000000001",
    str(2**62),
    "1",
)


@pytest.mark.parametrize("kind", ["value_sum", "value_avg", "value_median", "value_percentile"])
@pytest.mark.parametrize("limit", ["0", "0.0000000000000000000000001", str(10**30), str(2**62)])
def test_numbers_beyond_a_machine_word_are_exact(kind: str, limit: str) -> None:
    """Sums, means and percentiles of huge and tiny numbers are those of a plain reader."""
    made: list[dict[str, Any]] = [
        {
            "type": kind,
            "rules": ["x"],
            "group-by": [],
            "timespan": "3s",
            "condition": {order: limit, "field": "v"},
        }
        for order in ("gt", "gte", "eq", "lt")
    ]
    events = [
        {"r": ["x"], "time": at, "v": HUGE[at * 5 % len(HUGE)]} for at in range(2 * len(HUGE))
    ]
    check_correlations(made, events)
