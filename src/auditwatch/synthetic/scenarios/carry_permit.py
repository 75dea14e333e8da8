"""The licensing desk checks applicants for carry permits, openly, day by day: a fault of process.

Most of these lines declare what they are. Honest look-alikes: the lawful check before a gun goes
back to its owner; an arrest for carrying a concealed weapon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import Misuse
from auditwatch.synthetic.openings import known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "carry_permit"
PATTERN = 11

_KEYS = ("QH", "QW", "QNP", "DQ", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    clerks = rng.permutation(world.staff.having("licensing_clerk"))
    found = []
    for clerk in clerks[: intensity.count(rng, 1, 3)].tolist():
        own = rng.permutation(world.shifts.of_operator.members(clerk))
        for shift in own[: max(1, intensity.count(rng, 12, 22) * len(own) // 60)].tolist():
            for person in known_or_any(world, rng, int(rng.integers(1, 5))):
                at = world.during(rng, np.array([shift]))
                time, terminal = int(at.time[0]), int(at.terminal[0])
                for key in rng.permutation(_KEYS)[: int(rng.integers(1, 4))].tolist():
                    time += int(rng.integers(20, 200))
                    purpose = "F" if rng.random() < 0.7 else "C"
                    wording = "permit" if rng.random() < 0.9 else "firearm_return"
                    found.append(Misuse(time, clerk, terminal, person, str(key), wording, purpose))
    return found
