"""Purposes that the role does not declare.

Each purpose may be a permitted one; that this operator turns to it, while hardly anybody in the
same role does, is a question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.peers import foreign_to_role
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.schema import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "purpose"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 4
NEEDS: Final[tuple[frozenset[str], ...]] = ()

LEAST_NIGHTS: Final = 3  # a wrong choice in the list is no habit


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups with a purpose that hardly anybody in the role declared that night."""
    del context
    rows = np.flatnonzero(foreign_to_role(heads, heads.codes["purpose"]))
    return Marks(rows, heads.text("purpose", rows))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's marked subject-days."""
    return marked_share(profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], least=LEAST_NIGHTS)


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights a purpose was foreign to the role."""
    return (
        f"{operator(row['operator_id'])} declared purposes that the role hardly uses, on "
        f"{count(row['on_nights'], 'night')}"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} "
        "for purposes that hardly anybody else in the role declared on the same night, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"in the {nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from own earlier work and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["A new task has its own purpose; a wrong choice in the list is a matter of training."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: the lookups were looked at when they were marked."""
    del lookups
    return []
