"""Somebody collects everything on the other side of a private lawsuit: custody, a will, a debt.

One burst over all systems, then the people around the opponent, again before each hearing. Honest
look-alikes: the workup after an arrest, a welfare check that has its call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, household_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "custody_dispute"
PATTERN = 4

_KEYS = ("DQ", "QH", "QPO", "KQ", "RQ", "QW", "QVC")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "records_clerk", "custody_officer", "dispatcher")
    tied = world.staff.ties
    person = int(rng.choice([tied.former[operator], *tied.relatives[operator]]))
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 3, 5), span=span):
        keys = rng.permutation(_KEYS)[: int(rng.integers(2, 5))].tolist()
        around = household_of(world, person)
        asked = [(str(key), int(rng.choice(around))) for key in keys]
        found += sitting(world, rng, operator, moment, asked)
    return found
