"""Somebody goes through every system on a person who has crossed him: a complainant, a rival.

A burst over all systems on the first day, more in the weeks after it. Honest look-alikes: the
workup after an arrest, follow-up of one's own report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances, sitting
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "retaliation"
PATTERN = 8

_KEYS = ("DQ", "RQ", "PLATE", "QW", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "detective")
    person = int(world.staff.ties.rival[operator])
    span = intensity.span(rng, 0.15, 0.3)
    times = moments(world, rng, operator, intensity.count(rng, 4, 8), span=span, off_duty=0.2)
    keys = rng.permutation((*_KEYS, "QH", "KQ", "QVC"))[:5].tolist()
    found = sitting(world, rng, operator, times[0], [(str(key), person) for key in keys])
    return found + glances(world, rng, operator, times[1:], keys=_KEYS, people=[person])
