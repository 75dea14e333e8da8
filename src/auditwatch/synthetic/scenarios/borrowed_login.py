"""A colleague works under an account that is not his, while its owner works elsewhere.

Two terminals at once, another trade's transactions, now and then on the owner's day off. Honest
look-alikes: a car changed in mid-shift, a report written at the station beside the car's open
terminal, a dispatcher asking for many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.misuse import (
    Misuse,
    aim,
    episodes,
    known_or_any,
    moments,
    pretext,
)

if TYPE_CHECKING:
    import numpy as np

    from auditwatch.synthetic.world import World

__all__ = ["NAME", "PATTERN", "act"]

NAME = "borrowed_login"
PATTERN = 15

_KEYS = ("DQ", "RQ", "QW", "QVC", "QH", "PLATE")


def act(world: World, rng: np.random.Generator) -> list[Misuse]:
    """Return the lookups; the module's own words say what happens."""
    found = []
    staff = world.staff
    for episode in episodes(world, 2):
        owner, borrower = rng.choice(
            staff.having("officer", "custody_officer", "detective"), size=2, replace=False
        ).tolist()
        sittings = moments(world, rng, owner, int(rng.integers(4, 8)), off_duty=0.3)
        for time, _ in sittings:
            at = time
            for person in known_or_any(world, rng, int(rng.integers(2, 7))):
                at += int(rng.integers(30, 500))
                key, subject = aim(world, str(rng.choice(_KEYS)), person)
                wording, purpose, case = pretext(world, rng, borrower, at)
                terminal = int(staff.home[borrower])
                found.append(
                    Misuse(at, owner, terminal, subject, key, wording, purpose, episode, case)
                )
    return found
