"""Everything on one person after the other: dossiers that no case asks for.

A stop is one key, and what the software adds to it within seconds. Who reads a person out -
registration, record, where the car has been - wants to know that person. It happens before an
arrest too. Where a role works like that, as desks that clear applicants do, nothing is marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "dossier"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 3  # people; one or two are an arrest
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("transaction",)

SOFTWARE: Final = 20  # seconds in which a follow-up is the software's own
WAYS: Final = 2  # transactions on one person in one night, its vehicle's included
ONE_IN: Final = 10  # others of the role do so with fewer than one person of so many
LEAST_OTHERS: Final = 20  # people whom others of the role looked at; fewer say nothing
LEAST_NIGHTS: Final = 3  # one busy night is no habit


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case on somebody who was asked for in several ways that night."""
    asked = heads.group("system", "transaction")
    told = (heads.codes["system"] >= 0) | (heads.codes["transaction"] >= 0)
    bare = np.flatnonzero(told & ~heads.explained)
    if not len(bare):
        return Marks(bare, pa.array([], pa.string()))
    night = heads.group("night", "operator_id")[bare]
    people = np.stack([night, heads.principals(context)[bare]])
    person = np.unique(people, axis=1, return_inverse=True)[1].reshape(-1)
    by_hand = _by_hand(person, heads.time[bare])
    ways = np.unique(np.stack([person, asked[bare]])[:, by_hand], axis=1)[0]
    several = np.bincount(ways) >= WAYS
    _, first = np.unique(person, return_index=True)
    custom = _custom(heads.group("night", "operator_role")[bare][first], night[first], several)
    rows = bare[(several & ~custom)[person]]
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def _by_hand(person: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Tell which lookups were not made by software right after another on the same person."""
    order = np.argsort(person, kind="stable")
    later = np.diff(time[order], prepend=time[order][0]) > SOFTWARE
    new = np.diff(person[order], prepend=-1) != 0
    found = np.zeros(len(person), dtype=bool)
    found[order] = later | new
    return found


def _custom(role: np.ndarray, night: np.ndarray, several: np.ndarray) -> np.ndarray:
    """Tell of which people it is how the rest of the role works that night, or too few to know."""
    others = np.bincount(role)[role] - np.bincount(night)[night]
    alike = np.bincount(role, several)[role] - np.bincount(night, several)[night]
    found: np.ndarray = (others < LEAST_OTHERS) | (alike * ONE_IN >= others)
    return found


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's subject-days with such a person."""
    return marked_share(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], least=LEAST_NIGHTS)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return how many people were read out in several ways."""
    return (
        f"{operator(row['operator_id'])} read out {count(row['observed'], 'person', 'people')} in "
        f"several ways each, on {count(row['on_nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} asked for one person by {WAYS} different transactions or "
        f"more within a night, without a case that checks out, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"({count(row['lookups'], 'lookup')}) in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}; expected {number(row['expected'])}, from own earlier work "
        "and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be, and what came of it before."""
    found = ["A workup before an arrest that has no number yet looks alike."]
    if row["own_observed"]:
        found.append(
            f"It also happened before, on {count(row['own_observed'], 'subject-day')} of "
            f"{count(row['own_exposure'], 'subject-day')}."
        )
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: what was asked for is counted already."""
    del lookups
    return []
