"""Plates of parked cars are read out for a tow company, on the same weekdays, for weeks.

Registrations and the stolen file, one plate after the other, no stop and no tow sheet. Honest
look-alikes: the impound desk, a run through a car park, abandoned cars.
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

NAME = "tow_company_sale"
PATTERN = 9

_KEYS = ("RQ", "RQ", "RQ", "RQ", "QV")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "dispatcher", "records_clerk")
    owners = np.flatnonzero(world.residents.vehicle_of >= 0)
    span = intensity.span(rng, 0.4, 0.8)
    weekdays = rng.choice(7, size=3, replace=False)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 9, 17), span=span):
        if world.calendar.day(np.array([moment[0]]))[0] % 7 not in weekdays and rng.random() < 0.7:
            continue
        people = rng.choice(owners, size=int(rng.integers(2, 6)))
        asked = [(str(rng.choice(_KEYS)), int(person)) for person in people]
        found += sitting(world, rng, operator, moment, asked)
    return found
