"""One operator on two terminals at once: a login that somebody else uses too.

A car swapped in mid-shift is left for good; a report written at the desk beside the car comes back
to the car, but many share that desk. What remains is a sitting at one and the same foreign
terminal, night after night, while the operator goes on working at the usual one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditwatch.score.counting import alone_seen, traced_alone
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "terminal"
STORY: Final = "operator"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (45,)
LEAST: Final = 3  # twice is a chance
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("terminal",)

AWAY: Final = 4 * 3600  # seconds; the usual terminal is in use this shortly before and after
SUBJECTS: Final = 2  # at the other terminal that night; one is a form filled in at a counter
CHANCE: Final = 0.1  # nights expected of anybody
SHARED: Final = 0.05  # nights expected for each night at a terminal that others come to as well


def mark(heads: Heads, context: Context) -> Marks:
    """Mark sittings at another terminal between two lookups at the night's main terminal."""
    del context
    night, main = heads.group("night", "operator_id"), _main(heads)
    known = (heads.codes["terminal"] >= 0) & heads.timed
    away = known & (heads.codes["terminal"] != main)
    here = np.flatnonzero(known & ~away)
    before, after = _nearest(here, heads.time, night)
    between = away & (heads.time - before <= AWAY) & (after - heads.time <= AWAY)
    visit = heads.group("night", "operator_id", "terminal")
    pairs = np.unique(np.stack([visit, heads.codes["subject_id"]])[:, between], axis=1)[0]
    subjects = np.bincount(pairs, minlength=int(visit.max(initial=0)) + 1)[visit]
    rows = np.flatnonzero(between & (subjects >= SUBJECTS))
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


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count, for each operator marked tonight, nights at terminals that others share less."""
    return alone_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], more=1)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return nights expected: a chance one, and more of them for who changes terminals often."""
    return np.asarray(CHANCE + SHARED * measured["shared"], dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked rows at such terminals."""
    del profiles
    return traced_alone(units, known, NAME, width=WINDOW_NIGHTS[0], more=1)


def title(row: Mapping[str, Any]) -> str:
    """Return how often the login worked at two terminals at once."""
    return (
        f"The login of {operator(row['operator_id'])} was in use at two terminals at once on "
        f"{count(row['nights'], 'night')}"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return nights at the other terminal against those expected."""
    where = f"terminal {row['value']}" if row["places"] == 1 else f"{int(row['places'])} terminals"
    return (
        f"On {count(row['nights'], 'night')} of the {nights_seen(row)} up to "
        f"{iso(row['night_number'])} the login of {operator(row['operator_id'])} made "
        f"{count(row['lookups'], 'lookup')} at {where} between lookups at the terminal mostly used "
        f"on that night, less than {AWAY // 3600} hours before and after; expected "
        f"{number(row['expected'])}, from how often this operator changes terminals and comes back."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    found = ["A second car or seat on the side, or a desk that nobody else uses, looks alike."]
    if row["shared"]:
        nights = count(row["shared"], "night")
        found.append(f"Left aside: {nights} at terminals that others use as much, as at a desk.")
    return found


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: where each lookup was keyed is counted already."""
    del lookups
    return []
