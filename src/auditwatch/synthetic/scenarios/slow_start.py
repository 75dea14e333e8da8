"""Somebody begins to look at people for private ends so slowly that it becomes his usual.

Hardly anything for weeks, then more every week, a few people again and again among strangers.
Honest look-alikes: a new assignment, a case that grows, an operator who becomes busier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "slow_start"
PATTERN = 1

_KEYS = ("DQ", "DQ", "RQ", "KQ", "PLATE", "QW", "QH")
_STEPS = 6


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "detective", "dispatcher", "records_clerk")
    favourites = known_or_any(world, rng, 4)
    found = []
    for step in range(_STEPS):
        share = (step + rng.uniform(0.5, 1.0)) ** 2 / (_STEPS * _STEPS)
        span = (step / _STEPS, (step + 1) / _STEPS)
        count = max(1, round(intensity.count(rng, 9, 15) * share))
        strangers = known_or_any(world, rng, 4)
        times = moments(world, rng, operator, count, span=span, off_duty=0.1)
        found += glances(world, rng, operator, times, keys=_KEYS, people=favourites + strangers)
    return found
