from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.score_town import cases, lookup, night, table

from auditwatch.core.contexttables import DUTY, Context
from auditwatch.score import mark_nights, profile_nights

ROW = st.tuples(
    st.integers(0, 2),  # night
    st.integers(0, 287),  # five minutes of the day
    st.integers(0, 2),  # operator
    st.integers(0, 4),  # subject
    st.sampled_from(["A", "B", "B", "C"]),
    st.sampled_from(["", ".", "stop", "stop 26-00001"]),
    st.sampled_from(["", "", "26-00001", "26-00002"]),
    st.sampled_from(["T0", "T1", "T9"]),
)
ROWS = st.lists(ROW, min_size=1, max_size=60)
Row = tuple[int, int, int, int, str, str, str, str]


def rows_of(drawn: list[Row]) -> list[dict[str, Any]]:
    """Return lookups; equal draws are equal lookups."""
    found = []
    for at, minutes, who, whom, place, reason, number, requester in drawn:
        when = datetime.fromisoformat(night(at)).replace(tzinfo=UTC)
        given_ = {"event_time": when + timedelta(minutes=5 * minutes), "local_hour": minutes // 12}
        found.append(
            lookup(
                at,
                f"T{who}",
                f"P-{whom}",
                terminal=place,
                reason_norm=reason,
                case_id=number,
                requester_id=requester,
                system="S",
                transaction=place,
                **given_,
            )
        )
    return found


def context() -> Context:
    """Return two cases and a duty book."""
    first = {"opened": date(2026, 1, 1)}
    book = cases(
        {"case_id": "26-00001", "subjects": "P-0;P-1", "operators": "T1", **first},
        {"case_id": "26-00003", "subjects": "P-2;P-3", **first},
    )
    start = datetime(2026, 1, 1, 8, tzinfo=UTC)
    spells = [
        {"operator_id": who, "starts": start, "ends": start + timedelta(hours=9)}
        for who in ("T0", "T1", "T9")
    ]
    return Context(cases=book, duty=pa.Table.from_pylist(spells, schema=DUTY.schema))


@settings(max_examples=10)
@given(ROWS, st.randoms(use_true_random=False))
def test_marks_do_not_depend_on_order_or_batches(drawn: list[Row], order: Any) -> None:
    """Shuffled rows in small batches make the same marks, with the profile or alone."""
    whole = table(rows_of(drawn))
    places = list(range(whole.num_rows))
    order.shuffle(places)
    pieces = whole.take(pa.array(places)).to_batches(max_chunksize=7)
    marks = mark_nights(whole, context())
    assert mark_nights(iter(pieces), context()).equals(marks)
    assert profile_nights(whole, context())[1].equals(marks)


@settings(max_examples=10)
@given(ROWS)
def test_nights_of_marks_add_up(drawn: list[Row]) -> None:
    """Each night by itself, with or without a duty book, makes the marks of all together."""
    whole = rows_of(drawn)
    for given_ in (context(), Context()):
        alone = [
            mark_nights(table([row for row in whole if row["night"] == night(at)]), given_)
            for at in range(3)
        ]
        assert pa.concat_tables(alone).equals(mark_nights(table(whole), given_).combine_chunks())


@settings(max_examples=15)
@given(ROWS)
def test_every_mark_has_its_lookups(drawn: list[Row]) -> None:
    """No more lookups are marked than there are; relay and terminal tell what was there."""
    whole = rows_of(drawn)
    for row in mark_nights(table(whole), context()).to_pylist():
        same = [
            one
            for one in whole
            if all(one[name] == row[name] for name in ("night", "operator_id", "subject_id"))
        ]
        assert 1 <= row["lookups"] <= len(same)
        if row["mark"] == "terminal":
            assert row["value"] in {one["terminal"] for one in same}
        if row["mark"] == "relay":
            assert row["value"] in {one["requester_id"] for one in same}
            assert row["value"] != row["operator_id"]
