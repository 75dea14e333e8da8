"""Days when many look at one, or one at many: sweeps, hunts, broadcasts, large incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat, make_acts, no_acts
from auditwatch.synthetic.asking import EVERYDAY, ask
from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.draws import chance, codes
from auditwatch.synthetic.vocabulary import STREET_UNITS, TRANSACTION_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.world import World

__all__ = [
    "answer_broadcasts",
    "answer_hotlists",
    "chase_vehicles",
    "look_into_large_incidents",
    "serve_warrants",
    "train_newcomers",
]

_WARRANT_KEYS = {"QW": 0.5, "QWA": 0.25, "DQ": 0.25}
_CHASE_KEYS = {"RQ": 0.75, "PLATE": 0.15, "QV": 0.1}
_TRAINING_KEYS = {"DQ": 0.4, "QW": 0.3, "RQ": 0.3}


def _someone(world: World, rng: np.random.Generator, regular: float) -> Ints:
    """Return one person met on some beat."""
    return world.residents.met(rng, rng.integers(0, world.residents.beats, size=1), regular)


def serve_warrants(world: World, rng: np.random.Generator) -> Acts:
    """Return warrant sweeps: one team runs a hundred names and more in a morning."""
    parts = [no_acts()]
    able = world.working(("officer", "sergeant", "detective"), (*STREET_UNITS, "investigations"))
    for time in world.times(rng, a_week=0.3).tolist():
        team = rng.permutation(world.on_duty(able, time, time + 2 * HOUR))[:4]
        names = int(rng.integers(70, 150)) if len(team) else 0
        shift = rng.choice(team, size=names) if names else team
        moments = world.at(rng, shift, time + np.sort(rng.integers(0, 3 * HOUR, size=names)))
        person = world.residents.anyone(rng, names)
        key = codes(rng, names, _WARRANT_KEYS, TRANSACTION_CODE)
        parts.append(make_acts(moments, transaction=key, subject=person, wording="sweep"))
    return concat(parts)


def chase_vehicles(world: World, rng: np.random.Generator) -> Acts:
    """Return pursuits: many units on one plate within the hour."""
    parts = [no_acts()]
    able = world.working(("officer", "sergeant", "dispatcher"), (*STREET_UNITS, "dispatch"))
    for time in world.times(rng, a_week=1.3).tolist():
        shift = rng.permutation(world.on_duty(able, time, time))[: int(rng.integers(4, 13))]
        vehicle = world.residents.vehicle(rng, _someone(world, rng, 0.3))
        moments = world.at(rng, shift, time + rng.integers(0, HOUR, size=len(shift)))
        key = codes(rng, len(shift), _CHASE_KEYS, TRANSACTION_CODE)
        subject = np.repeat(vehicle, len(shift))
        parts.append(make_acts(moments, transaction=key, subject=subject, wording="pursuit"))
    return concat(parts)


def answer_broadcasts(world: World, rng: np.random.Generator) -> Acts:
    """Return broadcasts: operators of all units look once at one wanted person, without a case."""
    parts = [no_acts()]
    able = world.working(("officer", "sergeant", "detective", "dispatcher"))
    for time in world.times(rng, a_week=1.8).tolist():
        first = rng.permutation(world.on_duty(able, time, time))[: int(rng.integers(5, 26))]
        later = rng.permutation(world.on_duty(able, time + DAY, time + DAY))[: len(first) // 3]
        shift = np.concatenate([first, later])
        wait = rng.integers(0, 5 * HOUR, size=len(shift))
        wait[len(first) :] += DAY
        person = np.repeat(_someone(world, rng, 0.4), len(shift))
        key, subject = ask(rng, world.residents, person, EVERYDAY)
        moments = world.at(rng, shift, time + wait)
        parts.append(make_acts(moments, transaction=key, subject=subject, wording="broadcast"))
    return concat(parts)


def look_into_large_incidents(world: World, rng: np.random.Generator) -> Acts:
    """Return large incidents: for days many look at the same people, most of them with the case."""
    parts = [no_acts()]
    book, shifts = world.casebook, world.shifts
    able = world.working(("officer", "sergeant", "detective", "dispatcher", "analyst"))
    grave = np.flatnonzero(book.is_case)
    for time in world.times(rng, a_week=0.5).tolist():
        case = int(grave[np.argmin(abs(book.opened[grave] - time))]) if len(grave) else -1
        near = able[(shifts.start[able] >= time) & (shifts.start[able] < time + 5 * DAY)]
        shift = rng.permutation(near)[: int(rng.integers(15, 55))]
        people = book.subjects[case]
        person = rng.choice(people[people >= 0], size=len(shift))
        key, subject = ask(rng, world.residents, person, EVERYDAY)
        number = np.where(chance(rng, len(shift), 0.65), case, -1)
        moments = world.during(rng, shift)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording="casework", case=number)
        )
    return concat(parts)


def answer_hotlists(world: World, rng: np.random.Generator) -> Acts:
    """Return a plate reader's alarms: one plate, machine-regular, under the account on watch."""
    parts = [no_acts()]
    able = world.working(("officer", "analyst"), (*STREET_UNITS, "crime-analysis"))
    shifts = world.shifts
    for time in world.times(rng, a_week=0.7).tolist():
        watcher = int(rng.choice(shifts.operator[able])) if len(able) else -1
        own = able[shifts.operator[able] == watcher]
        own = own[(shifts.start[own] > time) & (shifts.start[own] < time + 12 * DAY)]
        shift = np.repeat(own, rng.integers(4, 16, size=len(own)))
        moments = world.during(rng, shift)
        moments = world.at(rng, shift, moments.time - moments.time % 300)
        vehicle = world.residents.vehicle(rng, _someone(world, rng, 0.3))
        case = world.casebook.latest(np.array([watcher]), np.array([time]))[0]
        number = np.where(chance(rng, len(shift), 0.9), case, -1)
        subject = np.repeat(vehicle, len(shift))
        parts.append(
            make_acts(moments, transaction="PLATE", subject=subject, wording="hotlist", case=number)
        )
    return concat(parts)


def train_newcomers(world: World, rng: np.random.Generator) -> Acts:
    """Return training mornings: a class looks at the same test subject, one after the other."""
    parts = [no_acts()]
    everyone = np.arange(len(world.shifts.day), dtype=np.int64)
    test_subject = world.residents.anyone(rng, 1)
    for time in world.times(rng, a_week=0.3).tolist():
        group = rng.permutation(world.on_duty(everyone, time, time))[: int(rng.integers(6, 19))]
        moments = world.at(rng, group, time + rng.integers(0, 2 * HOUR, size=len(group)))
        person = np.repeat(test_subject, len(group))
        key, subject = ask(rng, world.residents, person, _TRAINING_KEYS)
        parts.append(make_acts(moments, transaction=key, subject=subject, wording="test"))
    return concat(parts)
