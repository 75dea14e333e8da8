"""Somebody reads the protected and sealed records of strangers out of curiosity.

Protective orders and registrants, one person after the other over weeks, outside any case. Honest
look-alikes: domestic calls, compliance checks of an order, a register desk's validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "sensitive_curiosity"
PATTERN = 10

_KEYS = ("QPO", "QPO", "QXS", "QVC", "DQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    residents = world.residents
    operator = actor(world, rng, "officer", "dispatcher", "records_clerk", "custody_officer")
    guarded = np.flatnonzero(residents.protected | residents.supervised)
    span = intensity.span(rng, 0.3, 0.6)
    times = moments(world, rng, operator, intensity.count(rng, 10, 20), span=span)
    return [
        keyed(world, rng, operator, moment, (str(rng.choice(_KEYS)), int(rng.choice(guarded))))
        for moment in times
    ]
