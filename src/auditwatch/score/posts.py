"""Posts: how much more or less usual it is in one role and unit than in all to stand out.

Ranks over all operators say how rare something is in the agency. Where one kind of post works so
that its people stand out again and again, as those who check applicants do, that is no news about
any one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

__all__ = ["Posts", "fit_posts"]

#: Calibrated decades from which an operator-night counts as one that stands out: one in thirty.
#: Further out a post of ten people has too few such nights to be told from chance.
LOUD: Final = 1.5
#: A post is drawn to its role, and a role to all, as by so many operators.
DRAWN: Final = 1.0


@dataclass(frozen=True)
class Posts:
    """How often operators of each role, and of each role in each unit, stood out of late.

    Parameters
    ----------
    usual : float
        Share of all operator-nights that stood out.
    roles : dict to tuple of float
        Role to its operators and the sum of their shares of nights that stood out.
    groups : dict of (role, unit) to tuple of float
        The same of each role in each unit.
    own : dict to tuple
        Operator to role, unit and share, of those who stood out. Everybody is compared with the
        *others* of the post, so that nobody makes a thing usual by doing it.
    """

    usual: float = 0.0
    roles: dict[Hashable, tuple[float, float]] = field(default_factory=dict)
    groups: dict[tuple[Hashable, Hashable], tuple[float, float]] = field(default_factory=dict)
    own: dict[Hashable, tuple[Hashable, Hashable, float]] = field(default_factory=dict)

    def times(self, operator: np.ndarray, role: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """Return how many times as usual as among all it is in each row's post, shape (n,).

        Parameters
        ----------
        operator, role, unit : np.ndarray, shape (n,)
            As they were fitted; an operator below zero is none, and has no post.

        Notes
        -----
        The mean of a gamma-Poisson: (shares of the others + k) / (what is usual + k), where k is
        one operator's worth of what the role does, and for the role of what all do.
        """
        rows = zip(operator.tolist(), role.tolist(), unit.tolist(), strict=True)
        known: dict[tuple[Hashable, Hashable, Hashable], float] = {}
        found = []
        for row in rows:
            if row not in known:
                known[row] = self._times(*row)
            found.append(known[row])
        return np.array(found, dtype=float)

    def _times(self, operator: Hashable, role: Hashable, unit: Hashable) -> float:
        """Return the same of one operator."""
        if operator == -1:
            return 1.0
        as_role, of_unit, share = self.own.get(operator, (role, unit, 0.0))
        others, loud = _without(self.roles.get(role), share if as_role == role else 0.0)
        of_role = (loud + DRAWN) / (self.usual * others + DRAWN)
        same = (as_role, of_unit) == (role, unit)
        others, loud = _without(self.groups.get((role, unit)), share if same else 0.0)
        return (loud + DRAWN * of_role) / (self.usual * others + DRAWN)


def _without(group: tuple[float, float] | None, share: float) -> tuple[float, float]:
    """Return the operators of a group and the sum of their shares, one of them left out."""
    people, loud = group or (1.0, 0.0)
    return max(people - 1, 0.0), max(loud - share, 0.0)


def fit_posts(rows: pd.DataFrame, decades: np.ndarray, staff: pd.DataFrame) -> Posts:
    """Learn how often each post stood out.

    Parameters
    ----------
    rows : pd.DataFrame
        ``night_number, operator_id`` of recent units of one view.
    decades : np.ndarray of float, shape (n,)
        Their calibrated decades.
    staff : pd.DataFrame
        ``night_number, operator_id, role, unit``: each operator at work on each of these nights,
        in total order.

    Notes
    -----
    A share of nights, not their number: windows overlap, so who stands out once does so for nights
    on end, and a post is measured by its people.
    """
    if not len(staff):
        return Posts()
    loud = rows.loc[decades >= LOUD, ["night_number", "operator_id"]].drop_duplicates()
    times = loud.groupby("operator_id").size()
    each = staff.groupby("operator_id", sort=True).agg(
        nights=("night_number", "size"), role=("role", "last"), unit=("unit", "last")
    )
    stood = times.reindex(each.index).fillna(0.0)
    each["share"] = stood / each["nights"]
    some = each[each["share"] > 0]
    posts = zip(some["role"].tolist(), some["unit"].tolist(), some["share"].tolist(), strict=True)
    return Posts(
        float(stood.sum() / each["nights"].sum()),
        _sums(each, "role"),
        _sums(each, ["role", "unit"]),
        dict(zip(some.index.tolist(), posts, strict=True)),
    )


def _sums(each: pd.DataFrame, keys: str | list[str]) -> dict[Any, tuple[float, float]]:
    """Return operators and the sum of their shares, by group."""
    sums = each.groupby(keys, sort=True)["share"].agg(["size", "sum"])
    pairs = zip(sums["size"].tolist(), sums["sum"].tolist(), strict=True)
    return dict(zip(sums.index.tolist(), ((float(n), s) for n, s in pairs), strict=True))
