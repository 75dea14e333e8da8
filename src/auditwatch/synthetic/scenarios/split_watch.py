"""Three colleagues look at one person's household in turn, as a favour to one of them.

Nobody of the three looks often. Honest look-alikes: a hot spot that every crew is called to, a
regular of the beat, a task force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, household_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "split_watch"
PATTERN = 1

_KEYS = ("DQ", "DQ", "RQ", "PLATE", "KQ", "QW")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    first = actor(world, rng, "officer", "dispatcher", "custody_officer", "detective")
    mates = world.staff.mates_of(first)
    team = [first, *rng.permutation(mates)[:2].tolist()]
    people = household_of(world, int(world.staff.ties.former[first]))
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for operator in team:
        times = moments(world, rng, operator, intensity.count(rng, 4, 8), span=span)
        found += glances(world, rng, operator, times, keys=_KEYS, people=people)
    return found
