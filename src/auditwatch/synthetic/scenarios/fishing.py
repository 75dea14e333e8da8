"""Somebody tries plates and names in many near-identical variants to find a person by chance.

Wildcards and bare names, dozens in an hour, on a few evenings. Honest look-alikes: a witness who
remembers half a plate, and an analyst's series.
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

NAME = "fishing"
PATTERN = 17

_ACTORS = ("officer", "detective", "dispatcher")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, *_ACTORS)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 2, 5), off_duty=0.2):
        person = known_or_any(world, rng, 1)[0]
        by_plate = world.residents.vehicle_of[person] >= 0 and rng.random() < 0.5
        tries = int(rng.integers(6, 16))
        asked = [("RPQ" if by_plate else "DNQ", person)] * tries
        found += sitting(world, rng, operator, moment, asked)
    return found
