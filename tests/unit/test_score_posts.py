"""What a whole post does again and again says little about one of its people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.score.posts import LOUD, fit_posts

NIGHTS = 10


def staff_of(*posts: tuple[int, int]) -> pd.DataFrame:
    """Return operators 0, 1, … of these roles and units, all at work every night."""
    rows = [
        (night, operator, role, unit)
        for operator, (role, unit) in enumerate(posts)
        for night in range(NIGHTS)
    ]
    return pd.DataFrame(rows, columns=["night_number", "operator_id", "role", "unit"])


def times(staff: pd.DataFrame, loud: dict[int, int], operator: int) -> float:
    """Return how usual it is for one operator when others stood out on so many nights each."""
    rows = [(night, who) for who, nights in loud.items() for night in range(nights)]
    seen = pd.DataFrame(rows, columns=["night_number", "operator_id"], dtype="int64")
    posts = fit_posts(seen, np.full(len(seen), LOUD), staff)
    mine = staff[staff["operator_id"] == operator].iloc[0]
    key = (np.array([operator]), np.array([mine["role"]]), np.array([mine["unit"]]))
    return float(posts.times(*key)[0])


def test_what_the_others_of_a_post_do_every_night_is_usual_there_and_rarer_elsewhere() -> None:
    """Four clerks who stand out every night are usual to each other, and to no patrol officer."""
    staff = staff_of(*[(0, 0)] * 4, *[(1, 1)] * 96)
    loud = dict.fromkeys(range(4), NIGHTS)
    # by hand: 4 % of operator-nights; three others of role and unit, shares of 1
    of_role = (3 + 1) / (3 * 0.04 + 1)
    assert times(staff, loud, 0) == pytest.approx((3 + of_role) / (3 * 0.04 + 1))
    assert times(staff, loud, 50) < 0.5


@given(st.integers(0, NIGHTS))
def test_nobody_makes_a_thing_usual_by_doing_it(nights: int) -> None:
    """However often one stands out alone, it is no more usual in the own post than for others."""
    staff = staff_of(*[(0, 0)] * 4, *[(1, 1)] * 96)
    assert times(staff, {0: nights}, 0) <= 1.0


def test_somebody_alone_in_a_role_counts_as_all_do() -> None:
    """A post without others says nothing."""
    staff = staff_of((0, 0), *[(1, 1)] * 50)
    assert times(staff, {0: NIGHTS, 7: NIGHTS}, 0) == 1.0


def test_units_are_told_apart_where_they_differ() -> None:
    """Sergeants of detectives who all do a thing do not make it usual for sergeants of patrol."""
    staff = staff_of(*[(0, 0)] * 10, *[(0, 1)] * 40, *[(1, 1)] * 250)
    loud = dict.fromkeys(range(10), NIGHTS)
    assert times(staff, loud, 0) > 5 * times(staff, loud, 20)
