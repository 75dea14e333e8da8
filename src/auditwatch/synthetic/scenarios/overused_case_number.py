"""One case number serves as the reason for dozens of looks at people who are not in the case.

The same number for weeks, also after the case was closed. Honest look-alikes: a canvass of plates
under one number, a hotlist entry, a large incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import actor, known_or_any, moments
from auditwatch.synthetic.pretexts import own_case, usual_words

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "overused_case_number"
PATTERN = 9

_KEYS = ("DQ", "DQ", "RQ", "RQ", "KQ", "QW", "PLATE")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "detective")
    span = intensity.span(rng, 0.4, 0.7)
    times = moments(world, rng, operator, intensity.count(rng, 7, 12), span=span)
    case = own_case(world, rng, operator, times[0][0])
    found = []
    for moment in times:
        people = known_or_any(world, rng, int(rng.integers(1, 5)))
        excuse = usual_words(world, rng, operator, "DQ", case)
        asked = [(str(rng.choice(_KEYS)), person) for person in people]
        found += sitting(world, rng, operator, moment, asked, excuse=excuse)
    return found
