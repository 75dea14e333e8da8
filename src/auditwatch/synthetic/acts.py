"""Lookups as people make them, before the software adds its own and before they become text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.synthetic.vocabulary import PURPOSE_CODE, TRANSACTION_CODE
from auditwatch.synthetic.wording import WORDING_CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.synthetic.draws import Flags, Ints
    from auditwatch.synthetic.moments import Moments

__all__ = ["HONEST", "Acts", "concat", "make_acts", "no_acts"]

HONEST = -1


@dataclass(frozen=True)
class Acts:
    """Lookups, one array a field, all of one length; every number refers into the world.

    Parameters
    ----------
    time : ndarray of int64
        Instants, seconds since 1970.
    operator, requester : ndarray of int64
        Who keys, and for whom.
    terminal : ndarray of int64
        Where.
    transaction, purpose, wording : ndarray of int64
        Codes.
    subject : ndarray of int64
        Person, vehicle or gun.
    case : ndarray of int64
        The case that the operator has in mind, -1 for none.
    episode : ndarray of int64
        Number of the misuse episode, `HONEST` for honest work.
    typed : ndarray of int64
        Number of what was typed; the lines of one cascade share it. Zero until `add_cascades`.
    habit : ndarray of int64
        Place of the honest habit in `HONEST_WORK`; of misuse it says nothing.
    """

    time: Ints
    operator: Ints
    requester: Ints
    terminal: Ints
    transaction: Ints
    subject: Ints
    purpose: Ints
    wording: Ints
    case: Ints
    episode: Ints
    typed: Ints
    habit: Ints

    def __len__(self) -> int:
        return len(self.time)

    def where(self, keep: Ints | Flags) -> Acts:
        """Return some of the lookups, by position or by flag."""
        return Acts(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})


def make_acts(
    moments: Moments,
    *,
    transaction: Ints | str,
    subject: Ints,
    wording: Ints | str,
    purpose: Ints | str = "C",
    requester: Ints | None = None,
    case: Ints | int = -1,
    episode: Ints | int = HONEST,
) -> Acts:
    """Return one lookup at each moment; single values hold for all of them.

    Parameters
    ----------
    moments : Moments
        Who, when, where.
    transaction, wording, purpose : ndarray of int64 or str
        Codes, or the one name for all.
    subject : ndarray of int64
        Person, vehicle or gun.
    requester : ndarray of int64, optional
        For whom; the operator when not given.
    case, episode : ndarray of int64 or int
        Case in mind; misuse episode.
    """
    given: dict[str, Ints | int] = {
        "time": moments.time,
        "operator": moments.operator,
        "requester": moments.operator if requester is None else requester,
        "terminal": moments.terminal,
        "transaction": _code(transaction, TRANSACTION_CODE),
        "subject": subject,
        "purpose": _code(purpose, PURPOSE_CODE),
        "wording": _code(wording, WORDING_CODE),
        "case": case,
        "episode": episode,
        "typed": 0,
        "habit": 0,
    }
    size = (len(moments),)
    return Acts(
        **{name: np.broadcast_to(np.asarray(v, np.int64), size) for name, v in given.items()}
    )


def no_acts() -> Acts:
    """Return no lookups, so that a city without room for something still has a block to join."""
    none = np.empty(0, dtype=np.int64)
    return Acts(**dict.fromkeys((f.name for f in fields(Acts)), none))


def _code(value: Ints | str, code_of: dict[str, int]) -> Ints | int:
    """Return codes for a name, or the codes that were given."""
    return code_of[value] if isinstance(value, str) else value


def concat(parts: Sequence[Acts]) -> Acts:
    """Return all lookups of several blocks, in the order given."""
    columns = {
        f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Acts)
    }
    return Acts(**columns)
