from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.score_town import cases, lookup, table

from auditwatch.core.contexttables import DUTY, Context
from auditwatch.core.schema import MARK_NIGHTS
from auditwatch.score import mark_nights

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def at(hour: float, operator: str, subject: str, **more: Any) -> dict[str, Any]:
    """Return a lookup of night 0 at an hour."""
    when = {"event_time": DAY + timedelta(hours=hour), "local_hour": int(hour)}
    return lookup(0, operator, subject, **when, **more)


def duty(*spells: tuple[str, float, float]) -> Context:
    """Return a duty book of night 0: operator, first and last hour."""
    rows = [
        {"operator_id": who, "starts": DAY + timedelta(hours=a), "ends": DAY + timedelta(hours=b)}
        for who, a, b in spells
    ]
    return Context(duty=pa.Table.from_pylist(rows, schema=DUTY.schema))


def marked(view: str, context: Context, *rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return operator, subject and value of what a view marks."""
    found = mark_nights(table(rows), context)
    assert found.schema.equals(MARK_NIGHTS.schema)
    return [
        (row["operator_id"], row["subject_id"], row["value"])
        for row in found.to_pylist()
        if row["mark"] == view
    ]


@pytest.mark.parametrize(
    ("places", "odd"),
    [
        ("AABBA", {"P-2", "P-3"}),  # away and back: somebody sits at each
        ("AABBB", set()),  # a car swapped in mid-shift is left for good
        ("AAABA", set()),  # one form at a counter
    ],
)
def test_two_terminals_at_once(places: str, odd: set[str]) -> None:
    """Two subjects and more elsewhere, between lookups at the night's own terminal."""
    rows = [at(8 + n / 2, "T1", f"P-{n}", terminal=place) for n, place in enumerate(places)]
    found = marked("terminal", Context(), *rows)
    assert {subject for _, subject, _ in found} == odd


def test_a_terminal_long_after_is_not_at_once() -> None:
    """Five hours between the one and the other: the operator had time to go there."""
    hours = [(1, "A"), (2, "A"), (2.5, "A"), (8, "B"), (8.2, "B"), (14, "A")]
    rows = [at(hour, "T1", f"P-{hour}", terminal=place) for hour, place in hours]
    assert not marked("terminal", Context(), *rows)


@pytest.mark.parametrize(
    ("hours", "spells", "odd"),
    [
        ((20.0, 20.2), [("T1", 8, 16)], 2),
        ((17.0, 17.2), [("T1", 8, 16)], 0),  # overtime follows the shift
        ((20.0, 20.2), [("T1", 8, 16), ("T1", 21, 23)], 0),  # early for the next one
        ((20.0, 20.2), [("T1", 8, 16), ("T1", 19, 23)], 0),
        ((20.0, 20.2), [("T2", 8, 16)], 0),  # nobody kept the book for this operator
        ((18.0, 19.2, 20.4, 21.6), [("T1", 8, 16)], 0),  # that long it is an unrecorded shift
        ((1.0, 1.2, 5.0, 5.2), [("T1", 12, 20)], 0),  # and so it is when it was quiet
        ((1.0, 1.2, 23.0, 23.2), [("T1", 8, 16)], 4),  # far apart they are two
    ],
)
def test_sittings_off_duty(
    hours: tuple[float, ...], spells: list[tuple[str, float, float]], odd: int
) -> None:
    """Short, and more than ninety minutes away from every recorded spell."""
    rows = [at(hour, "T1", f"P-{hour}") for hour in hours]
    assert len(marked("shift", duty(*spells), *rows)) == odd


def test_a_call_out_has_its_case() -> None:
    """A sitting of which half is explained by a case is work."""
    book = cases({"case_id": "26-1", "opened": date(2026, 1, 1), "subjects": "P-1"})
    spells = duty(("T1", 8, 16))
    rows = [at(20, "T1", "P-1", case_id="26-1"), at(20.1, "T1", "P-2")]
    assert not marked("shift", Context(cases=book, duty=spells.duty), *rows)
    assert len(marked("shift", spells, *(dict(row, case_id="") for row in rows))) == 2


def test_without_a_duty_book_a_small_sitting_apart_is_seen() -> None:
    """More than ninety minutes from the rest of the night, by day, and less than half of it."""
    work = [at(9 + n / 4, "T1", f"P-{n}") for n in range(8)]
    rows = [*work, at(20, "T1", "P-8"), at(20.1, "T1", "P-9")]
    assert [subject for _, subject, _ in marked("shift", Context(), *rows)] == ["P-8", "P-9"]
    late = [*work, at(23.5, "T1", "P-8")]  # may go on after midnight
    assert not marked("shift", Context(), *late)


@pytest.mark.parametrize(
    ("more", "opened", "odd"),
    [
        ({}, date(2026, 1, 1), 1),
        ({"operators": "T1"}, date(2026, 1, 1), 0),  # the team of the case
        ({}, date(2026, 1, 2), 0),  # of tomorrow's case nobody can know
        ({"subjects": "P-1"}, date(2026, 1, 1), 0),  # one person is no circle
        ({}, date(2024, 1, 1), 0),
    ],
)
def test_people_of_a_case_of_others(more: dict[str, Any], opened: date, odd: int) -> None:
    """Marked by the case when it lists several subjects and this operator is not in it."""
    book = cases({"case_id": "26-7", "opened": opened, "subjects": "P-1;P-2", **more})
    found = marked("outsider", Context(cases=book), at(9, "T1", "P-1"))
    assert found == [("T1", "P-1", "26-7")] * odd


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"case_id": "26-00002"}, ["26-00002"]),
        ({"reason_norm": "stop i26-000417"}, ["i26-000417"]),
        ({"reason_norm": "stop 23123"}, ["23123"]),  # may be a section of a code, and is so told
        ({"case_id": "26-00001"}, []),  # lists the subject
        ({"reason_norm": "stop"}, []),
    ],
)
def test_numbers_that_do_not_check_out(given: dict[str, Any], value: list[str]) -> None:
    """Wherever typed, by the number; without cases nothing can be said."""
    book = cases({"case_id": "26-00001", "opened": date(2026, 1, 1), "subjects": "P-1"})
    row = at(9, "T1", "P-1", **given)
    assert [what for _, _, what in marked("pretext", Context(cases=book), row)] == value
    assert not marked("pretext", Context(), row)


@pytest.mark.parametrize(
    ("hour", "requester", "odd"), [(20, "T9", 1), (17, "T9", 0), (10, "T9", 0), (20, "T1", 0)]
)
def test_requesters_who_are_not_at_work(hour: int, requester: str, odd: int) -> None:
    """Somebody else, more than ninety minutes away from duty."""
    row = at(hour, "T1", "P-1", requester_id=requester)
    found = marked("relay", duty(("T9", 8, 16)), row, at(9, "T9", "P-9", requester_id="T9"))
    assert found == [("T1", "P-1", "T9")] * odd


@pytest.mark.parametrize(("colleagues", "odd"), [(60, 1), (40, 0)])
def test_transactions_foreign_to_the_role(colleagues: int, odd: int) -> None:
    """Less than one in fifty among the rest of the role; few colleagues say nothing."""
    rows = [
        at(n / 10, "T4" if n % 2 else "T8", f"P-{n}", transaction="DQ") for n in range(colleagues)
    ]
    mine = at(9, "T0", "P-mine", transaction="QXS")
    assert len(marked("mix", Context(), *rows, mine)) == odd


def test_a_column_that_is_not_there_is_not_empty() -> None:
    """Without any terminal, requester or transaction in the night nothing is marked."""
    absent = dict.fromkeys(("reason_norm", "terminal", "requester_id", "transaction", "system"))
    rows = [at(n / 10, f"T{n % 4}", f"P-{n}", **absent) for n in range(200)]
    found = mark_nights(table(rows), duty(("T9", 1, 2))).to_pylist()
    assert not found


def test_machine_made_lookups_make_no_marks() -> None:
    """As in the profile: followers of a cascade, hotlists and masked operators do not count."""
    rows = [
        at(20, "T1", "P-1", event_id="a", lookup_id="b"),
        at(20, "T1", "P-1", origin="hotlist"),
        {**at(20, "T1", "P-1"), "operator_id": "***"},
    ]
    spells = duty(("T1", 8, 16))
    assert not mark_nights(table(rows), spells).num_rows
    assert mark_nights(table([at(20, "T1", "P-1")]), spells).num_rows


@pytest.mark.parametrize(
    ("minutes", "subjects", "odd"),
    [
        ((0, 2, 4), "ABC", 3),  # one stranger after the other
        ((0, 2, 4), "ABA", 0),  # a driver, the passenger, the driver again
        ((0, 2, 9), "ABC", 0),  # the next stop came later
        ((0, 2, 9, 11, 13), "ABCDE", 3),
    ],
)
def test_a_run_is_three_people_in_quick_succession(
    minutes: tuple[float, ...], subjects: str, odd: int
) -> None:
    """Three different subjects or more, each within four minutes of the one before."""
    pairs = zip(minutes, subjects, strict=True)
    rows = [at(8 + minute / 60, "T1", f"P-{name}") for minute, name in pairs]
    assert len(marked("run", Context(), *rows)) == odd


def test_a_run_of_several_operators_or_with_cases_is_none() -> None:
    """What a case explains does not count, and two operators make no run together."""
    rows = [at(8 + n / 60, f"T{n % 2}", f"P-{n}") for n in range(4)]
    assert not marked("run", Context(), *rows)
    known = [at(8 + n / 60, "T1", f"P-{n}", case_id="26-00001") for n in range(4)]
    assert not marked("run", Context(), *known)
