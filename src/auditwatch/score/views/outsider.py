"""One operator and several people of one case that is another team's.

Who wants to warn a suspect or find a witness looks up everybody around one file, in which neither
the operator nor the unit has any part. Each of these people alone may be met on the street; all of
them, again and again, within weeks, seldom are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.score.counting import traced, values_seen
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "outsider"
STORY: Final = "operator"
TAIL: Final = "negative_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 4  # subject-days of one case; fewer are a chance
NEEDS: Final = (frozenset({"cases"}),)

CASE_DAYS: Final = 365  # after that a file is no longer worth leaking


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case that checks out on subjects of cases of other teams."""
    if context.cases is None:
        return Marks(np.zeros(0, dtype=np.int64), pa.array([], pa.string()))
    named = _named(context.cases, heads)
    rows = pd.DataFrame(
        {name: heads.codes[name] for name in ("operator_id", "operator_unit", "subject_id")}
    )
    rows = rows.assign(row=np.arange(len(heads)), day=heads.days())[~heads.explained]
    met = rows.merge(named, on="subject_id")
    met = met[(met["opened"] <= met["day"]) & (met["day"] <= met["opened"] + CASE_DAYS)]
    team = _team(context.cases, heads)
    mine = met.merge(team, on=["case", "operator_id"], how="left", indicator="part")["part"]
    strange = mine.to_numpy() != "both"
    found = met[strange].sort_values(["row", "case"])
    numbers = context.cases["case_id"].take(pa.array(found["case"].to_numpy()))
    return Marks(found["row"].to_numpy(), numbers.combine_chunks())


def _named(cases: pa.Table, heads: Heads) -> pd.DataFrame:
    """Return case, subject, unit and day of opening where a case lists two subjects or more."""
    place, listed = _members(cases["subjects"])
    several = np.bincount(place, minlength=cases.num_rows)[place] >= 2
    subject = pc.index_in(pc.filter(listed, several), heads.texts["subject_id"])
    opened = pc.cast(pc.cast(cases["opened"], pa.int32()), pa.int64()).fill_null(-CASE_DAYS)
    unit = pc.index_in(cases["unit"].combine_chunks(), heads.texts["operator_unit"])
    place = place[several]
    frame = pd.DataFrame(
        {
            "case": place,
            "subject_id": subject.fill_null(-1).to_numpy(),
            "unit": unit.fill_null(-1).to_numpy()[place],
            "opened": opened.to_numpy()[place],
        }
    )
    return frame[frame["subject_id"] >= 0]


def _team(cases: pa.Table, heads: Heads) -> pd.DataFrame:
    """Return case and operator of every assignment."""
    place, listed = _members(cases["operators"])
    operator_id = pc.index_in(listed, heads.texts["operator_id"]).fill_null(-1).to_numpy()
    return pd.DataFrame({"case": place, "operator_id": operator_id}).drop_duplicates()


def _members(lists: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Return the place of the list and the name of every member of lists joined by semicolons."""
    split = pc.split_pattern(pc.fill_null(lists.combine_chunks(), ""), ";")
    names = pc.utf8_trim_whitespace(pc.list_flatten(split))
    place = pc.list_parent_indices(split).to_numpy()
    given = pc.not_equal(names, "")
    return place[given.to_numpy(zero_copy_only=False)], names.filter(given)


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count subject-days on the people of one case, where there are two of them at least."""
    found = values_seen(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0])
    return found.filter(found.subjects >= 2)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return subject-days expected on one case: the operator's others, spread over all cases."""
    spread = measured["elsewhere"] / measured["values"].clip(lower=1)
    return np.asarray(spread.clip(lower=0.05), dtype=float)


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the lookups on the people of the case."""
    del profiles
    return traced(units, known, NAME, by_value=True)


def title(row: Mapping[str, Any]) -> str:
    """Return how many people of whose case."""
    return (
        f"{operator(row['operator_id'])} looked at {count(row['subjects'], 'subject')} of one case "
        f"of another team on {count(row['nights'], 'night')}"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return subject-days on the case against those expected."""
    return (
        f"{operator(row['operator_id'])} looked at {count(row['subjects'], 'subject')} of case "
        f"{row['value']} on {count(row['days'], 'subject-day')} in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}, without a case that checks out; neither the operator nor the "
        f"unit is assigned to that case. Expected {number(row['expected'])}, from how often this "
        "operator meets people of other teams' cases."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return how many others outside of the team looked at the same people."""
    if not row["others"]:
        return []
    days = count(row["others"], "subject-day")
    return [f"Others who are not assigned looked at people of this case too, on {days}: taken off."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: who else looked is counted already."""
    del lookups
    return []
