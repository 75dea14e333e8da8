"""Somebody comes in on days off and sits down at a desk for an hour of private looks.

Separate sessions, far from any shift, three to seven people each. Honest look-alikes: a detective
called out at night, overtime, a shift that the duty book misses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import HOUR
from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, desk_of, known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "off_shift_sessions"
PATTERN = 15

_KEYS = ("DQ", "DQ", "RQ", "QH", "KQ", "QW", "PLATE")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    shifts, calendar = world.shifts, world.calendar
    operator = actor(world, rng, "officer", "sergeant", "detective", "custody_officer")
    worked = shifts.day[shifts.of_operator.members(operator)]
    off = np.setdiff1d(np.arange(calendar.days), np.concatenate([worked, worked + 1]))
    found = []
    for day in rng.permutation(off)[: intensity.count(rng, 3, 6)].tolist():
        clock = int(rng.integers(9 * HOUR, 23 * HOUR))
        time = int(calendar.instant(np.array([day]), np.array([clock]))[0])
        people = known_or_any(world, rng, int(rng.integers(3, 8)))
        asked = [(str(rng.choice(_KEYS)), person) for person in people]
        moment = (time, desk_of(world, rng, operator))
        found += sitting(world, rng, operator, moment, asked)
    return found
