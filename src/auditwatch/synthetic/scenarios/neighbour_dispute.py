"""Somebody in a quarrel with the people next door looks them up again and again.

The household, their cars, their visitors, in the evening after a shift. Honest look-alikes: a call
to one's own street, a hot spot, a namesake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, household_of, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "neighbour_dispute"
PATTERN = 4

_KEYS = ("DQ", "RQ", "RQ", "QW", "PLATE", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng)
    people = household_of(world, int(world.staff.ties.neighbour[operator]))
    visitor = known_or_any(world, rng, 1)[0]
    span = intensity.span(rng, 0.2, 0.5)
    times = moments(world, rng, operator, intensity.count(rng, 9, 16), span=span, off_duty=0.3)
    return glances(world, rng, operator, times, keys=_KEYS, people=[*people, visitor])
