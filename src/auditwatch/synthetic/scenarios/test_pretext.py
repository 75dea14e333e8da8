"""Somebody looks at real people of private interest and calls it a test or training.

The words of the help desk, on days without a help desk, for one circle of people. Honest
look-alikes: a terminal test under one's own name or with the last stop's plate; a training class.
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

NAME = "test_pretext"
PATTERN = 14

_KEYS = ("DQ", "DQ", "RQ", "QW", "KQ")
_SAYS_TEST = 0.45


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "dispatcher", "custody_officer")
    tied = world.staff.ties
    people = [int(tied.former[operator]), int(tied.friend[operator]), *known_or_any(world, rng, 3)]
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 10, 18), span=span):
        excuse = Pretext("test", "C") if rng.random() < _SAYS_TEST else None
        key, person = str(rng.choice(_KEYS)), int(rng.choice(people))
        found.append(keyed(world, rng, operator, moment, (key, person), excuse=excuse))
    return found
