"""Somebody ceases to say why: the reason becomes the same empty word, the people are strangers.

At first every third look, by the end nearly all. Honest look-alikes: a terse operator, the small
hours, a number that stands in the wrong field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, known_or_any, moments
from auditwatch.synthetic.pretexts import Pretext

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "vague_drift"
PATTERN = 14

_KEYS = ("DQ", "DQ", "RQ", "RQ", "KQ", "QW")
_STEPS = 4


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "detective", "custody_officer", "dispatcher")
    found = []
    for step in range(_STEPS):
        span = (step / _STEPS, (step + 1) / _STEPS)
        for moment in moments(world, rng, operator, intensity.count(rng, 4, 9), span=span):
            silent = rng.random() < (step + 2) / (_STEPS + 2)
            excuse = Pretext("vague", "C") if silent else None
            key, person = str(rng.choice(_KEYS)), known_or_any(world, rng, 1)[0]
            found.append(keyed(world, rng, operator, moment, (key, person), excuse=excuse))
    return found
