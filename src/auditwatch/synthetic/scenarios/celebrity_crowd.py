"""Many operators look once each, within days, at one person who is talked about.

No single operator stands out. Honest look-alikes: a large incident, a broadcast, dispatchers
asking for the crews, a hunt by many units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import at_work, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "celebrity_crowd"
PATTERN = 7

_KEYS = ("DQ", "DQ", "QW", "QVC", "DNQ", "RQ", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    person = known_or_any(world, rng, 1)[0]
    crowd = max(3, min(40, int(world.staff.size * rng.uniform(0.04, 0.06) * intensity.looks)))
    start = rng.uniform(0.05, 0.85)
    span = (start, min(1.0, start + max(0.02, 5.0 / world.calendar.days)))
    found = []
    for operator in rng.permutation(at_work(world, span))[:crowd].tolist():
        times = moments(world, rng, operator, 1, span=span, off_duty=0.08)
        found += glances(world, rng, operator, times, keys=_KEYS, people=[person])
    return found
