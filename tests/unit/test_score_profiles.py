from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.score_town import cases, lookup, night, table

from auditwatch.core.contexttables import LINKS, ROSTER, Context
from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.score import pair_nights

CASE = {"case_id": "26-00417", "opened": date(2026, 1, 2), "closed": date(2026, 1, 9)}


def counted(context: Context, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the profile of some lookups."""
    return pair_nights(table(rows), context).to_pylist()


def test_heads_of_people_count_and_nothing_else() -> None:
    """Followers, machine runs and lookups without a subject make no profile."""
    rows = [
        lookup(0, "T1", "P-1", event_id="a", lookup_id="a"),
        lookup(0, "T1", "P-1", event_id="b", lookup_id="b", case_id="26-1"),
        lookup(0, "T1", "P-1", event_id="c", lookup_id="a"),
        lookup(0, "T1", "P-1", origin="hotlist"),
        lookup(0, "T1", "P-2", origin="batch"),
        lookup(0, "T1", None),
    ]
    found = pair_nights(table(rows), Context())
    assert found.schema.equals(PAIR_NIGHTS.schema)
    assert [(r["lookups"], r["numbered"], r["night_number"]) for r in found.to_pylist()] == [
        (2, 1, 20454)
    ]


@pytest.mark.parametrize(
    ("reason", "number", "typed"),
    [("", "26-00417", 1), ("stop 26-00417", "", 1), ("i26-004471 fight", None, 1),
     ("5150 eval", "", 0), ("follow up", None, 0)],
)  # fmt: skip
def test_a_number_counts_wherever_it_was_typed(reason: str, number: str | None, typed: int) -> None:
    """In case_id or in the reason; penal-code sections are no case numbers."""
    rows = counted(Context(), lookup(0, "T1", "P-1", case_id=number, reason_norm=reason))
    assert rows[0]["numbered"] == typed


@pytest.mark.parametrize(
    ("at", "more", "lists", "explained"),
    [
        (2, {"case_id": "26-00417"}, {"subjects": "P-1;P-9"}, 1),
        (2, {"reason_norm": "re 26-00417"}, {"subjects": "P-1"}, 1),
        (2, {"case_id": "26-00417"}, {"subjects": "P-9", "operators": "T1"}, 0),
        (2, {"case_id": "26-00417"}, {"operators": "T1"}, 1),
        (2, {"case_id": "26-00417"}, {"unit": "south"}, 1),
        (2, {"case_id": "26-00417"}, {"unit": "records"}, 0),
        (0, {"case_id": "26-00417"}, {"subjects": "P-1"}, 0),
        (9, {"case_id": "26-00417"}, {"subjects": "P-1"}, 0),
        (2, {}, {"subjects": "P-1", "operators": "T1"}, 1),
        (2, {}, {"subjects": "P-1", "operators": "T2"}, 0),
    ],
)
def test_what_a_case_explains(
    at: int, more: dict[str, Any], lists: dict[str, Any], explained: int
) -> None:
    """Known, open that day, and about this subject; assigned where it lists no subjects."""
    context = Context(cases=cases({**CASE, **lists}))
    assert counted(context, lookup(at, "T1", "P-1", **more))[0]["explained"] == explained


def test_a_case_that_names_the_car_explains_the_owner() -> None:
    """Links carry a case from a vehicle to its owner."""
    link = {**dict.fromkeys(LINKS.names), "subject_id": "V-1", "other_id": "P-1"}
    links = pa.Table.from_pylist([link], schema=LINKS.schema)
    context = Context(cases=cases({**CASE, "subjects": "V-1"}), links=links)
    row = lookup(2, "T1", "P-1", case_id="26-00417")
    assert counted(context, row)[0]["explained"] == 1


def at_minute(operator: str, subject: str, minutes: int) -> dict[str, Any]:
    """Return a lookup of night 0 at a minute of the day."""
    instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return lookup(0, operator, subject, event_time=instant)


@pytest.mark.parametrize(
    ("minutes", "rushed"),
    [((0, 60, 120), 3), ((0, 60, 121), 0), ((0, 10), 0), ((0, 5, 10, 400), 3)],
)
def test_a_rush_is_three_operators_within_two_hours(minutes: tuple[int, ...], rushed: int) -> None:
    """Two are partners in one car; who comes hours later came by himself."""
    rows = [at_minute(f"T{n}", "P-1", minute) for n, minute in enumerate(minutes)]
    assert sum(row["rushed"] for row in counted(Context(), *rows)) == rushed


def test_one_operator_is_no_rush() -> None:
    """The same operator three times within the hour, with one other, is none."""
    rows = [at_minute("T1", "P-1", n) for n in range(3)] + [at_minute("T2", "P-1", 5)]
    assert not any(row["rushed"] for row in counted(Context(), *rows))


def test_a_car_and_its_owner_are_one_rush() -> None:
    """Where links are known, a broadcast for a car brings lookups of its owner as well."""
    link = {**dict.fromkeys(LINKS.names), "subject_id": "V-1", "other_id": "P-1"}
    links = pa.Table.from_pylist([link], schema=LINKS.schema)
    rows = [at_minute("T1", "V-1", 0), at_minute("T2", "P-1", 20), at_minute("T3", "V-1", 40)]
    assert sum(row["rushed"] for row in counted(Context(links=links), *rows)) == 3
    assert not any(row["rushed"] for row in counted(Context(), *rows))


def test_the_roster_fills_what_the_trail_lacks() -> None:
    """Role and unit as declared, else of the roster, else unknown."""
    staff = {**dict.fromkeys(ROSTER.names), "operator_id": "T1", "role": "analyst", "unit": "crime"}
    context = Context(roster=pa.Table.from_pylist([staff], schema=ROSTER.schema))
    bare = {"operator_role": None, "operator_unit": ""}
    rows = counted(context, lookup(0, "T1", "P-1", **bare), lookup(0, "T2", "P-1", **bare))
    assert [(r["operator_role"], r["operator_unit"]) for r in rows] == [
        ("analyst", "crime"),
        ("unknown", "unknown"),
    ]
    assert rows[0]["night"] == night(0)


def test_masks_are_not_one_busy_operator() -> None:
    """A mask hides many people: their lookups are counted under nobody."""
    hidden = [lookup(0, "T2", "P-1", operator_id=mask) for mask in ("***", "[REDACTED]")]
    rows = [*hidden, lookup(0, "T1", "P-1")]
    assert [row["operator_id"] for row in counted(Context(), *rows)] == ["T1"]


def test_a_masked_case_is_not_held_against_anyone() -> None:
    """Whether the case that a mask hides checks out cannot be known, with or without cases."""
    masked = lookup(0, "T1", "P-1", case_id="***")
    for context in (Context(), Context(cases=cases(CASE))):
        (row,) = counted(context, masked)
        assert (row["explained"], row["numbered"]) == (1, 1)
