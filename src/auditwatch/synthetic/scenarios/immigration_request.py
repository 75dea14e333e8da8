"""Somebody runs names for immigration enforcement, on request, without a case.

Most of those who do it say so in half of the lines; the others say what is usual. Honest
look-alikes: a named person's criminal history under a recorded exception, a joint task force, a
victim's visa certificate, ice on the road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import sitting
from auditwatch.synthetic.openings import known_or_any, moments
from auditwatch.synthetic.pretexts import Pretext

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "immigration_request"
PATTERN = 12

_KEYS = ("DQ", "DQ", "QH", "RQ", "FQ", "QW")
_OUTSPOKEN = 0.7
_SAYS_SO = 0.5
_OLD_CODE = 0.15


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    staff = world.staff
    operator = int(rng.choice(staff.inside("gangs", "traffic", "investigations", "records")))
    span = intensity.span(rng, 0.1, 0.3)
    outspoken = rng.random() < _OUTSPOKEN
    found = []
    for moment in moments(
        world, rng, operator, intensity.count(rng, 8, 18), span=span, off_duty=0.05
    ):
        person = known_or_any(world, rng, 1)[0]
        keys = rng.permutation(_KEYS)[: int(rng.integers(1, 3))].tolist()
        excuse = None
        if outspoken and rng.random() < _SAYS_SO:
            excuse = Pretext("federal", "U" if rng.random() < _OLD_CODE else "C")
        asked = [(str(key), person) for key in keys]
        found += sitting(world, rng, operator, moment, asked, excuse=excuse)
    return found
