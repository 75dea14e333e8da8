"""Somebody checks the guests of a private game or the customers of a side business.

On a few evenings four to eight names in a row for warrants and records, some of them again the next
time. Honest look-alikes: a warrant sweep, a list of visitors, people contacted at one address.
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

NAME = "guest_screening"
PATTERN = 2

_KEYS = ("QW", "QW", "QH", "DQ", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "custody_officer", "records_clerk")
    circle = known_or_any(world, rng, 20)
    span = intensity.span(rng, 0.4, 0.7)
    found = []
    times = moments(world, rng, operator, intensity.count(rng, 3, 6), span=span, off_duty=0.3)
    for moment in times:
        guests = rng.choice(circle, size=int(rng.integers(4, 9)), replace=False)
        asked = [(str(rng.choice(_KEYS)), int(person)) for person in guests]
        found += sitting(world, rng, operator, moment, asked)
    return found
