"""Somebody goes through every system on a person who has crossed him: a complainant, a rival.

A burst over all systems on the first day, more in the weeks after it. Honest look-alikes: the
workup after an arrest, follow-up of one's own report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import episodes, keyed, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "retaliation"
PATTERN = 8

_KEYS = ("DQ", "RQ", "PLATE", "QW", "KQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 2):
        operator = int(rng.choice(world.staff.having("officer", "sergeant", "detective")))
        person = int(world.staff.ties.rival[operator])
        start = rng.uniform(0.1, 0.7)
        times = moments(
            world, rng, operator, int(rng.integers(4, 8)), span=(start, start + 0.25), off_duty=0.2
        )
        for place, (time, terminal) in enumerate(times):
            keys = _KEYS if place else (*_KEYS, "QH", "KQ", "QVC")
            at = time
            for key in rng.permutation(keys)[: 1 + 4 * (place == 0)].tolist():
                found.append(
                    keyed(world, rng, episode, operator, (at, terminal), key=key, person=person)
                )
                at += int(rng.integers(20, 240))
    return found
