"""A steady trickle of unrelated plates and people is read out for a buyer, week after week.

Two to five names in a row on many days, no stop and no request behind them. Honest look-alikes:
a records clerk's daily entries, an impound desk, an analyst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import (
    episodes,
    keyed,
    known_or_any,
    moments,
)

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "harvest_for_sale"
PATTERN = 9

_ACTORS = ("records_clerk", "dispatcher", "custody_officer", "officer")
_KEYS = ("RQ", "RQ", "RQ", "DQ", "DQ", "RNQ", "KQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 2):
        operator = int(rng.choice(world.staff.having(*_ACTORS)))
        start = rng.uniform(0.0, 0.3)
        span = (start, start + rng.uniform(0.5, 0.7))
        days = max(1, int(rng.integers(12, 22) * min(1.0, world.calendar.days / 40)))
        for time, terminal in moments(world, rng, operator, days, span=span, off_duty=0.05):
            at = time
            for person in known_or_any(world, rng, int(rng.integers(2, 6))):
                at += int(rng.integers(25, 240))
                key = str(rng.choice(_KEYS))
                found.append(
                    keyed(world, rng, episode, operator, (at, terminal), key=key, person=person)
                )
    return found
