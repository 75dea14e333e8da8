"""What is read in a week: the lots, and what chance would have made."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings_fabric import gathered, lookup, surprise

from auditwatch.findings.chance import lot, reading, sampled
from auditwatch.findings.derive import assemble, derive
from auditwatch.findings.leaning import MOST, in_reading_order, leanings
from auditwatch.findings.odds import Chances, surprises

if TYPE_CHECKING:
    from auditwatch.findings.model import Finding


def queue(size: int) -> list[Finding]:
    """Return so many findings, the most pressing first."""
    row = lookup(0, 1, "T1", "P-1")
    (one,) = [
        derive(name, own, {}, None)
        for name, own in assemble(
            gathered(row["night"], [row], surprises=[surprise([row])])
        ).items()
    ]
    return [replace(one, finding_id=f"F-{n:04}", priority=10_000 - n) for n in range(size)]


@given(size=st.integers(0, 60), budget=st.integers(1, 40))
def test_a_week_is_full_and_a_tenth_of_it_is_drawn(size: int, budget: int) -> None:
    """No finding stands twice, none is left out while there is time, the pressing come first."""
    everything = queue(size)
    found = reading(everything, budget)
    names = [one.finding_id for one in (*found.pressing, *found.drawn)]
    assert len(set(names)) == len(names) == min(size, budget)
    assert list(found.pressing) == everything[: len(found.pressing)]
    if size >= budget > 1:
        assert len(found.drawn) == max(1, round(budget / 10))


def test_the_lot_favours_nobody_and_never_changes() -> None:
    """Over many findings each tenth of the queue is drawn about as often; the draw repeats."""
    everything = queue(2000)
    found = reading(everything, 1000)
    tenths = Counter((10_000 - one.priority) // 200 for one in found.drawn)
    assert found == reading(everything, 1000)
    assert lot("F-0001") != lot("F-0002")
    # 100 of the 1,100 that are not pressing: 18 of each 200, give or take three times its root
    assert all(5 <= tenths[n] <= 32 for n in range(5, 10))


def test_what_came_up_by_lot_is_counted_whether_pressing_or_not() -> None:
    """Of the findings with a lot up to the last one drawn, those decided tell the share."""
    everything = queue(40)
    drawn = reading(everything, 10).drawn
    last = max(lot(one.finding_id) for one in drawn)
    up = [one.finding_id for one in everything if lot(one.finding_id) <= last]
    decided = {name: n == 0 for n, name in enumerate(up[:3])}
    found = sampled(everything, drawn, decided | {"F-9999": True})
    assert (found.findings, found.decided, found.confirmed) == (len(up), len(decided), 1)
    assert sampled(everything, (), decided).decided == 0


@pytest.mark.parametrize(
    ("milli", "expected"), [(2000, 10 * 1000 / 100), (3000, 10 * 1000 / 1000), (9000, 10 / 10**0.5)]
)
def test_chance_makes_what_a_tail_states_and_never_less_than_nights_can_show(
    milli: int, expected: float
) -> None:
    """A curve is believed for half a decade beyond what a thousand operator-nights can show."""
    assert Chances(1000, (1000,) * 10, 1000).expected(milli) == pytest.approx(expected)


def test_chance_makes_no_more_of_a_view_than_it_had_a_word_to_say_of() -> None:
    """Ten of a thousand at two decades, three where only three counts could be a story."""
    chances = Chances(1000, (1000, 3, 0), 1000)
    assert chances.expected(2000) == pytest.approx(10 + 3)
    assert chances.expected(3000) == pytest.approx(1 + 1)


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=40))
def test_shares_are_those_of_benjamini_and_hochberg(values: list[int]) -> None:
    """A finding has the least of expected / n over all lists of the n strongest that it is on."""
    chances = Chances(30, (30, 7, 0), 1000)
    found = chances.odds({f"F-{n}": value for n, value in enumerate(values)})
    for n, value in enumerate(values):
        lists = [
            chances.expected(least) / sum(other >= least for other in values)
            for least in values
            if least <= value
        ]
        assert found[f"F-{n}"].share == pytest.approx(min(1.0, *lists))


def test_only_patterns_state_odds() -> None:
    """The strongest night of a pattern counts; a finding of rules alone states nothing."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(2)]
    pieces = [
        piece
        for row, milli in zip(rows, (2100, 3100), strict=True)
        for piece in gathered(row["night"], rows, surprises=[surprise([row], surprise_milli=milli)])
    ]
    assert set(surprises(assemble(pieces)).values()) == {3100}
    assert surprises({"F-1": []}) == {}


def of_rules(*rule_ids: str) -> list[Finding]:
    """Return a finding led by each of these rules, the most pressing first."""
    pairs = zip(queue(len(rule_ids)), rule_ids, strict=True)
    return [replace(one, rule_id=rule_id) for one, rule_id in pairs]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_what_was_decided_leans_the_reading_and_never_far(decided: list[tuple[str, bool]]) -> None:
    """Nothing moves by more than the bound; who was confirmed more often leans no less."""
    findings = of_rules(*(rule_id for rule_id, _ in decided))
    words = {one.finding_id: good for one, (_, good) in zip(findings, decided, strict=True)}
    leans = leanings(findings, words)
    assert all(abs(lean) <= MOST for lean in leans.values())
    assert set(leans) == {rule_id for rule_id, _ in decided}
    if leans and all(good == (rule_id == "a") for rule_id, good in decided):
        assert leans.get("a", MOST) >= max(leans.values())


def test_reading_without_decisions_is_the_queue_and_clearing_a_rule_puts_it_behind() -> None:
    """Thirty of one rule cleared and ten of another confirmed turn two neighbours round."""
    waiting = of_rules("noisy", "sound")
    assert in_reading_order(waiting, leanings(waiting, {})) == waiting
    past = [
        replace(one, finding_id=f"D-{n}")
        for n, one in enumerate(of_rules(*["noisy"] * 30, *["sound"] * 10))
    ]
    leans = leanings(past, {one.finding_id: one.rule_id == "sound" for one in past})
    assert leans["noisy"] < 0 < leans["sound"]
    assert in_reading_order(waiting, leans) == waiting[::-1]
    assert [one.priority for one in in_reading_order(waiting, leans)] == [9999, 10_000]
