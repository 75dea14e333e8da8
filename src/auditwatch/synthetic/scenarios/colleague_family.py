"""Somebody reads up on a colleague and the colleague's household, a few times over some weeks.

Honest look-alikes: the colleague was a victim or witness and there is a case; a check for hiring;
somebody of the same surname met by chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import episodes, keyed, kin_of, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "colleague_family"
PATTERN = 6

_KEYS = ("DQ", "DQ", "KQ", "RQ", "QW", "PLATE", "QVC")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    staff = world.staff
    for episode in episodes(world, 2):
        operator, colleague = rng.choice(staff.size, size=2, replace=False).tolist()
        own = int(staff.person[colleague])
        start = rng.uniform(0.05, 0.6)
        span = (start, start + rng.uniform(0.2, 0.4))
        for moment in moments(world, rng, operator, int(rng.integers(6, 13)), span=span):
            key = str(rng.choice(_KEYS))
            person = own if rng.random() < 0.5 else kin_of(world, rng, own)
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
