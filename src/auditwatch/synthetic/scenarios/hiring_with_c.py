"""A personnel clerk checks applicants under the code for criminal justice instead of hiring.

Honest look-alikes: one slip in the drop-down list; people who enter a secure building, whose
check is rightly declared with C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import Misuse, episodes, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "hiring_with_c"
PATTERN = 19

_KEYS = ("QH", "QW", "DQ", "KQ")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    for episode in episodes(world, 1):
        operator = int(rng.choice(world.staff.having("personnel_clerk")))
        start = rng.uniform(0.0, 0.5)
        span = (start, start + rng.uniform(0.3, 0.5))
        times = moments(world, rng, operator, int(rng.integers(9, 20)), span=span, off_duty=0.0)
        for person, (time, terminal) in zip(
            known_or_any(world, rng, len(times)), times, strict=True
        ):
            at = time
            for key in rng.permutation(_KEYS)[: int(rng.integers(1, 4))].tolist():
                at += int(rng.integers(20, 240))
                found.append(
                    Misuse(at, operator, terminal, person, str(key), "hiring", "C", episode)
                )
    return found
