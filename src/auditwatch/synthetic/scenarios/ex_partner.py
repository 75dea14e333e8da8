"""Somebody keeps an eye on a former partner: the person, the car, the household, for weeks.

Few lines each time, usual-sounding reasons, sometimes after hours, plate reads after the address.
Honest look-alikes: a long case, a regular of the beat, compliance with a protective order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, kin_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "ex_partner"
PATTERN = 1

_ACTORS = ("officer", "sergeant", "detective", "dispatcher", "records_clerk")
_KEYS = ("DQ", "DQ", "RQ", "PLATE", "KQ", "QW")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, *_ACTORS)
    former = int(world.staff.ties.former[operator])
    mate = kin_of(world, rng, former)
    span = intensity.span(rng, 0.4, 0.7)
    times = moments(world, rng, operator, intensity.count(rng, 11, 20), span=span)
    return glances(world, rng, operator, times, keys=_KEYS, people=[former] * 4 + [mate])
