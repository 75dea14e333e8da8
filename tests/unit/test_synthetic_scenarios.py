from __future__ import annotations

from datetime import date
from importlib import import_module
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from auditwatch.synthetic import City, make_city, scenario_names
from auditwatch.synthetic.acts import HONEST
from auditwatch.synthetic.calendar import DAY
from auditwatch.synthetic.city import make_world
from auditwatch.synthetic.episodes import draw_scenarios
from auditwatch.synthetic.intensity import INTENSITIES
from auditwatch.synthetic.scenarios import load_scenario
from auditwatch.synthetic.work import HONEST_WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditwatch.synthetic.acts import Acts
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

DECLARED = "carry_permit"
NOT_MISUSE = 3  # the hotlist's follow-up, which is honest
PATTERNS = set(range(1, 22)) - {NOT_MISUSE}
TRIES = 6
RARE = 8
FEWEST_LOOKS = 3


def _stream(*numbers: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(numbers))


@pytest.fixture(scope="module")
def city() -> City:
    """A city of the stated size."""
    return make_city(23)


@pytest.fixture(scope="module")
def lines(city: City) -> pd.DataFrame:
    """Its lines with their truth and their keystrokes."""
    frame: pd.DataFrame = city.trail.to_pandas().merge(
        city.truth.to_pandas(), on="event_id", how="left"
    )
    frame["misuse"] = frame["scenario"].notna()
    frame["keystroke"] = city.keystrokes.to_pandas()["keystroke"].to_numpy()
    return frame


@pytest.fixture(scope="module")
def world() -> World:
    """A smaller city before any misuse, in which scenarios are acted alone."""
    return make_world(_stream(1), _stream(2), 150, 63, date(2026, 3, 2))[0]


def _acted(world: World, name: str, intensity: str) -> list[list[Misuse]]:
    """Return some episodes of one scenario, each from a stream of its own."""
    act = load_scenario(name)
    return [act(world, _stream(9, number), INTENSITIES[intensity]) for number in range(TRIES)]


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_keeps_its_contract(world: World, name: str) -> None:
    """Each scenario names itself and its pattern, tells its look-alike, and acts when asked."""
    module = import_module(f"auditwatch.synthetic.scenarios.{name}")
    assert name == module.NAME
    assert module.PATTERN in PATTERNS
    assert "look-alike" in str(module.__doc__).lower().replace("\n", " ")
    first, after = world.calendar.bounds()
    for episode in _acted(world, name, "low"):
        assert len(episode) >= FEWEST_LOOKS
        assert all(0 <= look.operator < world.staff.size for look in episode)
        assert all(look.case < len(world.casebook.kind) for look in episode)
        assert all(first - DAY < look.time < after + DAY for look in episode)


@pytest.mark.parametrize("name", scenario_names())
def test_intensity_is_how_often_somebody_looks(world: World, name: str) -> None:
    """Of each scenario a low episode has fewer looks than a middling one, a high one more."""
    low, medium, high = (
        mean(map(len, _acted(world, name, intensity))) for intensity in ("low", "medium", "high")
    )
    assert low < medium < high


@pytest.mark.parametrize("name", scenario_names())
def test_the_same_stream_acts_the_same_episode(world: World, name: str) -> None:
    """An episode is a function of the city, the stream of chance and the intensity."""
    assert _acted(world, name, "medium") == _acted(world, name, "medium")


def test_scenarios_cover_every_way_of_misuse() -> None:
    """Every pattern of the field is acted by some scenario, found by being in the folder."""
    modules = [import_module(f"auditwatch.synthetic.scenarios.{n}") for n in scenario_names()]
    assert {module.PATTERN for module in modules} == PATTERNS


@pytest.mark.parametrize("habit", HONEST_WORK, ids=lambda habit: habit.__name__)
def test_every_honest_habit_is_lived(
    world: World, habit: Callable[[World, np.random.Generator], Acts]
) -> None:
    """No honest look-alike is only promised: each leaves honest lookups in a middling city."""
    days = [habit(world, _stream(3, number)) for number in range(RARE)]
    assert sum(map(len, days)) > 0
    assert all((acts.episode == HONEST).all() and (acts.subject >= 0).all() for acts in days)


def test_a_city_of_the_stated_size_has_about_thirty_episodes(city: City) -> None:
    """A full city has 25 to 30 episodes, of most scenarios but not of all, at every intensity."""
    truth = city.truth.to_pandas()
    assert 25 <= truth["episode"].nunique() <= 30
    assert 22 <= truth["scenario"].nunique() <= 27
    assert set(truth["intensity"]) == set(INTENSITIES)
    assert not truth.drop_duplicates(["episode", "intensity"])["episode"].duplicated().any()


def test_every_scenario_appears_in_several_cities_of_five() -> None:
    """Over many seeds each scenario happens in half to three quarters of the full cities."""
    drawn = [set(draw_scenarios(_stream(5, seed), 420, 63, None)) for seed in range(300)]
    shares = {name: mean(name in one for one in drawn) for name in scenario_names()}
    assert min(shares.values()) > 0.5
    assert max(shares.values()) < 0.75


def test_episodes_grow_with_the_city() -> None:
    """Twice the operators have about twice the episodes."""
    small, large = (
        make_city(2, operators, 63).truth.to_pandas()["episode"].nunique()
        for operators in (70, 140)
    )
    assert large == pytest.approx(2 * small, abs=1)


def test_misuse_is_rare_but_for_the_declared_fault(lines: pd.DataFrame) -> None:
    """One to four lookups in a thousand are misuse, the permit desk aside."""
    rest = lines[lines["scenario"] != DECLARED]
    misused = rest.loc[rest["misuse"], "keystroke"].nunique()
    assert 0.001 < misused / rest["keystroke"].nunique() < 0.004


def test_every_value_that_misuse_carries_is_carried_by_honest_lines(lines: pd.DataFrame) -> None:
    """Transactions, purposes, terminals, hours and answers of misuse all have honest twins."""
    hour = lines["event_time"].str[11:13]
    frame = lines.assign(hour=hour)
    for column in ("system", "transaction", "purpose", "hour", "outcome", "terminal"):
        honest = set(frame.loc[~frame["misuse"], column])
        assert set(frame.loc[frame["misuse"], column]) <= honest


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


def test_permit_checks_declare_themselves() -> None:
    """The process fault at the permit desk says so in most of its lines, under F or C."""
    cities = [make_city(seed, 100, 63, scenarios=[DECLARED]) for seed in range(3)]
    permits = pd.concat(
        [one.trail.to_pandas().merge(one.truth.to_pandas(), on="event_id") for one in cities]
    )
    words = permits["reason"].str.lower().str.contains(r"ccw|ltc|permit")
    assert len(permits) > 20
    assert np.mean(words) > 0.7
    assert set(permits["operator_role"]) == {"licensing_clerk"}
    assert permits["purpose"].isin(["F", "C"]).mean() > 0.9
