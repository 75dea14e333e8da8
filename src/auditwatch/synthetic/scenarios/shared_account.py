"""Two people of one crew work under one account, shift after shift, from two cars.

What the second one does is ordinary police work; the account alone is wrong. Honest look-alikes: a
car changed in mid-shift, the desk's terminal after the car's, a dispatcher asking for many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "shared_account"
PATTERN = 15

_KEYS = ("RQ", "RQ", "RQ", "DQ", "DQ", "QW", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    shifts = world.shifts
    owner = actor(world, rng, "officer", "custody_officer", "records_clerk")
    own = shifts.of_operator.members(owner)
    found = []
    for shift in rng.permutation(own)[: intensity.count(rng, 3, 7)].tolist():
        mates = shifts.crews.members(int(shifts.crew(np.array([shift]))[0]))
        other = mates[shifts.terminal[mates] != shifts.terminal[shift]]
        terminal = int(shifts.terminal[rng.choice(other)] if len(other) else shifts.spare[shift])
        met = known_or_any(world, rng, int(rng.integers(3, 9)))
        for moment in world.during(rng, np.full(len(met), shift)).time.tolist():
            key, person = str(rng.choice(_KEYS)), int(rng.choice(met))
            found.append(keyed(world, rng, owner, (moment, terminal), (key, person)))
    return found
