"""The licensing desk checks applicants for carry permits, openly, day by day: a fault of process.

Most of these lines declare what they are. Honest look-alikes: the lawful check before a gun goes
back to its owner; an arrest for carrying a concealed weapon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import Misuse, known_or_any

if TYPE_CHECKING:
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "carry_permit"
PATTERN = 11

_KEYS = ("QH", "QW", "QNP", "DQ", "QVC")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    clerks = world.staff.having("licensing_clerk")
    chosen = rng.permutation(clerks)[: max(1, len(clerks) // 3)]
    for clerk in chosen.tolist():
        for shift in world.shifts.of_operator.members(clerk).tolist():
            for person in known_or_any(world, rng, int(rng.integers(3, 8))):
                at = world.during(rng, np.array([shift]))
                time = int(at.time[0])
                for key in rng.permutation(_KEYS)[: int(rng.integers(1, 4))].tolist():
                    time += int(rng.integers(20, 200))
                    purpose = "F" if rng.random() < 0.7 else "C"
                    wording = "permit" if rng.random() < 0.9 else "firearm_return"
                    terminal = int(at.terminal[0])
                    found.append(
                        Misuse(time, clerk, terminal, person, str(key), wording, purpose, 1)
                    )
    return found
