"""Somebody follows one car through the plate readers, day after day, and rarely asks whose it is.

Plate reads with a usual-sounding reason, sometimes a number, often around the end of a shift.
Honest look-alikes: an alarm of the hotlist, the watch on a suspect's car, a long case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "plate_stalking"
PATTERN = 1

_KEYS = ("PLATE",) * 8 + ("RQ", "DQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "detective", "analyst")
    tied = world.staff.ties
    person = int(rng.choice([tied.former[operator], tied.rival[operator]]))
    if world.residents.vehicle_of[person] < 0:
        person = int(rng.choice(world.residents.owner))
    span = intensity.span(rng, 0.2, 0.6)
    times = moments(world, rng, operator, intensity.count(rng, 10, 22), span=span, off_duty=0.25)
    return glances(world, rng, operator, times, keys=_KEYS, people=[person])
