"""Somebody looks up himself, his own car, his household, his relatives.

Few lines, on several days. Honest look-alikes: a terminal test, one's own stolen car, a relative
met on duty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import episodes, keyed, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "self_and_own_family"
PATTERN = 5

_KEYS = ("DQ", "DQ", "RQ", "KQ", "QW", "QH")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    staff = world.staff
    for episode in episodes(world, 3):
        operator = int(rng.integers(0, staff.size))
        own = int(staff.person[operator])
        people = [own, own, int(staff.ties.partner[operator]), *staff.ties.relatives[operator]]
        start = rng.uniform(0.0, 0.6)
        span = (start, start + rng.uniform(0.2, 0.4))
        for moment in moments(world, rng, operator, int(rng.integers(4, 10)), span=span):
            key = str(rng.choice(_KEYS))
            person = int(rng.choice(people))
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
