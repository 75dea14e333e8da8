"""Somebody keeps up with the people who criticise the agency: a writer, a candidate, a neighbour.

Three or four people who have nothing to do with each other, every week or two, for weeks. Honest
look-alikes: threats reported by the same people, a series of complaints with a case.
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

NAME = "critic_watch"
PATTERN = 8

_KEYS = ("DQ", "DQ", "QW", "RQ", "PLATE", "KQ", "QH")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "sergeant", "detective", "officer", "analyst")
    critics = known_or_any(world, rng, int(rng.integers(3, 5)))
    span = intensity.span(rng, 0.4, 0.7)
    times = moments(world, rng, operator, intensity.count(rng, 10, 18), span=span)
    return glances(world, rng, operator, times, keys=_KEYS, people=critics)
