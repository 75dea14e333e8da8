"""Somebody outside the case team looks up the protected people of a case, to tell others.

Protective orders and addresses of several people of one case within days. Honest look-alikes: a
gang unit checking for conflicts; a patrol officer called to one of the addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.misuse import episodes, keyed, kin_of, moments

if TYPE_CHECKING:
    from auditwatch.synthetic.misuse import Misuse
    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "witness_leak"
PATTERN = 10

_ACTORS = ("officer", "custody_officer", "records_clerk", "dispatcher")
_KEYS = ("QPO", "QPO", "QPO", "DQ", "DQ", "RQ", "QVC")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    book = world.casebook
    serious = np.flatnonzero(book.is_case & (book.subjects[:, 1] >= 0))
    for episode in episodes(world, 2):
        case = int(rng.choice(serious)) if len(serious) else 0
        people = [int(p) for p in book.subjects[case] if p >= 0]
        people.append(kin_of(world, rng, people[0]))
        team = {book.detective[case], *world.shifts.operator[book.crew[case]]}
        outside = [o for o in world.staff.having(*_ACTORS).tolist() if o not in team]
        operator = int(rng.choice(outside))
        start = rng.uniform(0.1, 0.8)
        span = (start, start + 0.18)
        for moment in moments(world, rng, operator, int(rng.integers(7, 16)), span=span):
            key = str(rng.choice(_KEYS))
            person = int(rng.choice(people))
            found.append(keyed(world, rng, episode, operator, moment, key=key, person=person))
    return found
