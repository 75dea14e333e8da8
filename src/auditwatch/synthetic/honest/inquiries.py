"""Inquiries that spread out: canvasses, surveillance, conflicts, runaways, crimes at assemblies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat, make_acts, no_acts
from auditwatch.synthetic.asking import EVERYDAY, ask
from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.moments import Moments
    from auditwatch.synthetic.world import World

__all__ = [
    "canvass_for_case",
    "clear_conflicts",
    "guard_assemblies",
    "search_for_runaways",
    "watch_vehicle",
]

_CANVASS_KEYS = {"PLATE": 0.3, "RQ": 0.35, "DQ": 0.25, "KQ": 0.05, "QW": 0.05}
_WATCH_KEYS = {"PLATE": 0.85, "RQ": 0.1, "DQ": 0.05}
_CONFLICT_KEYS = {"QPO": 0.25, "DQ": 0.3, "QVC": 0.15, "QW": 0.2, "QXS": 0.1}
_RUNAWAY_KEYS = {"DQ": 0.5, "DNQ": 0.25, "QW": 0.15, "RNQ": 0.1}
_ASSEMBLY_KEYS = {"PLATE": 0.3, "RQ": 0.4, "DQ": 0.2, "RPQ": 0.1}
_WATCHERS = ("officer", "sergeant", "detective", "analyst")
_WATCH_DAYS = 30
_CANVASS_DAYS = 12


def _inquiry(world: World, rng: np.random.Generator, time: int, days: int) -> tuple[Moments, int]:
    """Return moments of somebody's for some days from an instant, and a case of his own, or -1.

    A detective with one of his cases as often as an officer with the last call.
    """
    role = str(rng.choice(("detective", "officer")))
    who = rng.choice(world.staff.having(role), size=1)
    own = world.shifts.of_operator.members(int(who[0]))
    near = own[(world.shifts.start[own] > time) & (world.shifts.start[own] < time + days * DAY)]
    case = int(world.casebook.by_detective.draw(rng, who)[0])
    if case < 0:
        case = int(world.casebook.latest(who, np.array([time]))[0])
    return world.spread(rng, near, 1.0), case


def canvass_for_case(world: World, rng: np.random.Generator) -> Acts:
    """Return canvasses: for days many strangers' cars and names under one case number."""
    parts = [no_acts()]
    for time in world.times(rng, a_week=2.5).tolist():
        days, case = _inquiry(world, rng, time, _CANVASS_DAYS)
        place = np.repeat(np.arange(len(days)), rng.integers(1, 6, size=len(days)))
        moments = days.where(place).later(rng.integers(0, HOUR, size=len(place)))
        person = world.residents.met(rng, np.full(len(place), world.casebook.beat[case]), 0.2)
        key, subject = ask(rng, world.residents, person, _CANVASS_KEYS)
        wording = codes(rng, len(place), {"casework": 0.6, "plate_search": 0.4}, WORDING_CODE)
        number = np.where(chance(rng, len(place), 0.85), case, -1)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording=wording, case=number)
        )
    return concat(parts)


def watch_vehicle(world: World, rng: np.random.Generator) -> Acts:
    """Return surveillance: one suspect's car through the plate readers, day after day."""
    parts = [no_acts()]
    for time in world.times(rng, a_week=0.8).tolist():
        moments, case = _inquiry(world, rng, time, _WATCH_DAYS)
        person = world.casebook.subjects[[case], 0]
        vehicle = world.residents.vehicle(rng, person)
        key = codes(rng, len(moments), _WATCH_KEYS, TRANSACTION_CODE)
        subject = np.where(key == TRANSACTION_CODE["DQ"], person, vehicle)
        number = np.where(chance(rng, len(moments), 0.6), case, -1)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording="casework", case=number)
        )
    return concat(parts)


def clear_conflicts(world: World, rng: np.random.Generator) -> Acts:
    """Return a gang unit's checks of other teams' people, so that nobody gets in another's way."""
    book = world.casebook
    moments = world.spread(rng, world.working(("officer", "detective"), ("gangs",)), 0.5)
    case = rng.integers(0, len(book.kind), size=len(moments))
    known = (book.opened[case] < moments.time) & book.is_case[case]
    moments, case = moments.where(known), case[known]
    listed = book.subjects[case, rng.integers(0, book.subjects.shape[1], size=len(case))]
    person = np.where(listed >= 0, listed, book.subjects[case, 0])
    key, subject = ask(rng, world.residents, person, _CONFLICT_KEYS)
    number = np.where(chance(rng, len(moments), 0.3), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording="casework", case=number)


def search_for_runaways(world: World, rng: np.random.Generator) -> Acts:
    """Return a missing-person desk's evenings: young people of one sex, name after name."""
    residents = world.residents
    parts = [no_acts()]
    able = world.working(("officer", "detective", "dispatcher"))
    for time in world.times(rng, a_week=1.5).tolist():
        team = rng.permutation(world.on_duty(able, time, time))[:1]
        size = int(rng.integers(5, 16)) * len(team)
        fitting = np.flatnonzero((residents.female == (rng.random() < 0.6)) & (residents.age < 30))
        person = rng.choice(fitting, size=size)
        moments = world.at(rng, np.resize(team, size), time + rng.integers(0, 3 * HOUR, size=size))
        key, subject = ask(rng, residents, person, _RUNAWAY_KEYS)
        case = world.case_at(rng, moments, 0.4)
        parts.append(
            make_acts(
                moments, transaction=key, subject=subject, wording="missing_person", case=case
            )
        )
    return concat(parts)


def guard_assemblies(world: World, rng: np.random.Generator) -> Acts:
    """Return crimes and traffic at marches, clinics and places of worship, most with a number."""
    parts = [no_acts()]
    able = world.working(_WATCHERS)
    for time in world.times(rng, a_week=2.0).tolist():
        team = rng.permutation(world.on_duty(able, time, time))[: int(rng.integers(1, 4))]
        size = int(rng.integers(3, 9)) * len(team)
        moments = world.at(rng, np.resize(team, size), time + rng.integers(0, 2 * HOUR, size=size))
        person = world.residents.met(rng, world.shifts.beat[moments.shift], 0.2)
        keys = _ASSEMBLY_KEYS if rng.random() < 0.6 else EVERYDAY
        key, subject = ask(rng, world.residents, person, keys)
        case = world.case_at(rng, moments, 0.6)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording="assembly", case=case)
        )
    return concat(parts)
