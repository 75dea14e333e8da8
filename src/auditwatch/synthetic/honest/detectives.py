"""Casework: live case lists, the people in them, and the people around those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.acts import Acts, concat, make_acts, no_acts
from auditwatch.synthetic.asking import EVERYDAY, ask
from auditwatch.synthetic.calendar import DAY
from auditwatch.synthetic.draws import chance
from auditwatch.synthetic.vocabulary import ROLE_CODE

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.moments import Moments
    from auditwatch.synthetic.world import World

__all__ = ["join_task_forces", "work_cases"]

_TRIES = 4
_KEYS = {"DQ": 0.17, "QH": 0.1, "QR": 0.04, "KQ": 0.05, "QW": 0.09, "QVC": 0.06, "QPO": 0.04}
_KEYS |= {"DNQ": 0.03, "RNQ": 0.04, "FQ": 0.02, "IQ": 0.02, "QXS": 0.02, "QWA": 0.02}
_KEYS |= {"RQ": 0.11, "PLATE": 0.13, "RPQ": 0.03, "QV": 0.03}
_TASK_FORCE_DAYS = 18


def _live_case(world: World, rng: np.random.Generator, sessions: Moments) -> Ints:
    """Return a case that is open at each moment, one's own or, for a sergeant, the unit's."""
    book, staff = world.casebook, world.staff
    detectives = rng.choice(staff.having("detective"), size=len(sessions))
    boss = staff.role[sessions.operator] == ROLE_CODE["sergeant"]
    whose = np.where(boss, detectives, sessions.operator)
    found = np.full(len(sessions), -1, dtype=np.int64)
    for _ in range(_TRIES):
        case = book.by_detective.draw(rng, whose)
        live = (book.opened[case] < sessions.time) & (book.closed[case] > sessions.time)
        found = np.where((found < 0) & (case >= 0) & live, case, found)
    return found


def work_cases(world: World, rng: np.random.Generator) -> Acts:
    """Return a detective's looks at the subjects of live cases, in bursts, over weeks.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    """
    book, residents = world.casebook, world.residents
    shift = world.working(("detective", "sergeant"), ("investigations", "gangs"))
    sessions = world.spread(rng, shift, 4.2)
    case = _live_case(world, rng, sessions)
    sessions, case = sessions.where(case >= 0), case[case >= 0]
    place = np.repeat(np.arange(len(sessions)), rng.integers(1, 6, size=len(sessions)))
    size, case = len(place), case[place]
    moments = sessions.where(place).later(rng.integers(0, 1500, size=size))
    person = book.subjects[case, rng.integers(0, 3, size=size)]
    person = np.where(person < 0, book.subjects[case, 0], person)
    kin, stranger = residents.kin(rng, person), residents.anyone(rng, size)
    around = np.where(chance(rng, size, 0.5), kin, stranger)
    key, subject = ask(rng, residents, np.where(chance(rng, size, 0.25), around, person), _KEYS)
    number = np.where(chance(rng, size, 0.86), case, -1)
    return make_acts(moments, transaction=key, subject=subject, wording="casework", case=number)


def join_task_forces(world: World, rng: np.random.Generator) -> Acts:
    """Return task forces: people of several units on the same few subjects for weeks.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    """
    parts = [no_acts()]
    able = world.working(("officer", "sergeant", "detective", "analyst"))
    grave = np.flatnonzero(world.casebook.is_case)
    for start in world.times(rng, a_week=0.35).tolist():
        case = int(rng.choice(grave)) if len(grave) else -1
        near = able[(world.shifts.start[able] >= start)]
        near = near[world.shifts.start[near] < start + _TASK_FORCE_DAYS * DAY]
        team = rng.permutation(np.unique(world.shifts.operator[near]))[: int(rng.integers(4, 10))]
        near = near[np.isin(world.shifts.operator[near], team)]
        moments = world.spread(rng, near, 0.8)
        circle = np.concatenate([world.casebook.subjects[case], world.residents.anyone(rng, 4)])
        person = rng.choice(circle[circle >= 0], size=len(moments))
        key, subject = ask(rng, world.residents, person, EVERYDAY)
        number = np.where(chance(rng, len(moments), 0.7), case, -1)
        parts.append(
            make_acts(moments, transaction=key, subject=subject, wording="casework", case=number)
        )
    return concat(parts)
