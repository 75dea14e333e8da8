"""Somebody keeps an eye on a former partner: the person, the car, the household, for weeks.

Few lines each time, usual-sounding reasons, sometimes after hours, plate reads after the address.
Honest look-alikes: a long case, a regular of the beat, compliance with a protective order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import episodes, keyed, kin_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "ex_partner"
PATTERN = 1

_ACTORS = ("officer", "sergeant", "detective", "dispatcher", "records_clerk")
_KEYS = ("DQ", "DQ", "RQ", "PLATE", "KQ", "QW")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 4):
        operator = int(rng.choice(world.staff.having(*_ACTORS)))
        former = int(world.staff.ties.former[operator])
        mate = kin_of(world, rng, former)
        start = rng.uniform(0.0, 0.4)
        span = (start, start + rng.uniform(0.4, 0.6))
        for moment in moments(world, rng, operator, int(rng.integers(9, 22)), span=span):
            key = str(rng.choice(_KEYS))
            person = former if rng.random() < 0.8 else mate
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
