"""Somebody's looks move to systems that the work never needed: histories, orders, registers.

A little more every week, mostly people met on duty, some of private interest. Honest look-alikes: a
new assignment, full workups at the kerb, errands for other desks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "system_drift"
PATTERN = 21

_KEYS = ("QH", "QH", "QR", "QPO", "FQ", "KQ", "QXS", "IQ")
_STEPS = 4


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "dispatcher", "records_clerk", "custody_officer")
    found = []
    for step in range(_STEPS):
        span = (step / _STEPS, (step + 1) / _STEPS)
        count = max(1, round(intensity.count(rng, 6, 12) * (step + 1) / _STEPS))
        for moment in moments(world, rng, operator, count, span=span):
            person = known_or_any(world, rng, 1)[0]
            found.append(keyed(world, rng, operator, moment, (str(rng.choice(_KEYS)), person)))
    return found
