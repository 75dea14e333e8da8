"""Somebody on leave, or sent home pending an inquiry, goes on looking people up.

From a shared desk, at any hour, people of his own. Honest look-alikes: an operator called in on a
day off, whom the duty book often misses; a swapped shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import HOUR
from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import desk_of, known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "on_leave"
PATTERN = 16

_KEYS = ("DQ", "DQ", "RQ", "QW", "KQ", "PLATE")
_SHORTEST_DAYS = 5


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    shifts = world.shifts
    apart = np.diff(shifts.day)
    within = np.diff(shifts.operator) == 0
    away = np.flatnonzero(within & (apart > _SHORTEST_DAYS))
    if not len(away):
        return []
    last = int(rng.choice(away))
    operator = int(shifts.operator[last])
    low, high = int(shifts.end[last]) + 12 * HOUR, int(shifts.start[last + 1]) - 12 * HOUR
    tied = world.staff.ties
    people = [int(tied.rival[operator]), int(tied.friend[operator]), *known_or_any(world, rng, 3)]
    times = sorted(rng.integers(low, high, size=intensity.count(rng, 10, 17)).tolist())
    seated = [(time, desk_of(world, rng, operator)) for time in times]
    return glances(world, rng, operator, seated, keys=_KEYS, people=people)
