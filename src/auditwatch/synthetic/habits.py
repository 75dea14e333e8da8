"""What each operator usually declares: the source of every pretext."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.draws import Groups
from auditwatch.synthetic.vocabulary import TRANSACTIONS

if TYPE_CHECKING:
    from auditwatch.synthetic.acts import Acts
    from auditwatch.synthetic.draws import Flags, Ints

__all__ = ["Habits", "learn_habits"]


@dataclass(frozen=True)
class Habits:
    """Honest lookups as examples of what their operators say.

    Parameters
    ----------
    by_key, by_operator : Groups
        Operator and transaction, and operator alone, to positions in the other fields.
    wording, purpose : ndarray of int64
        Codes, one for each honest lookup.
    has_case : ndarray of bool
        Whether a case was in mind.
    """

    by_key: Groups
    by_operator: Groups
    wording: Ints
    purpose: Ints
    has_case: Flags

    def example(self, rng: np.random.Generator, operator: int, transaction: int) -> int:
        """Return the position of one of the operator's lookups, of the same transaction if any.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        operator, transaction : int
            Who, and a transaction code.

        Returns
        -------
        int
            -1 for an operator without honest lookups.
        """
        wanted = np.array([operator * len(TRANSACTIONS) + transaction])
        alike = int(self.by_key.draw(rng, wanted)[0])
        return alike if alike >= 0 else int(self.by_operator.draw(rng, np.array([operator]))[0])


def learn_habits(acts: Acts) -> Habits:
    """Return the habits that honest lookups show.

    Parameters
    ----------
    acts : Acts
        Honest lookups as people made them.
    """
    place = np.arange(len(acts), dtype=np.int64)
    return Habits(
        by_key=Groups(acts.operator * len(TRANSACTIONS) + acts.transaction, place),
        by_operator=Groups(acts.operator, place),
        wording=acts.wording,
        purpose=acts.purpose,
        has_case=acts.case >= 0,
    )
