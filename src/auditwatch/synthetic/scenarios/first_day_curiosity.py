"""A new account's first looks are at the newcomer's own people.

Friend, former partner, relatives, the newcomer himself, in the first days. Honest look-alikes: a
training morning with a test subject, a terminal test under one's own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import glances

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "first_day_curiosity"
PATTERN = 18

_KEYS = ("DQ", "DQ", "RQ", "QW", "KQ", "QH")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    staff, shifts = world.staff, world.shifts
    new = np.flatnonzero(staff.joined_on > 0)
    if not len(new):
        return []
    operator = int(rng.choice(new))
    first = shifts.of_operator.members(operator)[:4]
    if not len(first):
        return []
    tied = staff.ties
    people = [int(staff.person[operator]), int(tied.former[operator]), int(tied.friend[operator])]
    people += [int(tied.partner[operator]), *tied.relatives[operator].tolist()]
    shift = rng.choice(first, size=intensity.count(rng, 9, 15))
    at = world.during(rng, shift)
    times = sorted(zip(at.time.tolist(), at.terminal.tolist(), strict=True))
    return glances(world, rng, operator, times, keys=_KEYS, people=people)
