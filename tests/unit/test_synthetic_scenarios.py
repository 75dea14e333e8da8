from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from auditwatch.synthetic import City, make_city, scenario_names

SINGLE_COLUMNS = (
    "operator_role",
    "operator_unit",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "purpose",
    "outcome",
    "reason",
    "case_id",
    "operator_id",
    "requester_id",
    "hour",
    "weekday",
    "second",
    "own_request",
    "id_end",
)
DECLARED = "carry_permit"
FEWEST_LINES = 20
GIVE_AWAY = 0.6


@pytest.fixture(scope="module")
def city() -> City:
    """A city of the stated size."""
    return make_city(23)


@pytest.fixture(scope="module")
def lines(city: City) -> pd.DataFrame:
    """Its lines with their truth, and the parts of a line that could give misuse away."""
    frame: pd.DataFrame = city.trail.to_pandas().merge(
        city.truth.to_pandas(), on="event_id", how="left"
    )
    frame["misuse"] = frame["scenario"].notna()
    frame["hour"] = frame["event_time"].str[11:13]
    frame["second"] = frame["event_time"].str[17:19]
    frame["weekday"] = pd.to_datetime(frame["event_time"].str[:10]).dt.day_of_week.astype(str)
    frame["own_request"] = (frame["operator_id"] == frame["requester_id"]).astype(str)
    frame["id_end"] = frame["event_id"].str[-1]
    return frame


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_keeps_its_contract(name: str) -> None:
    """Each scenario names itself and its pattern, tells its look-alike, and acts when asked."""
    module = import_module(f"auditwatch.synthetic.scenarios.{name}")
    assert name == module.NAME
    assert 1 <= module.PATTERN <= 21
    assert "look-alike" in str(module.__doc__).lower().replace("\n", " ")
    city = make_city(7, 100, 40, scenarios=[name])
    assert set(city.truth["scenario"].to_pylist()) == {name}
    episodes = city.truth["episode"].to_pylist()
    assert len(episodes) > 2
    assert all(episode.startswith(f"{name}-") for episode in episodes)


def test_scenarios_are_found_and_cover_ten_ways_of_misuse() -> None:
    """There are ten different patterns or more, found by being in the folder."""
    modules = [import_module(f"auditwatch.synthetic.scenarios.{n}") for n in scenario_names()]
    assert len({module.PATTERN for module in modules}) >= 10


def test_every_scenario_acts_in_a_city_of_the_stated_size(city: City) -> None:
    """A full city has every scenario and 25 to 30 episodes in all."""
    truth = city.truth.to_pandas()
    assert set(truth["scenario"]) == set(scenario_names())
    assert 25 <= truth["episode"].nunique() <= 30


def test_episodes_grow_with_the_city() -> None:
    """Twice the operators have about twice the episodes."""
    small = make_city(2, 105, 126, scenarios=["ex_partner"]).truth.to_pandas()
    large = make_city(2, 210, 126, scenarios=["ex_partner"]).truth.to_pandas()
    assert large["episode"].nunique() == 2 * small["episode"].nunique()


def test_misuse_is_rare_but_for_the_declared_fault(lines: pd.DataFrame) -> None:
    """Less than one line in a hundred is misuse, the permit desk aside."""
    rest = lines[lines["scenario"] != DECLARED]
    assert 0.001 < rest["misuse"].mean() < 0.01


@pytest.mark.parametrize("column", SINGLE_COLUMNS)
def test_no_value_of_a_column_gives_misuse_away(lines: pd.DataFrame, column: str) -> None:
    """No value with 20 lines or more is mostly misuse, the declared fault aside."""
    rest = lines[lines["scenario"] != DECLARED]
    tally = rest.groupby(column)["misuse"].agg(["mean", "size"])
    told = tally[(tally["size"] >= FEWEST_LINES) & (tally["mean"] > GIVE_AWAY)]
    assert told.empty, told


def test_no_word_of_a_reason_gives_misuse_away(lines: pd.DataFrame) -> None:
    """No single word is mostly misuse, however it is written."""
    rest = lines.loc[lines["scenario"] != DECLARED, ["reason", "misuse"]]
    words = rest.assign(reason=rest["reason"].str.lower().str.split()).explode("reason")
    tally = words.groupby("reason")["misuse"].agg(["mean", "size"])
    told = tally[(tally["size"] >= FEWEST_LINES) & (tally["mean"] > GIVE_AWAY)]
    assert told.empty, told


@pytest.mark.parametrize("column", ["terminal", "transaction", "purpose", "hour", "operator_unit"])
def test_a_tree_of_one_question_learns_nothing(lines: pd.DataFrame, column: str) -> None:
    """The best single question to one column leaves no leaf that is mostly misuse."""
    rest = lines[lines["scenario"] != DECLARED]
    values = OneHotEncoder().fit_transform(rest[[column]])
    tree = DecisionTreeClassifier(max_depth=1, min_samples_leaf=FEWEST_LINES, random_state=0)
    tree.fit(values, rest["misuse"])
    assert tree.predict_proba(values)[:, 1].max() < GIVE_AWAY


def test_every_value_that_misuse_carries_is_carried_by_honest_lines(lines: pd.DataFrame) -> None:
    """Transactions, purposes, terminals, hours and answers of misuse all have honest twins."""
    for column in ("system", "transaction", "purpose", "hour", "outcome", "terminal"):
        honest = set(lines.loc[~lines["misuse"], column])
        assert set(lines.loc[lines["misuse"], column]) <= honest


def test_half_of_the_subjects_of_misuse_are_met_honestly_too(lines: pd.DataFrame) -> None:
    """The subjects of misuse are partly known to honest operators and partly not."""
    misused = lines[lines["misuse"] & (lines["subject_id"] != "")].drop_duplicates("subject_id")
    met = misused["subject_id"].isin(set(lines.loc[~lines["misuse"], "subject_id"])).mean()
    assert 0.4 < met < 0.75


def test_honest_people_look_suspicious_too(city: City, lines: pd.DataFrame) -> None:
    """Crowds, off-roster work, lookups on staff and lookups of own relations happen honestly."""
    honest = lines[~lines["misuse"]]
    crowds = honest.groupby("subject_id")["operator_id"].nunique()
    staff = set(city.roster["subject_id"].to_pylist())
    related = honest.merge(city.relations.to_pandas(), on=["operator_id", "subject_id"])
    left = city.roster.to_pandas().query("separated_on != ''")[["operator_id", "separated_on"]]
    late = honest.merge(left, on="operator_id")
    assert (crowds.drop("", errors="ignore") >= 20).sum() > 20
    assert honest["subject_id"].isin(staff).sum() > 200
    assert len(related) > 100
    assert (late["event_time"].str[:10] > late["separated_on"]).sum() > 20


def test_permit_checks_declare_themselves(lines: pd.DataFrame) -> None:
    """The process fault at the permit desk says so in most of its lines, under F or C."""
    permits = lines[lines["scenario"] == DECLARED]
    words = permits["reason"].str.lower().str.contains(r"ccw|ltc|permit")
    assert np.mean(words) > 0.7
    assert set(permits["operator_role"]) == {"licensing_clerk"}
    assert permits["purpose"].isin(["F", "C"]).mean() > 0.95
