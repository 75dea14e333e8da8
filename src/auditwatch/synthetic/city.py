"""A whole synthetic city: its trail of lookups, its context tables, and the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditwatch.core.errors import UsageError
from auditwatch.synthetic.acts import HONEST, Acts, concat
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
from auditwatch.synthetic.draws import texts
from auditwatch.synthetic.misuse import as_acts
from auditwatch.synthetic.residents import make_residents
from auditwatch.synthetic.scenarios import load_scenario, scenario_names
from auditwatch.synthetic.shifts import make_shifts
from auditwatch.synthetic.staff import make_staff
from auditwatch.synthetic.trail import in_order, write_trail
from auditwatch.synthetic.work import HONEST_WORK
from auditwatch.synthetic.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.synthetic.draws import Texts

__all__ = ["City", "make_city", "scenario_names"]

_FEWEST_OPERATORS = 12
_ALL_SCENARIOS_FROM = (100, 40)


@dataclass(frozen=True)
class City:
    """What a city leaves on paper.

    Parameters
    ----------
    trail, roster, cases, duty, relations, links, truth, keystrokes : pyarrow.Table
        Text columns only; `truth` has ``event_id, scenario, episode`` of the misused lines,
        `keystrokes` has ``event_id, keystroke`` of every line: lines that came of one typed
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
        Ways of misuse that happen; all of them when not given, a few in a small city.

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
    world = _make_world(people, operators, days, first_day)
    names = _chosen(crooked, operators, days, scenarios)
    misused, labels = _misuse(world, crooked, names)
    acts = _with_cascades(world, honest, _honest_work(world, honest))
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
        truth=_truth(trail, acts, labels),
        keystrokes=_keystrokes(trail, acts),
        seed=seed,
        first_day=first_day,
        habits=_habits(trail, acts),
    )


def _make_world(rng: np.random.Generator, operators: int, days: int, first_day: date) -> World:
    """Return everything that exists before anybody looks anything up."""
    calendar = make_calendar(first_day, days)
    residents = make_residents(rng, operators)
    staff = make_staff(rng, residents, operators, days)
    shifts = make_shifts(rng, calendar, staff)
    casebook = make_casebook(rng, calendar, residents, staff, shifts)
    return World(calendar, residents, staff, shifts, casebook)


def _chosen(
    rng: np.random.Generator, operators: int, days: int, asked: Sequence[str] | None
) -> list[str]:
    """Return the scenarios that happen, in order of name."""
    known = scenario_names()
    if asked is not None:
        unknown = sorted(set(asked) - set(known))
        if unknown:
            raise UsageError(
                f"no such scenario: {', '.join(unknown)}",
                code="AW-SYNTH-002",
                expected=", ".join(known),
            )
        return sorted(set(asked))
    if operators >= _ALL_SCENARIOS_FROM[0] and days >= _ALL_SCENARIOS_FROM[1]:
        return known
    share = operators * days / (_ALL_SCENARIOS_FROM[0] * _ALL_SCENARIOS_FROM[1])
    count = min(len(known), max(1, round(share * len(known))))
    return sorted(rng.choice(known, size=count, replace=False).tolist())


def _misuse(
    world: World, rng: np.random.Generator, names: Sequence[str]
) -> tuple[Acts, list[tuple[str, str]]]:
    """Return all misused lookups, and (scenario, episode) of each episode number."""
    labels: list[tuple[str, str]] = []
    base = int(rng.integers(2**31))
    parts = [as_acts([], np.empty(0, dtype=np.int64))]
    for name in names:
        stream = np.random.Generator(np.random.PCG64([base, *name.encode()]))
        found = load_scenario(name)(world, stream)
        numbers = np.array([m.episode for m in found], dtype=np.int64)
        known = sorted(set(numbers.tolist()))
        place = {number: len(labels) + i for i, number in enumerate(known)}
        labels.extend((name, f"{name}-{number:02d}") for number in known)
        parts.append(as_acts(found, np.array([place[n] for n in numbers.tolist()], dtype=np.int64)))
    return concat(parts), labels


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


def _truth(trail: pa.Table, acts: Acts, labels: Sequence[tuple[str, str]]) -> pa.Table:
    """Return which lines of the trail are misuse, of which scenario and episode."""
    rows = np.flatnonzero(acts.episode != HONEST)
    scenario: Texts = texts([labels[n][0] for n in acts.episode[rows].tolist()])
    episode: Texts = texts([labels[n][1] for n in acts.episode[rows].tolist()])
    return pa.table(
        {
            "event_id": trail["event_id"].take(pa.array(rows)),
            "scenario": pa.array(scenario, pa.string()),
            "episode": pa.array(episode, pa.string()),
        }
    )


def _keystrokes(trail: pa.Table, acts: Acts) -> pa.Table:
    """Return which lines of the trail came of the same typed request."""
    return pa.table(
        {"event_id": trail["event_id"], "keystroke": pa.array(acts.typed).cast(pa.string())}
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
