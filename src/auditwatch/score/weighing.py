"""Weighing: what a surprise stands at in the queue, beside its own number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FAMILY_MOST", "FAMILY_WEIGHTS", "weighed"]

#: No view weighs more or less than this beside its number, decades.
FAMILY_MOST: Final = 0.7
#: What a view's word is worth before any reviewer has decided anything, decades. Leaving out cases
#: or the mix of transactions lost next to nothing where the power of each kind of signal was
#: measured, and a vague reason is a matter for training by itself.
FAMILY_WEIGHTS: Final = {"case": -0.5, "harvest": -0.3, "mix": -0.3, "reason": -0.5}
#: Another view speaks of the same when it names at least this share of the lookups.
SAME_SHARE: Final = 0.2


def weighed(kept: pd.DataFrame, lookups: pd.DataFrame) -> pd.DataFrame:
    """Add what else speaks for each surprise.

    Parameters
    ----------
    kept : pd.DataFrame
        Surprises with `item`, `view`, `night_number`, `operator_id`, `decades`, and `only`: the
        one subject that all evidence is about, -1 if there are more. Two views on one operator and
        subject are one story, whose finding adds them itself.
    lookups : pd.DataFrame
        `item` and `event_id` of their evidence.

    Returns
    -------
    pd.DataFrame
        With `beside` (the strongest other view of the same operator and night that names a fifth
        of the lookups or more; empty if none), `shared` (how many of them) and `worth` (decades:
        its own, its view's weight, and half of the other's).

    Notes
    -----
    Two ways of counting the same lookups are two witnesses; two odd things an operator did
    elsewhere are not. So a view that is left out takes half of its own decades at most.
    """
    named = {item: set(part) for item, part in lookups.groupby("item")["event_id"]}
    table = kept.reset_index(drop=True)
    beside = np.full(len(table), "", dtype=object)
    shared, support = np.zeros(len(table), dtype=np.int64), np.zeros(len(table))
    people = table[table["operator_id"] >= 0].sort_values(
        ["decades", "view"], ascending=[False, True], kind="stable"
    )
    columns = ["item", "view", "decades", "only"]
    for _, group in people.groupby(["night_number", "operator_id"], sort=True):
        rows = zip(group.index, *(group[name] for name in columns), strict=True)
        rivals = [_Rival(at, str(v), d, only, named.get(i, set())) for at, i, v, d, only in rows]
        for own in rivals:
            other = next((one for one in rivals if own.shares(one)), None)
            if other is not None:
                beside[own.place], support[own.place] = other.view, other.decades / 2
                shared[own.place] = len(own.lookups & other.lookups)
    family = table["view"].astype(str).map(FAMILY_WEIGHTS).fillna(0.0).to_numpy(float)
    worth = np.maximum(table["decades"].to_numpy(float) + family + support, 0.0)
    return table.assign(beside=beside, shared=shared, worth=worth)


class _Rival(NamedTuple):
    """One surprise among those of its operator and night."""

    place: int
    view: str
    decades: float
    only: int
    lookups: set[str]

    def shares(self, other: _Rival) -> bool:
        """Tell whether another view, in another story, names enough of the same lookups."""
        if other.view == self.view or (self.only >= 0 and self.only == other.only):
            return False
        both = len(self.lookups & other.lookups)
        return both > 0 and both >= SAME_SHARE * len(self.lookups)
