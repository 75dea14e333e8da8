"""Somebody looks for people met in private of whom he knows a first name, a sex and an age.

One name-only search after the other, over weeks, then the driver's record of the one who fits.
Honest look-alikes: a witness's half of a name, the missing-person desk, a series.
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

NAME = "first_name_search"
PATTERN = 17


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    residents = world.residents
    operator = actor(world, rng, "officer", "dispatcher", "records_clerk", "custody_officer")
    wanted = residents.female != residents.female[world.staff.person[operator]]
    pool = np.flatnonzero(wanted & (residents.age < 40))
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 4, 8), span=span):
        tried = rng.choice(pool, size=int(rng.integers(2, 6))).tolist()
        asked = [("DNQ", int(person)) for person in tried]
        if rng.random() < 0.6:
            asked.append(("DQ", int(tried[-1])))
        found += sitting(world, rng, operator, moment, asked)
    return found
