"""An account goes on being used after its owner has left.

Honest look-alikes: a roster that runs ahead of somebody's real last day; an operator back after
long leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "leaver"
PATTERN = 16

_KEYS = ("DQ", "DQ", "RQ", "QW", "PLATE", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    calendar, staff = world.calendar, world.staff
    gone = np.flatnonzero(staff.left_on < calendar.days)
    if not len(gone):
        return []
    operator = int(rng.choice(gone))
    left = int(calendar.instant(staff.left_on[[operator]], np.array([5 * HOUR]))[0])
    until = min(calendar.bounds()[1], left + int(rng.uniform(6, 26) * DAY))
    times = sorted(rng.integers(left, until, size=intensity.count(rng, 10, 18)).tolist())
    own = [int(staff.ties.former[operator]), int(staff.ties.friend[operator])]
    people = own + known_or_any(world, rng, 6)
    seated = [(time, int(staff.home[operator])) for time in times]
    return glances(world, rng, operator, seated, keys=_KEYS, people=people)
