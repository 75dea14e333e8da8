"""One operator on two terminals at once: a login that somebody else uses too.

A car swapped in mid-shift is left for good; a report written at the desk beside the car comes back
to the car, but many share that desk. What remains is a sitting at one and the same foreign
terminal, night after night, while the operator goes on working at the usual one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

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

NAME: Final = "terminal"
STORY: Final = "operator"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 2  # once is a chance
NEEDS: Final[tuple[frozenset[str], ...]] = ()

PAUSE: Final = 20 * 60  # seconds without a lookup that end a sitting
AWAY: Final = 2 * 3600  # the usual terminal is in use this shortly before and after
SUBJECTS: Final = 2  # of a sitting; one is a form filled in at a counter


def mark(heads: Heads, context: Context) -> Marks:
    """Mark sittings at another terminal between two lookups at the night's main terminal."""
    del context
    night, main = heads.group("night", "operator_id"), _main(heads)
    known = (heads.codes["terminal"] >= 0) & heads.timed
    away = known & (heads.codes["terminal"] != main)
    here = np.flatnonzero(known & ~away)
    before, after = _nearest(here, heads.time, night)
    between = away & (heads.time - before <= AWAY) & (after - heads.time <= AWAY)
    rows = np.flatnonzero(between & (_subjects_of_sitting(heads) >= SUBJECTS))
    return Marks(rows, heads.text("terminal", rows))


def _main(heads: Heads) -> np.ndarray:
    """Return the terminal with most lookups of each operator's night, the least code of equals."""
    night = heads.group("night", "operator_id")
    pair = heads.group("night", "operator_id", "terminal")
    size = np.bincount(pair)[pair] * (heads.codes["terminal"] >= 0)
    order = np.lexsort((heads.codes["terminal"], -size, night))
    first = order[np.unique(night[order], return_index=True)[1]]
    main: np.ndarray = heads.codes["terminal"][first][night]
    return main


def _nearest(
    places: np.ndarray, time: np.ndarray, night: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of the lookups among `places` before and after each row, far off if none."""
    far = np.iinfo(np.int64).max // 4
    rows = np.arange(len(time))
    at = np.searchsorted(places, rows, side="right")
    padded = np.r_[-1, places, -1]
    early, late = padded[at], padded[at + 1]
    before = np.where((early >= 0) & (night[early] == night), time[early], -far)
    after = np.where((late >= 0) & (night[late] == night), time[late], far)
    return before, after


def _subjects_of_sitting(heads: Heads) -> np.ndarray:
    """Return how many subjects the sitting of each lookup has: one terminal, no long pause."""
    pair = heads.group("night", "operator_id", "terminal")
    order = np.lexsort((heads.time, pair))
    new = np.r_[True, (np.diff(pair[order]) != 0) | (np.diff(heads.time[order]) > PAUSE)]
    sitting = np.empty(len(heads), dtype=np.int64)
    sitting[order] = np.cumsum(new[: len(heads)]) - 1
    each = np.unique(np.stack([sitting, heads.codes["subject_id"]]), axis=1)[0]
    found: np.ndarray = np.bincount(each, minlength=1)[sitting]
    return found


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count, for each operator marked tonight, nights at the one terminal least shared."""
    return values_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], count="nights")


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return nights expected at one terminal: the operator's others, spread over all of them."""
    spread = measured["elsewhere"] / measured["values"].clip(lower=1)
    return np.asarray(spread.clip(lower=0.05), dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked rows at the terminal of given operators."""
    del profiles
    return traced(units, known, NAME, by_value=True)


def title(row: Mapping[str, Any]) -> str:
    """Return how often the login worked at two terminals at once."""
    return (
        f"{operator(row['operator_id'])} worked at two terminals at once on "
        f"{count(row['nights'], 'night')}: a login may be shared"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights at the other terminal against those expected."""
    return (
        f"On {count(row['nights'], 'night')} of the {nights_seen(row)} up to "
        f"{iso(row['night_number'])} the login of {operator(row['operator_id'])} made "
        f"{count(row['lookups'], 'lookup')} at terminal {row['value']} while it was in use at "
        f"another one less than {AWAY // 3600} hours before and after; expected "
        f"{number(row['expected'])}, from how often this operator changes terminals and comes back."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what others do at that terminal, and what such changes may be."""
    found = []
    if row["others"]:
        found.append(
            f"Others also went to and came back from terminal {row['value']}, on "
            f"{count(row['others'], 'operator-night')}, as at a shared desk; these are taken off."
        )
    return [
        *found,
        "A second car or seat used on the side, or a desk nobody else uses, looks alike.",
    ]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: where each lookup was keyed is counted already."""
    del lookups
    return []
