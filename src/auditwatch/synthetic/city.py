"""A whole synthetic city: its trail of lookups, its context tables, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditwatch.core.errors import UsageError
from auditwatch.synthetic.acts import HONEST, Acts, concat, no_acts
from auditwatch.synthetic.calendar import make_calendar
from auditwatch.synthetic.cascades import add_cascades
from auditwatch.synthetic.cases import make_casebook
from auditwatch.synthetic.context import (
    cases_table,
    duty_table,
    links_table,
    relations_table,
    roster_table,
)
from auditwatch.synthetic.episodes import act_out, draw_scenarios
from auditwatch.synthetic.habits import learn_habits
from auditwatch.synthetic.residents import make_residents
from auditwatch.synthetic.scenarios import scenario_names
from auditwatch.synthetic.shifts import make_shifts
from auditwatch.synthetic.staff import make_staff
from auditwatch.synthetic.trail import in_order, write_trail
from auditwatch.synthetic.work import HONEST_WORK
from auditwatch.synthetic.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.synthetic.episodes import Episode

__all__ = ["City", "make_city", "make_world", "scenario_names"]

_FEWEST_OPERATORS = 12


@dataclass(frozen=True)
class City:
    """What a city leaves on paper.

    Parameters
    ----------
    trail, roster, cases, duty, relations, links, truth, keystrokes : pyarrow.Table
        Text columns only; `truth` has ``event_id, scenario, episode, intensity`` of the misused
        lines, `keystrokes` has ``event_id, keystroke`` of every line: lines that came of one typed
        request share the number.
    seed : int
        What it was made from.
    first_day : date
        First local day of the trail.
    habits : pyarrow.Table
        ``event_id, habit`` of the honest lines: which function of `HONEST_WORK` they came of.
    """

    trail: pa.Table
    roster: pa.Table
    cases: pa.Table
    duty: pa.Table
    relations: pa.Table
    links: pa.Table
    truth: pa.Table
    keystrokes: pa.Table
    seed: int
    first_day: date
    habits: pa.Table


def make_city(
    seed: int,
    operators: int = 420,
    days: int = 63,
    first_day: date = date(2026, 3, 2),
    scenarios: Sequence[str] | None = None,
) -> City:
    """Return a city; the same arguments give the same city to the byte.

    Parameters
    ----------
    seed : int
        Another seed is another city: people, habits, beats, actors.
    operators : int
        How many people can look things up, 12 or more.
    days : int
        Length of the trail in local days, 1 or more.
    first_day : date
        First local day.
    scenarios : sequence of str, optional
        Ways of misuse that happen; when not given the seed draws them, in a full city 27
        of all there are, in a small one a few.

    Raises
    ------
    UsageError
        ``AW-SYNTH-001`` too small, ``AW-SYNTH-002`` no such scenario.

    Notes
    -----
    People, honest work and misuse draw from streams of their own: the same seed with other
    scenarios is the same city with the same honest lookups at the same times, and only the words,
    slips and answers on the lines differ.
    """
    if operators < _FEWEST_OPERATORS or days < 1:
        raise UsageError(
            "this city is too small",
            code="AW-SYNTH-001",
            expected=f"{_FEWEST_OPERATORS} operators or more, 1 day or more",
            hint="raise --operators or --days",
        )
    streams = np.random.Generator(np.random.PCG64(seed)).spawn(5)
    people, honest, crooked, paper, text = streams
    world, done = make_world(people, honest, operators, days, first_day)
    scenario = draw_scenarios(crooked, operators, days, scenarios)
    misused, episodes = act_out(world, crooked, scenario)
    acts = _with_cascades(world, honest, done)
    acts = concat(
        [acts, _with_cascades(world, crooked, misused, int(acts.typed.max(initial=-1)) + 1)]
    )
    acts = in_order(world, text, acts)
    trail = write_trail(world, text, acts)
    return City(
        trail=trail,
        roster=roster_table(world),
        cases=cases_table(world, paper),
        duty=duty_table(world),
        relations=relations_table(world, paper),
        links=links_table(world, paper),
        truth=_truth(trail, acts, episodes),
        keystrokes=_keystrokes(trail, acts),
        seed=seed,
        first_day=first_day,
        habits=_habits(trail, acts),
    )


def make_world(
    people: np.random.Generator,
    honest: np.random.Generator,
    operators: int,
    days: int,
    first_day: date,
) -> tuple[World, Acts]:
    """Return a city before any misuse: everything that exists, and everybody's honest lookups.

    Parameters
    ----------
    people, honest : Generator
        Sources of chance for who lives and works there, and for the work itself.
    operators, days, first_day : int, int, date
        As in `make_city`.
    """
    calendar = make_calendar(first_day, days)
    residents = make_residents(people, operators)
    staff = make_staff(people, residents, operators, days)
    shifts = make_shifts(people, calendar, staff)
    casebook = make_casebook(people, calendar, residents, staff, shifts)
    world = World(calendar, residents, staff, shifts, casebook, learn_habits(no_acts()))
    done = _honest_work(world, honest)
    return replace(world, habits=learn_habits(done)), done


def _honest_work(world: World, rng: np.random.Generator) -> Acts:
    """Return everybody's honest lookups; each habit has a stream of its own."""
    streams = rng.spawn(len(HONEST_WORK))
    parts = [habit(world, stream) for habit, stream in zip(HONEST_WORK, streams, strict=True)]
    return concat(
        [replace(part, habit=np.full(len(part), n, np.int64)) for n, part in enumerate(parts)]
    )


def _with_cascades(world: World, rng: np.random.Generator, acts: Acts, first: int = 0) -> Acts:
    """Return lookups with what the software adds, typed ones numbered from `first`."""
    mobile = np.array([name.startswith("MDC") for name in world.staff.terminals])
    acts = add_cascades(rng, world.residents, mobile, acts)
    return replace(acts, typed=acts.typed + first)


def _truth(trail: pa.Table, acts: Acts, episodes: Sequence[Episode]) -> pa.Table:
    """Return which lines of the trail are misuse: scenario, episode and its intensity."""
    rows = np.flatnonzero(acts.episode != HONEST)
    told = [episodes[n] for n in acts.episode[rows].tolist()]
    return pa.table(
        {
            "event_id": trail["event_id"].take(pa.array(rows)),
            "scenario": pa.array([one.scenario for one in told], pa.string()),
            "episode": pa.array([one.name for one in told], pa.string()),
            "intensity": pa.array([one.intensity for one in told], pa.string()),
        }
    )


def _keystrokes(trail: pa.Table, acts: Acts) -> pa.Table:
    """Return which lines of the trail came of the same typed request, numbered as they appear."""
    _, first, place = np.unique(acts.typed, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first))[place]
    return pa.table(
        {"event_id": trail["event_id"], "keystroke": pa.array(number).cast(pa.string())}
    )


def _habits(trail: pa.Table, acts: Acts) -> pa.Table:
    """Return which honest habit each honest line came of."""
    rows = np.flatnonzero(acts.episode == HONEST)
    names = pa.array([habit.__name__ for habit in HONEST_WORK], pa.string())
    return pa.table(
        {
            "event_id": trail["event_id"].take(pa.array(rows)),
            "habit": names.take(pa.array(acts.habit[rows])),
        }
    )
