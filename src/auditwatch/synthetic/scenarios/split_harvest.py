"""Three colleagues share the work of reading people out for a buyer, a little each.

Every one of them stays near what is usual. Honest look-alikes: the impound desk worked by several
clerks, a list of plates run by a whole crew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "split_harvest"
PATTERN = 9

_KEYS = ("RQ", "RQ", "DQ", "DQ", "RNQ", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    first = actor(world, rng, "records_clerk", "dispatcher", "officer", "custody_officer")
    mates = world.staff.mates_of(first)
    span = intensity.span(rng, 0.4, 0.7)
    found = []
    for operator in [first, *rng.permutation(mates)[:2].tolist()]:
        for moment in moments(world, rng, operator, intensity.count(rng, 2, 6), span=span):
            people = known_or_any(world, rng, int(rng.integers(2, 5)))
            asked = [(str(rng.choice(_KEYS)), person) for person in people]
            found += sitting(world, rng, operator, moment, asked)
    return found
