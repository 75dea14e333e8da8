"""Somebody turns the plates of strangers seen on the road into names and homes, without a stop.

Registration, then at once the driver's record, then where the car has been. Honest look-alikes:
the mobile client's own follow-ups, a stop without a number, a parked car that looks wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "plate_to_address"
PATTERN = 2

_MORE = ("PLATE", "KQ", "DQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    residents = world.residents
    operator = actor(world, rng, "officer", "sergeant", "dispatcher")
    wanted = ~residents.female[world.staff.person[operator]]
    drivers = np.flatnonzero((residents.vehicle_of >= 0) & (residents.female == wanted))
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 6, 13), span=span):
        person = int(rng.choice(drivers))
        asked = [("RQ", person), ("DQ", person), (str(rng.choice(_MORE)), person)]
        found += sitting(world, rng, operator, moment, asked[: int(rng.integers(2, 4))])
    return found
