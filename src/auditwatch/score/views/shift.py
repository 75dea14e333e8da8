"""Nights on which an operator comes back for a while when not on duty.

Raw counts outside of a shift say nothing, because overtime swamps them. A short sitting that is
more than ninety minutes away from every recorded spell of duty, and from all other work of that
night, is something else: a call-out that the duty book misses, or somebody's own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.duty import off_duty
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "shift"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 5  # subject-days; a call-out has one or two people
NEEDS: Final[tuple[frozenset[str], ...]] = ()

LEAST_NIGHTS: Final = 2  # once is a chance
PAUSE: Final = 90 * 60  # seconds without a lookup that end a sitting; overtime has shorter ones
LONGEST: Final = 2 * 3600  # a longer sitting is a shift that nobody wrote down
QUIET: Final = 6 * 3600  # seconds without a lookup that end even a quiet shift
#: Local hours near midnight: a sitting there may go on in the night before or after.
EARLY, LATE = 2, 22


def mark(heads: Heads, context: Context) -> Marks:
    """Mark short sittings apart from all duty and from all other work of the night."""
    first, last, alone = _sittings(heads)
    if context.duty is not None and context.duty.num_rows:
        apart = off_duty(heads, "operator_id", (first - PAUSE, last + PAUSE), context.duty)
        apart &= _brief(heads, apart)
    else:
        late = _of_sitting(heads, first, (heads.hour < EARLY) | (heads.hour >= LATE)) > 0
        apart = ~alone & ~late & _smaller(heads, first)
    # a call-out has its case, and the lookups around it are about that case
    called = 2 * _of_sitting(heads, first, heads.explained) >= _of_sitting(heads, first)
    short = heads.timed & (last - first <= LONGEST)
    rows = np.flatnonzero(apart & short & ~called & ~heads.explained)
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def _sittings(heads: Heads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each lookup, when its sitting begins and ends, and whether it is the only one."""
    night = heads.group("night", "operator_id")
    new = np.r_[True, (np.diff(night) != 0) | (np.diff(heads.time) > PAUSE)][: len(heads)]
    starts = np.flatnonzero(new)
    sitting = np.cumsum(new) - 1
    ends = np.r_[starts[1:], len(heads)] - 1
    sittings = np.bincount(night[starts], minlength=1)
    return heads.time[starts][sitting], heads.time[ends.astype(int)][sitting], sittings[night] == 1


def _brief(heads: Heads, away: np.ndarray) -> np.ndarray:
    """Tell which lookups away from duty are of a night that has but a short stretch of them.

    Several sittings within some hours are a quiet shift that nobody wrote down, however short each.
    """
    rows = np.flatnonzero(away)
    night, time = heads.group("night", "operator_id")[rows], heads.time[rows]
    new = np.r_[True, (np.diff(night) != 0) | (np.diff(time) > QUIET)][: len(rows)]
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
    brief = np.zeros(len(heads), dtype=bool)
    brief[rows] = (time[ends] - time[starts] <= LONGEST)[np.cumsum(new) - 1]
    return brief


def _of_sitting(heads: Heads, first: np.ndarray, flags: np.ndarray | None = None) -> np.ndarray:
    """Return how many lookups of each lookup's sitting there are, or how many have a flag."""
    night = heads.group("night", "operator_id")
    sitting = np.cumsum(np.r_[True, (np.diff(night) != 0) | (np.diff(first) != 0)][: len(heads)])
    found: np.ndarray = np.bincount(sitting, flags)[sitting].astype(np.int64)
    return found


def _smaller(heads: Heads, first: np.ndarray) -> np.ndarray:
    """Tell which lookups are of a sitting with less than half the lookups of the night."""
    night = heads.group("night", "operator_id")
    size = _of_sitting(heads, first)
    found: np.ndarray = 2 * size < np.bincount(night, minlength=1)[night]
    return found


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's subject-days in sittings off duty."""
    return marked_share(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], least=LEAST_NIGHTS)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups made off duty."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights work was done off duty."""
    return (
        f"{operator(row['operator_id'])} came back off duty for short sittings on "
        f"{count(row['on_nights'], 'night')}"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights with such a sitting against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} in short sittings "
        f"more than {PAUSE // 60} minutes away from duty and other work, on "
        f"{count(row['on_nights'], 'night')} of {count(row['active_nights'], 'active night')} in "
        f"the {nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from own earlier nights and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else such sittings are, and what came of it before."""
    found = ["Call-outs and overtime are not always written into the duty book."]
    if row["own_observed"]:
        found.append(
            f"It also happened before, on {count(row['own_observed'], 'subject-day')} of "
            f"{count(row['own_exposure'], 'subject-day')}."
        )
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: when each lookup was made is counted already."""
    del lookups
    return []
