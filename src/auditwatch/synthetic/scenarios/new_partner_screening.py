"""Somebody looks up strangers of one sex and one age, one after the other, for private reasons.

A plate first, or a name; hardly anybody twice. Honest look-alikes: traffic stops, which mirror
the drivers on the road; a shelter or school duty; the missing-person desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "new_partner_screening"
PATTERN = 2

_AGE_SPREAD = 5
_KEYS = ("RQ", "RQ", "DQ", "DQ", "DNQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    residents = world.residents
    operator = actor(world, rng, "officer", "dispatcher", "detective")
    wanted = ~residents.female[world.staff.person[operator]]
    age = int(rng.integers(20, 34))
    fitting = (residents.female == wanted) & (abs(residents.age - age) <= _AGE_SPREAD)
    strangers = np.flatnonzero(fitting)
    known = np.intersect1d(strangers, residents.regulars.values)
    pools = [known if len(known) else strangers, strangers]
    span = intensity.span(rng, 0.35, 0.6)
    times = moments(world, rng, operator, intensity.count(rng, 12, 26), span=span)
    people = [int(rng.choice(pools[int(rng.integers(0, 2))])) for _ in times]
    return [
        keyed(world, rng, operator, moment, (str(rng.choice(_KEYS)), person))
        for moment, person in zip(times, people, strict=True)
    ]
