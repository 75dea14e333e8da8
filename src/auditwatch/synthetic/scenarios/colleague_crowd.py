"""After an incident half a unit looks at the colleague who was in it, out of curiosity.

Once or twice each, the colleague's household too. Honest look-alikes: the colleague was a victim or
a witness and the looks belong to the case; a broadcast; a check for hiring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, at_work, household_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "colleague_crowd"
PATTERN = 6

_KEYS = ("DQ", "DQ", "QW", "KQ", "RQ", "QH")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    own = int(world.staff.person[actor(world, rng)])
    crowd = max(3, int(world.staff.size * rng.uniform(0.03, 0.05) * intensity.looks))
    start = rng.uniform(0.05, 0.8)
    span = (start, min(1.0, start + max(0.03, 8.0 / world.calendar.days)))
    found = []
    for operator in rng.permutation(at_work(world, span))[:crowd].tolist():
        times = moments(world, rng, operator, int(rng.integers(1, 3)), span=span, off_duty=0.08)
        found += glances(world, rng, operator, times, keys=_KEYS, people=household_of(world, own))
    return found
