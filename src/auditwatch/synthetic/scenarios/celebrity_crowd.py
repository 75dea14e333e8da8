"""Many operators look once each, within days, at one person who is talked about.

No single operator stands out. Honest look-alikes: a large incident, a broadcast, dispatchers
asking for the crews, a hunt by many units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import at_work, episodes, keyed, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "celebrity_crowd"
PATTERN = 7

_KEYS = ("DQ", "DQ", "QW", "QVC", "DNQ", "RQ", "KQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 2):
        person = known_or_any(world, rng, 1)[0]
        crowd = max(3, min(40, int(world.staff.size * rng.uniform(0.05, 0.08))))
        start = rng.uniform(0.05, 0.85)
        span = (start, min(1.0, start + max(0.02, 5.0 / world.calendar.days)))
        for operator in rng.permutation(at_work(world, span))[:crowd].tolist():
            for moment in moments(world, rng, operator, 1, span=span, off_duty=0.08):
                key = str(rng.choice(_KEYS))
                found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
