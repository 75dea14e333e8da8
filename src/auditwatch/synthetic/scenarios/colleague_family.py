"""Somebody reads up on a colleague and the colleague's household, a few times over some weeks.

Honest look-alikes: the colleague was a victim or witness and there is a case; a check for hiring;
somebody of the same surname met by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import household_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "colleague_family"
PATTERN = 6

_KEYS = ("DQ", "DQ", "KQ", "RQ", "QW", "PLATE", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator, colleague = rng.choice(world.staff.size, size=2, replace=False).tolist()
    own = int(world.staff.person[colleague])
    span = intensity.span(rng, 0.2, 0.4)
    times = moments(world, rng, operator, intensity.count(rng, 9, 16), span=span)
    return glances(world, rng, operator, times, keys=_KEYS, people=[own, *household_of(world, own)])
