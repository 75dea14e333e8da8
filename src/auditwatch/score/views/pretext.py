"""One subject and many case numbers, none of which knows the subject.

Who looks at a partner under the numbers of real cases has a number that checks out each time and a
person that never does. A passenger whom no file lists is met once; the same person under a third
and a fourth number is no passenger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.score.counting import subjects_seen, traced
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "pretext"
STORY: Final = "pair"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 4  # numbers; a regular turns up near two or three files
NEEDS: Final[tuple[frozenset[str], ...]] = (frozenset({"cases"}),)

NUMBER: Final = r"(?P<number>[a-z]?\d{2}-\d{4,}|\d{5,})"
POPULAR: Final = 0.1  # numbers expected for each that others gave for the same subject


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups with a number that does not check out, by that number."""
    doubtful = heads.numbered & ~heads.explained
    rows = np.flatnonzero(doubtful if context.cases is not None else np.zeros_like(doubtful))
    typed = heads.text("case_id", rows)
    reasons = heads.texts["reason_norm"]
    inside = pc.struct_field(pc.extract_regex(reasons, NUMBER), "number")
    codes = heads.codes["reason_norm"][rows]
    of_reason = inside.take(pa.array(codes, pa.int64(), mask=codes < 0))
    numbers = pc.utf8_lower(pc.coalesce(typed, of_reason))
    known = pc.is_valid(numbers).to_numpy(zero_copy_only=False)
    return Marks(rows[known], numbers.drop_null())


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count the numbers that each operator gave for each subject marked tonight."""
    return subjects_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0])


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return numbers expected for one subject: the operator's mean over all so marked."""
    spread = measured["elsewhere"] / (measured["subjects"] - 1).clip(lower=1) - 1
    return np.asarray(spread.clip(lower=0.02) + POPULAR * measured["others"], dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups of given pairs under such numbers."""
    del profiles
    return traced(units, known, NAME, by_subject=True)


def title(row: Mapping[str, Any]) -> str:
    """Return how many numbers served for whom."""
    return (
        f"{operator(row['operator_id'])} looked at {subject(row['subject_id'])} under "
        f"{count(row['observed'], 'number')} that are no case of that subject"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return numbers seen against numbers expected."""
    return (
        f"{operator(row['operator_id'])} looked at {subject(row['subject_id'])} under "
        f"{count(row['observed'], 'different number')} on {count(row['nights'], 'night')} in "
        f"the {nights_seen(row)} up to {iso(row['night_number'])}; none of them is an open case "
        f"that lists the subject. Expected {number(row['expected'])}, from the other subjects for "
        "whom this operator gave such numbers."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what a file does not list, and what looks like its number."""
    del row
    return [
        "No file lists everybody: a neighbour or a relative may turn up in several cases.",
        "Five digits in a reason may be a section of a code that was cited, and no case.",
    ]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: what the cases list is looked at when lookups are marked."""
    del lookups
    return []
