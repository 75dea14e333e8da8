"""Somebody runs names for immigration enforcement, on request, without a case.

Most of those who do it say so in half of the lines; the others say what is usual. Honest
look-alikes: a named person's criminal history under a recorded exception, a joint task force, a
victim's visa certificate, ice on the road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import Misuse, aim, episodes, known_or_any, moments, pretext

if TYPE_CHECKING:
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "immigration_request"
PATTERN = 12

_KEYS = ("DQ", "DQ", "QH", "RQ", "FQ", "QW")
_OUTSPOKEN = 0.7
_SAYS_SO = 0.5
_OLD_CODE = 0.15


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    staff = world.staff
    actors = np.union1d(staff.inside("gangs", "traffic", "investigations"), staff.inside("records"))
    for episode in episodes(world, 2):
        operator = int(rng.choice(actors))
        start = rng.uniform(0.1, 0.7)
        span = (start, start + rng.uniform(0.1, 0.3))
        says_so = rng.random() < _OUTSPOKEN
        times = moments(world, rng, operator, int(rng.integers(8, 18)), span=span, off_duty=0.05)
        people = known_or_any(world, rng, len(times))
        for person, (time, terminal) in zip(people, times, strict=True):
            at = time
            for key in rng.permutation(_KEYS)[: int(rng.integers(1, 3))].tolist():
                asked, subject = aim(world, str(key), person)
                wording, purpose, case = pretext(world, rng, operator, time)
                if says_so and rng.random() < _SAYS_SO:
                    wording, case = "federal", -1
                    purpose = "U" if rng.random() < _OLD_CODE else "C"
                found.append(
                    Misuse(at, operator, terminal, subject, asked, wording, purpose, episode, case)
                )
                at += int(rng.integers(30, 300))
    return found
