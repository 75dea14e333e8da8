"""Somebody gives the numbers of cases of his own for looks at a person who is not in them.

Every number checks out, the person never does. Honest look-alikes: passengers and relatives whom
no case lists, a canvass, background on a suspect's friends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import keyed
from auditwatch.synthetic.openings import actor, household_of, moments
from auditwatch.synthetic.pretexts import own_case, usual_words

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "unrelated_own_case"
PATTERN = 1

_KEYS = ("DQ", "DQ", "RQ", "PLATE", "KQ", "QW")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "officer", "sergeant", "detective")
    tied = world.staff.ties
    people = household_of(world, int(rng.choice([tied.former[operator], tied.rival[operator]])))
    span = intensity.span(rng, 0.3, 0.6)
    found = []
    for moment in moments(world, rng, operator, intensity.count(rng, 10, 18), span=span):
        key, person = str(rng.choice(_KEYS)), int(rng.choice(people))
        case = own_case(world, rng, operator, moment[0])
        excuse = usual_words(world, rng, operator, key, case)
        found.append(keyed(world, rng, operator, moment, (key, person), excuse=excuse))
    return found
