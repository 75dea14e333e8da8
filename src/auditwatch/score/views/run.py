"""Different people in quick succession, none of whom a case explains.

A stop brings a car and the people in it, and the next stop comes later. Guests, tenants, plates
off a list come one after the other, minutes apart. A list is worked through in one go: a night
counts a few of them at most, however long it is. Desks that work through lists do so every day:
they are measured against the same desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.sittings import in_parts
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "run"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 6
NEEDS: Final[tuple[frozenset[str], ...]] = ()

PAUSE: Final = 4 * 60  # seconds to the next subject that end a run
SUBJECTS: Final = 3  # a car and its driver are one or two
MOST: Final = 4  # subjects of one night: a car park is run through once
LEAST_NIGHTS: Final = 1  # whoever is about to leave may do it all in one night


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case in a run of several different subjects.

    Parts of plates are ways of asking for one vehicle, and no different subjects.
    """
    bare = np.flatnonzero(heads.timed & ~heads.explained & ~in_parts(heads))
    night = heads.group("night", "operator_id")[bare]
    time = heads.time[bare]
    new = np.r_[True, (np.diff(night) != 0) | (np.diff(time) > PAUSE)][: len(bare)]
    run = np.cumsum(new) - 1
    each = np.unique(np.stack([run, heads.principals(context)[bare]]), axis=1)[0]
    many = np.bincount(each, minlength=1)[run] >= SUBJECTS if len(bare) else bare > 0
    rows = bare[many]
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's marked subject-days."""
    return marked_share(
        profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], least=LEAST_NIGHTS, most=MOST
    )


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return how many people in quick succession."""
    return (
        f"{operator(row['operator_id'])} went through people in quick succession on "
        f"{count(row['on_nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} without a case "
        f"that checks out in runs of {SUBJECTS} different subjects or more, each within "
        f"{PAUSE // 60} minutes of the one before, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"(at most {MOST} a night count) in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}; expected {number(row['expected'])}, from own earlier work "
        "and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["A list worked through on order, a checkpoint or a car full of people looks alike."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: how close in time the lookups were is counted already."""
    del lookups
    return []
