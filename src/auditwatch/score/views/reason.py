"""Reasons that say nothing, or nothing that the role says.

A point, a letter, a word that every trade uses: the share of such reasons is a habit, and a habit
that changes asks for its cause. Words of another trade under one's own login ask for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow.compute as pc

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

NAME: Final = "reason"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 6
NEEDS: Final[tuple[frozenset[str], ...]] = ()

LEAST_NIGHTS: Final = 3  # one careless night is no habit


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups without a case whose reason is empty, or foreign to the role."""
    del context
    empty = heads.codes["reason_norm"] < 0
    foreign = foreign_to_role(heads, _wording(heads)) & ~empty
    rows = np.flatnonzero(foreign & ~heads.explained & ~heads.numbered)
    return Marks(rows, heads.text("reason_norm", rows))


def _wording(heads: Heads) -> np.ndarray:
    """Return a code for the first two words of each reason, numbers aside."""
    words = pc.replace_substring_regex(heads.texts["reason_norm"], r"[0-9#-]+", "")
    first = pc.replace_substring_regex(words, r"^\s*(\S+\s*\S*).*$", r"\1")
    codes = pc.dictionary_encode(first).indices.to_numpy()
    found: np.ndarray = np.append(codes, -1)[heads.codes["reason_norm"]].astype(np.int64)
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
        f"{operator(row['operator_id'])} gave reasons that the role hardly gives, on "
        f"{count(row['on_nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} "
        "with a reason that hardly anybody else in the role gave on the same night, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"in the {nights_seen(row)} up to {iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from own earlier work and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["Shorthand of one's own, or a special task, reads alike."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: the lookups were looked at when they were marked."""
    del lookups
    return []
