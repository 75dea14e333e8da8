from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import UsageError
from auditwatch.evaluate import Again, as_text, city_trial, measure, summarise, workbench
from auditwatch.evaluate.matching import Matcher
from auditwatch.evaluate.queue import Budget, Desk, queues
from auditwatch.evaluate.stability import without_beginnings
from auditwatch.evaluate.trial import Abrupt
from auditwatch.evaluate.truth import Episode

if TYPE_CHECKING:
    from auditwatch.evaluate import Trial


@pytest.fixture(scope="module")
def trial() -> Trial:
    """A town of thirty operators and nine nights, without a roster."""
    bench = workbench(None)
    again = Again(thinned=True)
    return city_trial(12, 30, 9, bench, ("roster",), again=again, tell=lambda *_: None)


def test_the_last_queue_is_the_one_that_the_store_lists(trial: Trial) -> None:
    """Night by night from the evidence, or at once from the store: the same findings in order."""
    *_, last = queues(trial.pieces, trial.nights)
    # which rules and which model judged is the store's to say
    assert last == [replace(one, rules_version="", model_id="") for one in trial.findings]


def test_a_queue_of_an_earlier_night_knows_nothing_of_later_ones(trial: Trial) -> None:
    """No finding names a lookup of a later night."""
    night_of = dict(zip(trial.heads["event_id"], trial.heads["night"], strict=True))
    for night, queue in zip(trial.nights, queues(trial.pieces, trial.nights), strict=True):
        assert all(night_of[name] <= night for one in queue for name in one.event_ids)


def test_each_finding_is_read_once_and_no_more_than_the_budget(trial: Trial) -> None:
    """An episode that stood within the budget by its week's end was read by then."""
    chosen = [one for one in trial.findings if one.kind != "gap"][:3]
    episodes = [Episode("x", one.finding_id, "", frozenset(one.event_ids)) for one in chosen]
    desk = Desk(Matcher(episodes), Budget(20.0, len(trial.nights)))
    for nights, queue in enumerate(queues(trial.pieces, trial.nights), start=1):
        desk.sit(nights, queue)
    assert all(seen is not None for seen in desk.seen)
    assert all(read in (7, len(trial.nights)) for read in desk.read)
    nothing = Desk(Matcher(episodes), Budget(20.0, len(trial.nights)))
    nothing.sit(7, [])
    assert nothing.read == [None, None, None]


def test_what_was_withheld_cannot_be_seen_and_habits_are_known(trial: Trial) -> None:
    """Without a roster nobody has a shift; honest lines carry the habit they came of."""
    assert trial.shifts == {}
    assert trial.operators == 30
    misused = frozenset[str]().union(*(one.event_ids for one in trial.episodes))
    assert misused.isdisjoint(trial.habits)
    assert {"stop_vehicles", "answer_calls"} <= set(trial.habits.values())


def test_an_outcome_agrees_with_itself(trial: Trial) -> None:
    """Ranks of the first way are those of the episodes; what is found early was in the budget."""
    outcome = measure(trial, workbench(None).settings, None)
    ours = outcome.ways[outcome.ways["way"] == "auditwatch"]
    assert ours["rank"].tolist() == pytest.approx(
        outcome.episodes["rank"].astype(float).tolist(), nan_ok=True
    )
    assert (outcome.ways["touched"].isna() <= outcome.ways["rank"].isna()).all()
    assert outcome.budget == round(20 * 30 / 420 * len(trial.nights) / 7)
    assert len(outcome.queue) == outcome.budget
    assert outcome.agreement is not None
    assert 0 <= outcome.agreement <= 1


def test_a_city_without_misuse_counts_for_false_alerts_alone(trial: Trial) -> None:
    """Beside one with misuse it changes no recall; by itself there is nothing to find."""
    settings = workbench(None).settings
    honest = measure(replace(trial, name="honest", episodes=()), settings, None)
    with pytest.raises(UsageError, match="nobody misused anything"):
        summarise([honest])
    alone, both = (
        {sheet.name: sheet for sheet in summarise(one)}
        for one in ([measure(trial, settings, None)], [measure(trial, settings, None), honest])
    )
    assert both["recall_by_scenario"] == alone["recall_by_scenario"]
    assert "honest" in as_text(both["trails"], 9)


def test_a_slow_beginning_is_the_first_half_of_the_nights(trial: Trial) -> None:
    """Of four nights the first two go; of one night nothing; what is found without them is told."""
    night_of = {name: f"2026-03-0{name[0]}" for name in ("1a", "2a", "3a", "3b", "4a", "1z")}
    slow = Episode("slow", "1", "", frozenset(["1a", "2a", "3a", "3b", "4a"]))
    once = Episode("once", "1", "", frozenset(["1z"]))
    rest, gone = without_beginnings([slow, once], night_of)
    assert gone == {"1a", "2a"}
    assert [one.event_ids for one in rest] == [{"3a", "3b", "4a"}, {"1z"}]

    named = next(one for one in trial.findings if len(one.event_ids) > 1)
    whole = replace(trial, episodes=(Episode("s", "1", "", frozenset(named.event_ids)),))
    half = Episode("s", "1", "", frozenset(named.event_ids[1:]))
    told = replace(whole, abrupt=Abrupt((half,), ()))
    sheets = {one.name: one for one in summarise([measure(told, Settings(), 1000.0)])}
    assert sheets["poisoning"].rows[0] == ("s", 1, 1, 1.0, 0, 0.0, -100.0)
