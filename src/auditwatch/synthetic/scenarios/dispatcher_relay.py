"""A dispatcher runs names for a friend who is off duty, and names the friend or nobody.

The same few people, never while the friend works a shift. Honest look-alikes: relays for crews, a
caller's question, an officer on unrecorded overtime, a detective who telephones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import glances
from auditwatch.synthetic.openings import actor, known_or_any, moments

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.intensity import Intensity
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "dispatcher_relay"
PATTERN = 20

_KEYS = ("RQ", "RQ", "DQ", "DQ", "QW", "KQ", "PLATE")


def act(world: World, rng: np.random.Generator, intensity: Intensity) -> list[Misuse]:
    """Return the lookups of one episode; the module's own words say what happens."""
    operator = actor(world, rng, "dispatcher")
    street = world.staff.having("officer", "sergeant")
    friend = int(rng.choice(street[world.staff.team[street] != world.staff.team[operator]]))
    asking = friend if rng.random() < 0.6 else operator
    at_work = world.shifts.of_operator.members(friend)
    circle = [int(world.staff.ties.former[friend]), *known_or_any(world, rng, 4)]
    span = intensity.span(rng, 0.3, 0.6)
    times = [
        moment
        for moment in moments(world, rng, operator, intensity.count(rng, 15, 25), span=span)
        if not len(world.on_duty(at_work, moment[0], moment[0]))
    ]
    found = glances(world, rng, operator, times, keys=_KEYS, people=circle)
    return [replace(one, requester=asking) for one in found]
