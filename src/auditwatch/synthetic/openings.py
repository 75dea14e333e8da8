"""When, where and on whom somebody can misuse the system without standing out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import HOUR

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Ints
    from auditwatch.synthetic.world import World

__all__ = [
    "actor",
    "at_work",
    "bounds",
    "desk_of",
    "household_of",
    "kin_of",
    "known_or_any",
    "moments",
    "own_time",
]

_WHOLE_DAYS = 28


def actor(world: World, rng: np.random.Generator, *roles: str) -> int:
    """Return an operator of some roles, of any role if none is named."""
    able = world.staff.having(*roles) if roles else np.arange(world.staff.size)
    return int(rng.choice(able))


def at_work(world: World, span: tuple[float, float]) -> Ints:
    """Return the operators with a whole shift in some part of the trail, everybody if none has."""
    low, high = bounds(world, span)
    shifts = world.shifts
    found = np.unique(shifts.operator[(shifts.start >= low) & (shifts.end <= high)])
    return found if len(found) else np.arange(world.staff.size, dtype=np.int64)


def bounds(world: World, span: tuple[float, float]) -> tuple[int, int]:
    """Return the instants at which a part of the trail starts and ends."""
    first, after = world.calendar.bounds()
    return first + int((after - first) * span[0]), first + int((after - first) * span[1])


def known_or_any(world: World, rng: np.random.Generator, size: int) -> list[int]:
    """Return persons, half of them known to the police anyway."""
    residents = world.residents
    beat = rng.integers(0, residents.beats, size=size)
    return [int(person) for person in residents.met(rng, beat, regular=0.5)]


def kin_of(world: World, rng: np.random.Generator, person: int) -> int:
    """Return somebody of one person's household."""
    return int(world.residents.kin(rng, np.array([person]))[0])


def household_of(world: World, person: int) -> list[int]:
    """Return everybody of one person's household, the person first and more than once."""
    home = world.residents.by_household.members(int(world.residents.household[person]))
    return [person, person, *home.tolist()]


def moments(
    world: World,
    rng: np.random.Generator,
    operator: int,
    count: int,
    *,
    span: tuple[float, float] = (0.0, 1.0),
    off_duty: float = 0.15,
) -> list[tuple[int, int]]:
    """Return times and terminals at which an operator can act unseen, in order of time.

    Parameters
    ----------
    world : World
        The city in progress.
    rng : Generator
        Source of chance.
    operator : int
        Who acts.
    count : int
        How many times in a trail of four weeks or more; fewer in a shorter one.
    span : tuple of float
        Part of the trail in which they fall.
    off_duty : float
        Share that falls up to four hours before or after a shift.

    Returns
    -------
    list of (int, int)
        Instant and terminal.
    """
    count = max(2 if count > 1 else 1, round(count * min(1.0, world.calendar.days / _WHOLE_DAYS)))
    low, high = bounds(world, span)
    shifts = world.shifts
    own = shifts.of_operator.members(operator)
    near = own[(shifts.start[own] >= low) & (shifts.end[own] <= high)]
    near = near if len(near) else own
    if not len(near):
        return sorted(
            (int(t), desk_of(world, rng, operator)) for t in rng.integers(low, high, count)
        )
    found = []
    for shift in rng.choice(near, size=count).tolist():
        at = world.during(rng, np.array([shift]))
        time, terminal = int(at.time[0]), int(at.terminal[0])
        if rng.random() < off_duty:
            time = own_time(world, rng, shift)
            terminal = desk_of(world, rng, operator) if rng.random() < 0.5 else terminal
        found.append((time, terminal))
    return sorted(found)


def own_time(world: World, rng: np.random.Generator, shift: int) -> int:
    """Return an instant up to four hours before or after a shift."""
    wait = int(rng.integers(600, 4 * HOUR))
    before = int(world.shifts.start[shift]) - wait
    return before if rng.random() < 0.5 else int(world.shifts.end[shift]) + wait


def desk_of(world: World, rng: np.random.Generator, operator: int) -> int:
    """Return a shared desk terminal of the operator's unit."""
    return int(world.staff.desks.draw(rng, world.staff.unit[[operator]])[0])
