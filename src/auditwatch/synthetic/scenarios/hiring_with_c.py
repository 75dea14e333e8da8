"""A personnel clerk checks applicants under the code for criminal justice instead of hiring.

Honest look-alikes: one slip in the drop-down list; people who enter a secure building, whose
check is rightly declared with C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, known_or_any, moments
from auditwatch.synthetic.pretexts import Pretext

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "hiring_with_c"
PATTERN = 19

_KEYS = ("QH", "QW", "DQ", "KQ")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "personnel_clerk")
    span = intensity.span(rng, 0.3, 0.5)
    times = moments(world, rng, operator, intensity.count(rng, 7, 14), span=span, off_duty=0.0)
    found = []
    for moment in times:
        person = known_or_any(world, rng, 1)[0]
        keys = rng.permutation(_KEYS)[: int(rng.integers(1, 4))].tolist()
        asked = [(str(key), person) for key in keys]
        found += sitting(world, rng, operator, moment, asked, excuse=Pretext("hiring", "C"))
    return found
