"""A steady trickle of unrelated plates and people is read out for a buyer, week after week.

Two to five names in a row on many days, no stop and no request behind them. Honest look-alikes:
a records clerk's daily entries, an impound desk, an analyst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "harvest_for_sale"
PATTERN = 9

_ACTORS = ("records_clerk", "dispatcher", "custody_officer", "officer")
_KEYS = ("RQ", "RQ", "RQ", "DQ", "DQ", "RNQ", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, *_ACTORS)
    span = intensity.span(rng, 0.5, 0.7)
    found = []
    for moment in moments(
        world, rng, operator, intensity.count(rng, 6, 11), span=span, off_duty=0.05
    ):
        people = known_or_any(world, rng, int(rng.integers(2, 6)))
        asked = [(str(rng.choice(_KEYS)), person) for person in people]
        found += sitting(world, rng, operator, moment, asked)
    return found
