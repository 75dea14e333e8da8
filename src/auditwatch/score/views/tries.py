"""One person or plate tried again and again in near-identical ways, evening after evening.

A witness who remembers half a plate, a name that is spelt in four ways: everybody does it now and
then. Somebody who does it on several evenings, without a case, is fishing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import traced
from auditwatch.score.evenings import evenings_seen
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

NAME: Final = "tries"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 3  # nights; once or twice is a witness
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("transaction",)

PAUSE: Final = 7 * 60  # seconds to the next try that end it
TRIES: Final = 5


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case that try one subject, or parts of one, many times by one key."""
    rows = np.flatnonzero(heads.timed & ~heads.explained)
    whom = np.where(in_parts(heads), -1, heads.principals(context))[rows]
    sitting = sittings(heads, rows, whom, pause=PAUSE)
    rows = rows[np.bincount(sitting, minlength=1)[sitting] >= TRIES]
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's nights with such tries."""
    return evenings_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0])


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role and unit."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights something was tried."""
    return (
        f"{operator(row['operator_id'])} tried a name or plate again and again on "
        f"{count(row['observed'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights with such tries against those of peers."""
    return (
        f"{operator(row['operator_id'])} asked {TRIES} times or more by one transaction for one "
        f"subject, or for parts of plates, each within {PAUSE // 60} minutes of the one before, "
        f"without a case that checks out, on {count(row['observed'], 'night')} of "
        f"{count(row['exposure'], 'night')} at work ({count(row['lookups'], 'lookup')}) in the "
        f"{nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["A witness who remembers half a name or plate looks alike."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: how often and how close together is counted already."""
    del lookups
    return []
