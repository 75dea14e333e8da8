from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.errors import ConfigError
from auditwatch.evaluate.alerts import false_alerts, tenures
from auditwatch.evaluate.baselines import ecod, operator_days, robust_z
from auditwatch.evaluate.families import FAMILIES, RIGHT
from auditwatch.evaluate.matching import Matcher
from auditwatch.evaluate.queue import Budget
from auditwatch.evaluate.sheets import Column, Sheet, as_csv, as_records, as_text
from auditwatch.evaluate.stability import jaccard
from auditwatch.evaluate.summary import poisson_interval, wilson
from auditwatch.evaluate.trial import Trial
from auditwatch.evaluate.truth import Episode, episodes_of, read_truth, within
from auditwatch.score import views
from auditwatch.synthetic import scenario_names

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    """Return a truth file."""
    path = folder / "truth.csv"
    path.write_text(text)
    return path


def test_truth_names_episodes_and_may_have_more_columns(tmp_path: Path) -> None:
    """Lines of one scenario and episode are one episode; other columns are named, not used."""
    text = "Event_ID,scenario,episode,who,intensity\na,x,1,M,low\nb,x,1,M,low\nc,y,1,M,high\n\n"
    episodes, unused = read_truth(written(tmp_path, text))
    assert [(one.scenario, one.name, one.intensity) for one in episodes] == [
        ("x", "1", "low"),
        ("y", "1", "high"),
    ]
    assert episodes[0].event_ids == {"a", "b"}
    assert unused == ["who"]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "AW-EVAL-001", "no column event_id"),
        ("event_id,scenario\na,x\n", "AW-EVAL-001", "no column episode"),
        ("event_id,scenario,episode\n", "AW-EVAL-003", "names no lookup"),
        ("event_id,scenario,episode\na,x,1\nb,,1\n", "AW-EVAL-004", ":3: scenario is empty"),
        ('event_id,scenario,episode\n"a"b,x,1\n', "AW-EVAL-002", "not readable as CSV"),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused_with_its_place(
    text: str, code: str, says: str, tmp_path: Path
) -> None:
    """What is wrong, where, and what was expected."""
    with pytest.raises(ConfigError, match=says) as caught:
        read_truth(written(tmp_path, text))
    assert caught.value.code == code
    assert caught.value.expected


def test_lines_that_the_trail_lacks_are_counted_not_found() -> None:
    """An episode is judged by what the trail has of it; a truth without any is another trail's."""
    rows = [{"event_id": e, "scenario": "x", "episode": n} for e, n in ("a1", "b1", "c2")]
    known, missing = within(episodes_of(rows), {"a", "z"}, "truth")
    assert [(one.name, one.event_ids) for one in known] == [("1", {"a"})]
    assert missing == 2
    with pytest.raises(ConfigError, match="none of the lookups"):
        within(episodes_of(rows), {"z"}, "truth")


def episode(*event_ids: str) -> Episode:
    """Return an episode of some lookups."""
    return Episode("x", "-".join(event_ids), "", frozenset(event_ids))


@given(st.integers(1, 60), st.integers(0, 60))
def test_a_finding_counts_from_a_fifth_of_its_lookups_on(size: int, own: int) -> None:
    """Four in twenty-one are too few, one in five is enough; one in any number touches."""
    own = min(own, size)
    matcher = Matcher([episode(*(f"m{n}" for n in range(60)))])
    lookups = [f"m{n}" for n in range(own)] + [f"h{n}" for n in range(size - own)]
    assert bool(matcher.about(lookups)) == (own > 0 and own / size >= 0.2)
    assert bool(matcher.touched(lookups)) == (own > 0)


def test_the_rank_of_an_episode_is_that_of_the_first_finding_about_it() -> None:
    """Places count from 1; an episode that no finding is about has none."""
    matcher = Matcher([episode("a", "b"), episode("c"), episode("d")])
    honest = [f"h{n}" for n in range(9)]
    items = [["h1"], ["c", *honest], ["a", "h1"], ["b", "c"]]
    assert matcher.ranks(items) == [3, 4, None]
    assert matcher.ranks(items, touching=True) == [3, 2, None]


def test_a_budget_grows_with_the_nights() -> None:
    """Twenty a week are 180 in nine weeks, and at least one on the first night."""
    budget = Budget(20.0, 63)
    assert (budget.all, budget.by(7), budget.by(1)) == (180, 20, 3)
    assert Budget(0.5, 3).all == 1


@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=1, max_size=25))
def test_ecod_is_what_its_authors_define(rows: list[list[int]]) -> None:
    """Tail shares counted row by row, column by column, give the same scores."""
    values = np.array(rows, dtype=float)
    n = len(values)
    expected = []
    for row in values:
        left = right = auto = 0.0
        for j, x in enumerate(row):
            column = values[:, j]
            low, high = -np.log((column <= x).sum() / n), -np.log((column >= x).sum() / n)
            left, right = left + low, right + high
            auto += low if ((column - column.mean()) ** 3).mean() < 0 else high
        expected.append(max(left, right, auto))
    assert ecod(values) == pytest.approx(expected)


def heads(*rows: tuple[str, str, str, str, str, int]) -> pd.DataFrame:
    """Return lookups: night, operator, subject, case, transaction, hour."""
    names = ["night", "operator_id", "subject_id", "case_id", "transaction", "local_hour"]
    frame = pd.DataFrame(rows, columns=names)
    ids = [f"e{n}" for n in range(len(frame))]
    return frame.assign(event_id=ids, operator_role="officer", terminal="T")


def test_an_operator_day_is_counted_as_a_notebook_would() -> None:
    """Lookups, subjects, keys, terminals, the most on one subject; shares without case and late."""
    days = operator_days(
        heads(
            ("2026-01-01", "A", "P1", "", "DQ", 23),
            ("2026-01-01", "A", "P1", "1", "RQ", 12),
            ("2026-01-01", "B", "P2", "1", "DQ", 12),
            ("2026-01-02", "A", "P3", "1", "DQ", 12),
        )
    )
    assert days.counts[0].tolist() == [2, 1, 2, 1, 2, 0.5, 0.5]
    assert days.event_ids == [("e0", "e1"), ("e2",), ("e3",)]
    assert robust_z(days).shape == (3,)


def test_tenure_is_told_from_the_trail() -> None:
    """Who is there from the start is settled; who comes later joined; who changes unit moved."""
    nights = pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d")
    rows = [(n, "old", "officer", "north") for n in nights]
    rows += [(n, "new", "officer", "north") for n in nights[20:]]
    rows += [(n, "gone", "officer", "north" if n < nights[30] else "south") for n in nights]
    columns = ["night", "operator_id", "operator_role", "operator_unit"]
    told = tenures(pd.DataFrame(rows, columns=columns))
    counted = told.groupby(["operator_id", "tenure"]).size().to_dict()
    assert counted == {
        ("old", "settled"): 60,
        ("new", "joined"): 28,
        ("new", "settled"): 12,
        ("gone", "settled"): 32,
        ("gone", "moved"): 28,
    }


def trial_of(
    alerts: list[tuple[str, str, str, int]],
    nights: list[str],
    heard: list[tuple[str, str, str, str]] | None = None,
) -> Trial:
    """Return a trial in which A, B and C worked every night and C misused something.

    Both views have a word to say of everybody, unless told of whom.
    """
    people = [(n, who, "officer", "north") for n in nights for who in "ABC"]
    surprises = pd.DataFrame(
        [(n, "pair", "pair", who, "P", milli, ids) for n, who, ids, milli in alerts],
        columns=["night", "view", "story", "operator_id", "subject_id", "surprise_milli",
                 "event_ids"],
    )  # fmt: skip
    return Trial(
        name="t",
        episodes=(episode("bad"),),
        operators=3,
        nights=tuple(nights),
        heads=pd.DataFrame({"event_id": ["bad", "e1"], "operator_id": ["C", "A"]}),
        workers=pd.DataFrame(
            people, columns=["night", "operator_id", "operator_role", "operator_unit"]
        ),
        surprises=surprises,
        heard=pd.DataFrame(
            [(n, v, w, "") for n in nights for v in ("pair", "burst") for w in "ABC"]
            if heard is None
            else heard,
            columns=["night", "view", "operator_id", "subject_id"],
        ),
        findings=(),
        pieces=(),
        views={"pair": "pair", "burst": "subject"},
        shifts={"A": "day", "B": "night"},
    )


def test_false_alerts_are_counted_once_an_operator_and_night_and_without_offenders() -> None:
    """Two pairs of one operator on one night are one; the offender's nights count nowhere."""
    nights = ["2026-01-01", "2026-01-02", "2026-01-03"]
    alerts = [
        ("2026-01-01", "A", "e1", 4000),  # before the warm-up is over
        ("2026-01-02", "A", "e1", 2500),
        ("2026-01-02", "A", "e2", 3500),
        ("2026-01-03", "A", "e1", 2100),  # the same story on another night
        ("2026-01-03", "B", "e3", 2000),
        ("2026-01-03", "C", "e4", 5000),
    ]
    told = false_alerts(trial_of(alerts, nights), 2000, 1)
    rows = {(r.by, r.group, r.level_milli): r for r in told.itertuples()}
    whole = rows["all", "all", 2000]
    assert (whole.operator_nights, whole.views, whole.realised, whole.once) == (4, 2, 3, 2)
    assert whole.stated == pytest.approx(4 * 2 * 0.01)
    assert rows["all", "all", 3000].realised == 1
    assert (rows["shift", "day", 2000].realised, rows["shift", "day", 2000].once) == (2, 1)
    assert rows["shift", "day", 2000].stated == pytest.approx(2 * 1 * 0.01)
    assert ("role", "officer", 3000) not in rows


def test_no_more_is_stated_than_a_view_had_a_word_to_say_of() -> None:
    """Nights before the warm-up, the offender and other groups' words count for nobody."""
    nights = [f"2026-01-{day:02}" for day in range(1, 32)]
    first, last = nights[0], nights[-1]
    heard = [(first, "pair", "A", ""), (last, "pair", "A", ""), (last, "pair", "C", "")]
    heard += [(last, "burst", "", f"P{n}") for n in range(9)]
    told = false_alerts(trial_of([], nights, heard), 1000, 1)
    rows = {(r.by, r.group, r.level_milli): r.stated for r in told.itertuples()}
    assert rows["view", "pair", 1000] == 1  # A on the last night, and 60 / 10 by its tail
    assert rows["all", "all", 1000] == pytest.approx(1 + 6)
    assert rows["all", "all", 2000] == pytest.approx(0.6 + 0.6)
    assert rows["shift", "day", 1000] == 1
    assert rows["shift", "night", 1000] == 0


def test_intervals_are_those_of_the_tables() -> None:
    """Wilson and Garwood at known points."""
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) is None
    assert poisson_interval(0) == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert poisson_interval(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)


def test_agreement_is_the_share_in_common() -> None:
    """Three of five in common; nothing agrees with nothing."""
    assert jaccard("abcd", "bcde") == pytest.approx(3 / 5)
    assert jaccard("", "") == 1


def test_every_scenario_has_a_right_reason_and_every_view_is_one() -> None:
    """A new scenario and a new view need a line in the lists of right reasons."""
    assert set(scenario_names()) <= set(RIGHT)
    assert {view.NAME for view in views()} <= frozenset[str]().union(*FAMILIES.values())
    assert {family for families in RIGHT.values() for family in families} <= set(FAMILIES)


def test_a_table_reads_the_same_as_text_csv_and_records() -> None:
    """Text is rounded for people and cut to the page, numbers in files are bare."""
    sheet = Sheet(
        "s",
        "A table",
        (Column("name", "text"), Column("n"), Column("share", "share"), Column("95 %", "range")),
        (("x" * 80, 12345, 0.5, (0.25, 0.75)), ("y", None, None, None)),
        "A note. " * 30,
    )
    lines = as_text(sheet, 9).splitlines()
    assert max(map(len, lines)) <= 100
    assert "12,345" in lines[3]
    assert "50 %" in lines[3]
    assert "25-75" in lines[3]
    assert as_text(sheet, 1).count("… and 1 more") == 1
    assert as_csv(sheet).decode().splitlines()[2] == "y,,,,"
    assert as_records(sheet)[0]["95_percent_from"] == 0.25
