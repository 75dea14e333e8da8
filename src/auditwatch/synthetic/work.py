"""All honest work of a city: every function of the rooms in `honest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.synthetic.honest import (
    counters,
    desks,
    detectives,
    inquiries,
    kerb,
    lookalikes,
    occasions,
    patrol,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from auditwatch.synthetic.acts import Acts
    from auditwatch.synthetic.world import World

__all__ = ["HONEST_WORK"]

_ROOMS = (patrol, kerb, detectives, inquiries, desks, counters, occasions, lookalikes)
HONEST_WORK: tuple[Callable[[World, np.random.Generator], Acts], ...] = tuple(
    getattr(room, name) for room in _ROOMS for name in room.__all__
)
