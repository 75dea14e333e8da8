"""One case number for more subjects than the case has: borrowed, made up, or long closed.

A number is cheap to type. What explains is a case that is on file, open, and about the subject; one
number that is given again and again for subjects of whom it knows nothing is a pretext.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.score.counting import traced, values_seen
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.schema import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "case"
STORY: Final = "operator"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 4  # subjects under one number; a passenger and a relative are two
NEEDS: Final[tuple[frozenset[str], ...]] = ()

NUMBER: Final = r"(?P<number>[a-z]?\d{2}-\d{4,}|\d{5,})"


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups with a number that does not check out; without cases, all with a number."""
    unchecked = context.cases is None
    rows = np.flatnonzero(heads.numbered & (unchecked | ~heads.explained))
    typed = heads.text("case_id", rows)
    reasons = heads.texts["reason_norm"]
    inside = pc.struct_field(pc.extract_regex(reasons, NUMBER), "number")
    codes = heads.codes["reason_norm"][rows]
    of_reason = inside.take(pa.array(codes, pa.int64(), mask=codes < 0))
    numbers = pc.utf8_lower(pc.coalesce(typed, of_reason))
    known = pc.is_valid(numbers).to_numpy(zero_copy_only=False)
    return Marks(rows[known], numbers.drop_null())


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count the subjects of the number that each operator marked tonight gave for most."""
    return values_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], count="subjects")


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return subjects expected under one number: the operator's others, spread over all numbers."""
    spread = measured["elsewhere"] / measured["values"].clip(lower=1)
    return np.asarray(spread.clip(lower=0.05), dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups with the number."""
    del profiles
    return traced(units, known, NAME, by_value=True)


def title(row: Mapping[str, Any]) -> str:
    """Return for how many subjects one number was given."""
    return (
        f"{operator(row['operator_id'])} gave one case number for "
        f"{count(row['subjects'], 'subject')} of whom that case knows nothing"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return subjects under the number against those expected."""
    return (
        f"{operator(row['operator_id'])} gave the number {row['value']} for "
        f"{count(row['subjects'], 'subject')} on {count(row['nights'], 'night')} in the "
        f"{nights_seen(row)} up to {iso(row['night_number'])}; a case with that number is not on "
        "file, was not open, or does not list them. Expected "
        f"{number(row['expected'])}, from how often this operator gives such numbers."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return how often others gave the same number, and what a file does not list."""
    found = ["No file lists everybody: passengers, relatives and neighbours are looked up as well."]
    if row["others"]:
        more = count(row["others"], "subject")
        found.append(f"Others gave this number for {more} that it does not list: taken off.")
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: what the case lists is looked at when lookups are marked."""
    del lookups
    return []
