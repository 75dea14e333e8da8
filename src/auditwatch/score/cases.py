"""Which lookups a recorded case explains: known, open that day, and about this subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from auditwatch.core.contexttables import Context

__all__ = ["CaseBook", "number_typed", "typed_number"]

#: What people type as a number of a case or an incident: 26-00417, I26-004471, 2600417.
NUMBER: Final = r"\d{2}-\d{4,}|\d{5,}"
ONE_NUMBER: Final = rf"(?P<number>{NUMBER})"
BETWEEN_WORDS: Final = r"[^a-z0-9-]+"
BETWEEN: Final = "\x1f"
LONG_AGO: Final = -(10**6)  # days since 1970-01-01
FAR_OFF: Final = 10**6
#: So many days after its closing a case still explains a look back by those who worked on it: a
#: report is followed up for weeks, and hearings come up to two months later.
SETTLED_DAYS: Final = 60


def typed_number(rows: pa.Table) -> pa.ChunkedArray:
    """Return, for each lookup, whether a number stands in `case_id` or in the reason.

    Parameters
    ----------
    rows : pa.Table
        With text columns `case_id` and `reason_norm`.

    Notes
    -----
    Officers type the number into either field, so "case_id is empty" alone says nothing.
    """
    given = pc.fill_null(pc.not_equal(rows["case_id"], ""), False)
    inside = pc.fill_null(pc.match_substring_regex(rows["reason_norm"], NUMBER), False)
    return pc.or_(given, inside)


def number_typed(rows: pa.Table) -> pa.ChunkedArray:
    """Return the number each lookup gives, in lower case; null where none is typed.

    Parameters
    ----------
    rows : pa.Table
        As for `typed_number`; of a reason the first number counts.
    """
    given = pc.utf8_lower(rows["case_id"])
    given = pc.if_else(pc.equal(given, ""), pa.scalar(None, pa.string()), given)
    coded = rows["reason_norm"].combine_chunks().dictionary_encode()
    found = pc.struct_field(pc.extract_regex(coded.dictionary, ONE_NUMBER), "number")
    return pc.coalesce(given, pa.chunked_array([found.take(coded.indices)]))


class CaseBook:
    """The agency's cases, ready to be asked.

    Parameters
    ----------
    context : Context
        With or without a `cases` table; without one nothing is explained.

    Notes
    -----
    A number alone explains nothing, because it is cheap to type: it must be known, open on the
    agency-local day, and tied to the lookup. A case that lists its subjects is tied when it lists
    this one (or one linked to it); a case that lists none, when the operator or the unit is
    assigned. A lookup without a number is explained when an open case lists the subject *and* is
    assigned to the operator: the record was there, the typing was not.
    """

    def __init__(self, context: Context) -> None:
        self._given = context.cases is not None and context.cases.num_rows > 0
        if context.cases is None:
            return
        cases = _frame(context.cases)
        self._numbers = pa.array(cases["case"], pa.string())
        self._opened = cases["opened"].to_numpy()
        self._closed = cases["closed"].to_numpy()
        self._units = pa.array(cases["unit"], pa.string())
        self._lists = cases["subjects"].map(bool).to_numpy(dtype=bool)
        self._named = _keys(cases.index, cases["subjects"])
        self._assigned = _keys(cases.index, cases["operators"])
        self._mine = _assignments(cases)
        self._kin = _linked(context)

    def explained(self, rows: pa.Table) -> pa.Array:
        """Return, for each lookup, whether a case that checks out explains it.

        Parameters
        ----------
        rows : pa.Table
            Text columns `night`, `operator_id`, `operator_unit`, `subject_id`, `case_id`,
            `reason_norm`.
        """
        return self._tied(rows, 0)

    def settled(self, rows: pa.Table) -> pa.Array:
        """Return, for each lookup, whether a case that is open or was closed lately explains it.

        Parameters
        ----------
        rows : pa.Table
            As for `explained`.

        Notes
        -----
        Whoever wrote a report follows it up, and goes to court over it, when it is closed. A case
        that lists no subjects explains nothing once it is closed.
        """
        return self._tied(rows, SETTLED_DAYS)

    def _tied(self, rows: pa.Table, grace: int) -> pa.Array:
        """Tell which lookups are tied to a case that is open, or was `grace` days before."""
        if not self._given:
            return pa.array([False] * rows.num_rows, pa.bool_())
        days = _days(rows["night"])
        subjects = rows["subject_id"].combine_chunks()
        found = np.zeros(rows.num_rows, dtype=bool)
        for subject in (subjects, self._kin_of(subjects)):
            found |= self._by_number(rows, days, subject, grace)
            found |= self._by_assignment(rows, days, subject, grace)
        return pa.array(found)

    def _by_number(
        self, rows: pa.Table, days: np.ndarray, subjects: pa.Array, grace: int
    ) -> np.ndarray:
        """Tell which lookups cite a known case that is tied to them."""
        place = _cited(rows, self._numbers)
        cites = place.is_valid().to_numpy(zero_copy_only=False)
        at = place.fill_null(0).to_numpy()
        open_ = cites & (self._opened[at] <= days) & (days <= self._closed[at] + grace)
        open_ &= self._lists[at] | (days <= self._closed[at])
        named = _is_in(place, subjects, self._named)
        operators = rows["operator_id"].combine_chunks()
        same_unit = pc.equal(rows["operator_unit"].combine_chunks(), self._units.take(place))
        assigned = _is_in(place, operators, self._assigned) | _flags(same_unit)
        return np.asarray(open_ & np.where(self._lists[at], named, assigned))

    def _by_assignment(
        self, rows: pa.Table, days: np.ndarray, subjects: pa.Array, grace: int
    ) -> np.ndarray:
        """Tell which lookups are on a subject of a case assigned to the operator."""
        keys = _joined(rows["operator_id"].combine_chunks(), subjects)
        known = pc.is_in(keys, value_set=self._mine.keys)
        found = np.zeros(rows.num_rows, dtype=bool)
        places = np.flatnonzero(_flags(known))
        if not len(places):
            return found
        few = pd.DataFrame({"key": keys.filter(known).to_pylist(), "row": places})
        spans = few.merge(self._mine.spans, on="key")
        day = days[spans["row"].to_numpy(dtype=int)]
        inside = spans.loc[(spans["opened"] <= day) & (day <= spans["closed"] + grace), "row"]
        found[inside.to_numpy(dtype=int)] = True
        return found

    def _kin_of(self, subjects: pa.Array) -> pa.Array:
        """Return the subject each is linked to, or null."""
        ids, others = self._kin
        return others.take(pc.index_in(subjects, value_set=ids))


@dataclass(frozen=True)
class _Assignments:
    """Operator and subject of each case as one key, and when the case was open."""

    keys: pa.Array
    spans: pd.DataFrame


def _frame(cases: pa.Table) -> pd.DataFrame:
    """Return the cases with lists split and days as numbers."""
    first = pc.cast(pc.cast(cases["opened"], pa.int32()), pa.int64()).fill_null(LONG_AGO)
    last = pc.cast(pc.cast(cases["closed"], pa.int32()), pa.int64()).fill_null(FAR_OFF)
    return pd.DataFrame(
        {
            "case": [_lower(text) for text in cases["case_id"].to_pylist()],
            "opened": first.to_numpy(),
            "closed": last.to_numpy(),
            "unit": pd.Series(cases["unit"].to_pylist(), dtype="object"),
            "operators": [_names(text) for text in cases["operators"].to_pylist()],
            "subjects": [_names(text) for text in cases["subjects"].to_pylist()],
        }
    )


def _lower(text: str | None) -> str | None:
    """Return a number as it is compared."""
    return text.strip().lower() if text and text.strip() else None


def _names(text: str | None) -> list[str]:
    """Return the parts of a list joined by semicolons."""
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def _keys(places: pd.Index, lists: pd.Series) -> pa.Array:
    """Return place and member of each list as one key."""
    pairs = zip(places, lists, strict=True)
    return pa.array(
        sorted({f"{n}{BETWEEN}{one}" for n, many in pairs for one in many}), pa.string()
    )


def _assignments(cases: pd.DataFrame) -> _Assignments:
    """Return every operator with every subject of the same case."""
    spans = [
        (f"{operator}{BETWEEN}{subject}", first, last)
        for operators, subjects, first, last in zip(
            cases["operators"], cases["subjects"], cases["opened"], cases["closed"], strict=True
        )
        for operator in operators
        for subject in subjects
    ]
    frame = pd.DataFrame(spans, columns=["key", "opened", "closed"])
    return _Assignments(pa.array(sorted({key for key, _, _ in spans}), pa.string()), frame)


def _linked(context: Context) -> tuple[pa.Array, pa.Array]:
    """Return linked subjects, in both directions, and the least subject each is linked to."""
    if context.links is None:
        return pa.array([], pa.string()), pa.array([], pa.string())
    one, other = context.links["subject_id"], context.links["other_id"]
    both = pa.table(
        {
            "one": pa.concat_arrays([one.combine_chunks(), other.combine_chunks()]),
            "other": pa.concat_arrays([other.combine_chunks(), one.combine_chunks()]),
        }
    ).drop_null()
    least = both.group_by("one", use_threads=False).aggregate([("other", "min")])
    return least["one"].combine_chunks(), least["other_min"].combine_chunks()


def _days(nights: pa.ChunkedArray) -> np.ndarray:
    """Return nights as days since 1970-01-01."""
    times = pc.strptime(nights, format="%Y-%m-%d", unit="s")
    days: np.ndarray = pc.cast(pc.cast(times, pa.date32()), pa.int32()).to_numpy()
    return days


def _joined(left: pa.Array, right: pa.Array) -> pa.Array:
    """Return two texts as one key; null where either is."""
    return pc.binary_join_element_wise(pc.cast(left, pa.string()), right, BETWEEN)


def _is_in(places: pa.Array, members: pa.Array, keys: pa.Array) -> np.ndarray:
    """Tell which members are on the list of the case at their place."""
    return _flags(pc.is_in(_joined(places, members), value_set=keys))


def _flags(values: pa.Array) -> np.ndarray:
    """Return Arrow booleans as numpy's, null as False."""
    flags: np.ndarray = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return flags


def _cited(rows: pa.Table, known: pa.Array) -> pa.Array:
    """Return the place of the known case each lookup cites: `case_id`, else in the reason."""
    given = pc.index_in(pc.utf8_lower(rows["case_id"].combine_chunks()), value_set=known)
    given = pc.if_else(pc.equal(rows["case_id"].combine_chunks(), ""), None, given)
    return pc.coalesce(given, _in_reason(rows["reason_norm"].combine_chunks(), known))


def _in_reason(reasons: pa.Array, known: pa.Array) -> pa.Array:
    """Return the first known case in each reason; each distinct reason is read once."""
    coded = reasons.dictionary_encode()
    words = pc.split_pattern_regex(coded.dictionary, BETWEEN_WORDS)
    parents = pc.list_parent_indices(words).to_numpy()
    places = pc.index_in(pc.list_flatten(words), value_set=known)
    found = np.flatnonzero(places.is_valid().to_numpy(zero_copy_only=False))[::-1]
    first = np.full(len(coded.dictionary), -1, dtype=np.int32)
    first[parents[found]] = places.fill_null(0).to_numpy()[found]  # the earliest is written last
    return pa.array(first, mask=first < 0).take(coded.indices)
