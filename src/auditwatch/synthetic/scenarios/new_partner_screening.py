"""Somebody looks up strangers of one sex and one age, one after the other, for private reasons.

A plate first, or a name; hardly anybody twice. Honest look-alikes: traffic stops, which mirror
the drivers on the road; a shelter or school duty; the missing-person desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import episodes, keyed, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "new_partner_screening"
PATTERN = 2

_AGE_SPREAD = 5
_KEYS = ("RQ", "RQ", "DQ", "DQ", "DNQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    residents = world.residents
    for episode in episodes(world, 2):
        operator = int(rng.choice(world.staff.having("officer", "dispatcher", "detective")))
        wanted = ~residents.female[world.staff.person[operator]]
        age = int(rng.integers(20, 34))
        fitting = (residents.female == wanted) & (abs(residents.age - age) <= _AGE_SPREAD)
        known = np.intersect1d(np.flatnonzero(fitting), residents.regulars.values)
        start = rng.uniform(0.0, 0.4)
        span = (start, start + rng.uniform(0.35, 0.6))
        for moment in moments(world, rng, operator, int(rng.integers(14, 34)), span=span):
            pool = known if len(known) and rng.random() < 0.5 else np.flatnonzero(fitting)
            person = int(rng.choice(pool))
            key = str(rng.choice(_KEYS))
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
