"""Reasons that say nothing: a point, a letter, a word that every lookup could have.

Terseness is a habit, and some hours and some desks are terse; so what counts is an operator who
was not terse before, and is more so than those at the same work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.schema import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "reason"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 6
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("reason",)

LEAST_NIGHTS: Final = 3  # one careless night is no habit
#: Words that any lookup could have; a reason of nothing else says nothing.
HOLLOW: Final = (
    "inv invest investigation investigative police law enforcement le leo business official duty "
    "use info information inquiry check chk lookup query search misc other general work job ref "
    "reference reason purpose unk unknown na none test asdf ok the for and of at"
)


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without any number whose reason is missing or says nothing.

    A night on which nobody gave a reason has no such column: nothing is held against anyone.
    """
    del context
    given = heads.codes["reason_norm"] >= 0
    asked = np.bincount(heads.codes["night"], given, minlength=1)[heads.codes["night"]] > 0
    empty = np.append(_hollow(heads.texts["reason_norm"]), True)[heads.codes["reason_norm"]]
    rows = np.flatnonzero(empty & asked & ~heads.numbered)
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def _hollow(reasons: pa.Array) -> np.ndarray:
    """Tell which reasons have no word but those that any lookup could have."""
    words = pc.split_pattern_regex(reasons, r"[^a-z0-9]+")
    parents = pc.list_parent_indices(words).to_numpy()
    flat = pc.list_flatten(words)
    hollow = pc.or_(pc.is_in(flat, pa.array(HOLLOW.split())), pc.less(pc.utf8_length(flat), 2))
    says = ~hollow.to_numpy(zero_copy_only=False)
    found: np.ndarray = np.bincount(parents, says, minlength=len(reasons)) == 0
    return found


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
    """Return on how many nights the reasons were odd."""
    return (
        f"{operator(row['operator_id'])} gave reasons that say nothing, on "
        f"{count(row['on_nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} "
        "with no number and a reason that says nothing, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"in the {nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from own earlier work and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["Haste and habit read alike; training may be the answer."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: the lookups were looked at when they were marked."""
    del lookups
    return []
