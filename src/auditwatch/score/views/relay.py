"""Lookups for somebody who is not at work: a favour at request.

A dispatcher asks for many, and now and then for a detective who telephones. One requester who is
never on duty when this one operator asks, while hardly anybody else asks for them, is a friend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import alone_seen, traced_alone
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

NAME: Final = "relay"
STORY: Final = "operator"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 3  # nights; two telephone calls are a chance
NEEDS: Final = (frozenset({"duty"}),)
FIELDS: Final = ("requester_id",)

AROUND: Final = 90 * 60  # seconds before and after a spell that may be overtime
MORE: Final = 3  # nights with one requester, more than all colleagues have with them
CHANCE: Final = 0.1  # nights expected of anybody
SHARED: Final = 0.05  # nights expected for each one with a requester for whom others ask as well


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case for another person who is off duty, by that person."""
    asked, asking = heads.text("requester_id", _all(heads)), heads.text("operator_id", _all(heads))
    if context.duty is None or not len(heads):
        return Marks(_all(heads)[:0], asked[:0])
    other = np.array(pa.compute.not_equal(asked, asking).fill_null(False))
    span = (heads.time - AROUND, heads.time + AROUND)
    away = off_duty(heads, "requester_id", span, context.duty)
    rows = np.flatnonzero(other & away & heads.timed & ~heads.explained)
    return Marks(rows, heads.text("requester_id", rows))


def _all(heads: Heads) -> np.ndarray:
    """Return the places of all lookups."""
    return np.arange(len(heads))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count, for each operator marked tonight, nights for requesters that others serve less."""
    return alone_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], more=MORE)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return nights expected: a chance one, and more of them for who serves many off duty."""
    return np.asarray(CHANCE + SHARED * measured["shared"], dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups for such requesters."""
    del profiles
    return traced_alone(units, known, NAME, width=WINDOW_NIGHTS[0], more=MORE)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights somebody off duty was served."""
    return (
        f"{operator(row['operator_id'])} looked up subjects for somebody off duty on "
        f"{count(row['nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights for such requesters against those expected."""
    whom = operator(row["value"]) if row["places"] == 1 else f"{int(row['places'])} requesters"
    return (
        f"On {count(row['nights'], 'night')} of the {nights_seen(row)} up to "
        f"{iso(row['night_number'])} {operator(row['operator_id'])} made "
        f"{count(row['lookups'], 'lookup')} for {whom} without a case, more than "
        f"{AROUND // 60} minutes away from any of their spells of duty, and hardly any colleague "
        f"did so; expected {number(row['expected'])}, from how often this operator serves others "
        "who are off duty."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    found = ["Overtime and calls from home are not always written into the duty book."]
    if row["shared"]:
        nights = count(row["shared"], "night")
        found.append(f"Left aside: {nights} for requesters whom colleagues serve as much.")
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: when each lookup was made is counted already."""
    del lookups
    return []
