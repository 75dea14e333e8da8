"""The year for discipline: begun by the first who may open an investigation, stopped by the law."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.desk_fabric import PEOPLE, enrol, make_desk, open_inquiry

from auditwatch.core.errors import UsageError
from auditwatch.findings import investigations
from auditwatch.findings.investigations import Entry
from auditwatch.review.decide import Act
from auditwatch.review.inquiries import inquiries
from auditwatch.review.yearclock import Pause, first_seen, pauses_of, run_clock

if TYPE_CHECKING:
    from pathlib import Path

ZONE = ZoneInfo("America/Los_Angeles")
DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("began", "due"),
    [
        (date(2026, 3, 2), date(2027, 3, 2)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 3, 1), date(2024, 3, 1)),
        (date(2024, 1, 15), date(2025, 1, 15)),
    ],
)
def test_a_year_ends_on_the_day_it_began(began: date, due: date) -> None:
    """Leap years neither give nor take a day, but for the 29th itself."""
    clock = run_clock(began, (), began)
    assert (clock.due, clock.left, clock.ground) == (due, (due - began).days, "")


@given(
    lengths=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=5),
    after=st.integers(0, 900),
)
def test_every_day_that_it_stood_still_is_given_back(
    lengths: list[tuple[int, int]], after: int
) -> None:
    """Counted day by day, as one would on a calendar."""
    pauses, day = [], DAY
    for gap, length in lengths:
        begin = day + timedelta(days=gap)
        day = begin + timedelta(days=length)
        pauses.append(Pause(begin, day, "waiver"))
    today = DAY + timedelta(days=after)
    days = (DAY + timedelta(days=n) for n in range(after))
    still = sum(any(one.begin <= day < (one.end or day) for one in pauses) for day in days)
    clock = run_clock(DAY, pauses, today)
    assert (clock.stood, clock.left) == (still, 365 - after + still)


def test_while_it_stands_still_nothing_is_lost() -> None:
    """Days left stay what they were on the day it was stopped."""
    pause = Pause(DAY + timedelta(days=100), None, "criminal_matter")
    lefts = {run_clock(DAY, [pause], DAY + timedelta(days=n)).left for n in (100, 150, 700)}
    assert lefts == {265}
    assert run_clock(DAY, [pause], DAY + timedelta(days=150)).ground == "criminal_matter"


def test_what_was_known_before_the_discovery_does_not_count() -> None:
    """A pause that began before the clock gives back only the days since."""
    pause = Pause(DAY - timedelta(days=50), DAY + timedelta(days=10), "unavailable")
    assert run_clock(DAY, [pause], DAY + timedelta(days=20)).stood == 10


def test_the_register_says_when_it_stood_still() -> None:
    """Stopped, running again, stopped: in order, the last one open."""
    entries = [
        Entry("IA-1", "open", "2026-03-02"),
        Entry("IA-1", "toll", "2026-04-01", word="waiver"),
        Entry("IA-1", "resume", "2026-05-01"),
        Entry("IA-1", "toll", "2026-06-01", word="unavailable"),
    ]
    assert pauses_of(entries) == [
        Pause(date(2026, 4, 1), date(2026, 5, 1), "waiver"),
        Pause(date(2026, 6, 1), None, "unavailable"),
    ]


def test_the_clock_is_stopped_and_started_in_turn_only(tmp_path: Path) -> None:
    """Twice stopped or never stopped is a slip of whoever keeps the register."""
    made = make_desk(tmp_path / "w")
    open_inquiry(made.desk, made.finding_of("T3"))
    for act, word in (("resume", ""), ("toll", "because"), ("toll", "")):
        entry = Entry("IA-2026-014", act, "2026-05-01", word=word, note="a note", recorder="ian")
        with pytest.raises(UsageError), made.desk.database.writing() as connection:
            investigations.record(connection, entry)
    made.desk.database.close()
    made.fabric.store.close()


def test_it_begins_with_the_first_look_of_who_may_open_an_investigation(tmp_path: Path) -> None:
    """A reviewer's look starts nothing; a lead's does, and an investigation has it from there."""
    made = make_desk(tmp_path / "w")
    for one in PEOPLE:
        enrol(made.desk, one)
    name = made.finding_of("T1")
    made.desk.look(made.account("rita"), name)
    with made.desk.reading() as connection:
        assert first_seen(connection, [name], ZONE) == {}
    made.desk.look(made.account("lena"), name)
    today = made.desk.now().astimezone(ZONE).date()
    open_inquiry(made.desk, name)
    with made.desk.reading() as connection:
        assert first_seen(connection, [name], ZONE) == {name: today}
        everybody, none = inquiries(connection, made.desk.circle(made.account("ian")), ZONE, today)
        concerned, one = inquiries(connection, made.desk.circle(made.account("boss")), ZONE, today)
    assert [(one.number, one.finding_ids) for one in everybody] == [("IA-2026-014", (name,))]
    assert everybody[0].clock
    assert (everybody[0].clock.began, everybody[0].clock.stood) == (date(2026, 2, 3), 30)
    assert (none, one, concerned) == (0, 1, [])  # whom it concerns learns that there is one
    made.desk.database.close()
    made.fabric.store.close()


def test_what_a_reviewer_escalates_is_under_investigation_from_that_day(tmp_path: Path) -> None:
    """Nobody who may open one has seen it yet; it is listed, and until its end stands."""
    made = make_desk(tmp_path / "w")
    for one in PEOPLE:
        enrol(made.desk, one)
    name, today = made.finding_of("T1"), made.desk.now().astimezone(ZONE).date()
    circle = made.desk.circle(made.account("ian"))

    def shown() -> list[tuple[str, tuple[str, ...], str, date | None]]:
        with made.desk.reading() as connection:
            found, _ = inquiries(connection, circle, ZONE, today)
        return [
            (one.number, one.finding_ids, one.opened, one.clock and one.clock.began)
            for one in found
        ]

    assert shown() == []
    made.desk.act(made.account("rita"), name, Act("escalate", 0, "internal affairs must see this"))
    assert shown() == [("", (name,), today.isoformat(), today)]
    ended = Act(
        "conclude", 1, "he said so himself, page 4", "policy_violation", "correct_hit", "sustained"
    )
    made.desk.act(made.account("ian"), name, ended)
    assert len(shown()) == 1
    made.desk.act(made.account("ivy"), name, Act("approve", 2, "I read page 4 as well"))
    assert shown() == []
    made.desk.database.close()
    made.fabric.store.close()
