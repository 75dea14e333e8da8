"""Somebody who is about to leave reads out as much as he can in the last days.

Far more people than usual, nobody twice, under ordinary reasons. Honest look-alikes: a warrant
sweep, validation month, records cleared before a handover.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "resignation_bulk"
PATTERN = 21

_KEYS = ("RQ", "DQ", "DQ", "RNQ", "QH", "QW", "KQ")
_LAST_DAYS = 9


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    staff, shifts = world.staff, world.shifts
    going = np.flatnonzero(staff.left_on < world.calendar.days)
    if not len(going):
        return []
    operator = int(rng.choice(going))
    own = shifts.of_operator.members(operator)
    last = own[shifts.day[own] >= staff.left_on[operator] - _LAST_DAYS]
    if not len(last):
        return []
    found = []
    for shift in rng.choice(last, size=intensity.count(rng, 4, 7)).tolist():
        at = world.during(rng, np.array([shift]))
        people = known_or_any(world, rng, int(rng.integers(5, 11)))
        asked = [(str(rng.choice(_KEYS)), person) for person in people]
        moment = (int(at.time[0]), int(at.terminal[0]))
        found += sitting(world, rng, operator, moment, asked)
    return found
