"""One person after another searched for by name alone, or by a key that the job hardly uses.

A witness remembers half of a name: one person is tried in many ways. Whoever looks for somebody met
in private tries one person after the other until one fits, and comes back another evening; whoever
sells or collects goes through people with what nobody else at the same work asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import traced
from auditwatch.score.evenings import evenings_seen
from auditwatch.score.peers import foreign_to_role
from auditwatch.score.sittings import in_parts, sittings
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "search"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 2  # nights; one evening is a series or a list
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("transaction",)

#: Message keys that search by a name alone, for a driver and for a vehicle's owner. What other
#: systems call such a search is not known here; there what the role hardly uses is seen alone.
BY_NAME: Final = pa.array(["DNQ", "RNQ"])
PAUSE: Final = 4 * 60  # seconds to the next person that end a search
PEOPLE: Final = 2


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case on different people by one such key, minutes apart."""
    told = (heads.codes["system"] >= 0) | (heads.codes["transaction"] >= 0)
    seldom = foreign_to_role(heads, np.where(told, heads.group("system", "transaction"), -1))
    odd = seldom | heads.asks("transaction", BY_NAME)
    rows = np.flatnonzero(heads.timed & ~heads.explained & odd & ~in_parts(heads))
    sitting = sittings(heads, rows, pause=PAUSE)
    each = np.unique(np.stack([sitting, heads.principals(context)[rows]]), axis=1)[0]
    rows = rows[np.bincount(each, minlength=1)[sitting] >= PEOPLE]
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's nights with such a search."""
    return evenings_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0])


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role and unit."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights people were searched for."""
    return (
        f"{operator(row['operator_id'])} searched for one person after another on "
        f"{count(row['observed'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights with such a search against those of peers."""
    return (
        f"{operator(row['operator_id'])} asked for {PEOPLE} different people or more, each within "
        f"{PAUSE // 60} minutes of the one before, by name alone or by one transaction that hardly "
        "anybody else in the role used that night, without a case that checks out, on "
        f"{count(row['observed'], 'night')} of {count(row['exposure'], 'night')} at work "
        f"({count(row['lookups'], 'lookup')}) in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}; expected {number(row['expected'])}, from the same role in "
        "the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["A desk that looks for missing people, and a list worked through on order, look alike."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: who was asked for, and how, is counted already."""
    del lookups
    return []
