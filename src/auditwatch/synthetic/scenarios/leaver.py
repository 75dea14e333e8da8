"""An account goes on being used after its owner has left.

Honest look-alikes: a roster that runs ahead of somebody's real last day; an operator back after
long leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.calendar import DAY, HOUR
from auditwatch.synthetic.misuse import episodes, keyed, known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "leaver"
PATTERN = 16

_KEYS = ("DQ", "DQ", "RQ", "QW", "PLATE", "KQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    calendar, staff = world.calendar, world.staff
    gone = rng.permutation(np.flatnonzero(staff.left_on < calendar.days))
    _, after = calendar.bounds()
    for episode, operator in zip(episodes(world, 2), gone.tolist(), strict=False):
        left = int(calendar.instant(staff.left_on[[operator]], np.array([5 * HOUR]))[0])
        until = min(after, left + int(rng.uniform(6, 26) * DAY))
        for time in sorted(rng.integers(left, until, size=int(rng.integers(8, 20))).tolist()):
            person = known_or_any(world, rng, 1)[0]
            if rng.random() < 0.4:
                person = int(rng.choice([staff.ties.former[operator], staff.ties.friend[operator]]))
            key = str(rng.choice(_KEYS))
            moment = (time, int(staff.home[operator]))
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
