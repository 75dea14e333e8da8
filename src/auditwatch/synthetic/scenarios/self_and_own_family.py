"""Somebody looks up himself, his own car, his household, his relatives.

Few lines, on several days. Honest look-alikes: a terminal test, one's own stolen car, a relative
met on duty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "self_and_own_family"
PATTERN = 5

_KEYS = ("DQ", "DQ", "RQ", "KQ", "QW", "QH")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    staff = world.staff
    operator = actor(world, rng)
    own = int(staff.person[operator])
    people = [own, own, int(staff.ties.partner[operator]), *staff.ties.relatives[operator].tolist()]
    span = intensity.span(rng, 0.2, 0.4)
    times = moments(world, rng, operator, intensity.count(rng, 9, 15), span=span)
    return glances(world, rng, operator, times, keys=_KEYS, people=people)
