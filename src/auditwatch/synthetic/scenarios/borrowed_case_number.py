"""Somebody looks at a person for private ends and gives the number of another team's case.

The number is real and open, its people are others. Honest look-alikes: help for another unit, a
records clerk's request, two digits changed over that hit a real case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, household_of, moments
from auditwatch.synthetic.pretexts import strangers_case, usual_words

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "borrowed_case_number"
PATTERN = 1

_KEYS = ("DQ", "DQ", "RQ", "PLATE", "KQ", "QH")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "detective", "dispatcher", "custody_officer")
    tied = world.staff.ties
    people = household_of(world, int(rng.choice([tied.former[operator], tied.rival[operator]])))
    span = intensity.span(rng, 0.2, 0.5)
    times = moments(world, rng, operator, intensity.count(rng, 10, 18), span=span)
    cases = [strangers_case(world, rng, times[0][0]) for _ in range(3)]
    found = []
    for moment in times:
        key, person = str(rng.choice(_KEYS)), int(rng.choice(people))
        excuse = usual_words(world, rng, operator, key, int(rng.choice(cases)))
        found.append(keyed(world, rng, operator, moment, (key, person), excuse=excuse))
    return found
