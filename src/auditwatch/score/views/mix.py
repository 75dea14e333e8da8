"""Transactions that the job does not use.

A login lent out, or a drift into a file that is none of one's business: what is asked is foreign to
the role, though each lookup alone may have its reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.score.counting import marked_share, traced
from auditwatch.score.peers import foreign_to_role
from auditwatch.score.sittings import in_parts, owned
from auditwatch.score.views import Marks
from auditwatch.score.words import count, iso, nights_seen, number, operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis
    import pandas as pd

    from auditwatch.core.contexttables import Context
    from auditwatch.score.heads import Heads
    from auditwatch.score.sight import Known

NAME: Final = "mix"
STORY: Final = "operator"
TAIL: Final = "beta_binomial"
WINDOW_NIGHTS: Final = (30,)
LEAST: Final = 4
NEEDS: Final[tuple[frozenset[str], ...]] = ()
FIELDS: Final = ("transaction",)

LEAST_NIGHTS: Final = 3  # one odd task is no drift
MOST: Final = 3  # subjects of one night: a witness's half of a plate is tried in many ways


def mark(heads: Heads, context: Context) -> Marks:
    """Mark lookups on people, without a case, by a transaction that hardly any of the role used.

    Which file about vehicles the street asks for is chance; a file about people is a choice.
    """
    asked = heads.group("system", "transaction")
    told = (heads.codes["system"] >= 0) | (heads.codes["transaction"] >= 0)
    foreign = foreign_to_role(heads, np.where(told, asked, -1))
    people = ~in_parts(heads) & ~owned(heads, context)
    rows = np.flatnonzero(foreign & people & ~heads.explained)
    return Marks(rows, pa.array([""] * len(rows), pa.string()))


def measure(profiles: ibis.Table, nights: ibis.Table, known: Known) -> ibis.Table:
    """Count each active operator's marked subject-days."""
    return marked_share(
        profiles, nights, known, NAME, width=WINDOW_NIGHTS[0], least=LEAST_NIGHTS, most=MOST
    )


def expect(measured: pd.DataFrame) -> np.ndarray:
    """Return zeros: the share is learnt from role, unit and own history."""
    return np.zeros(len(measured))


def trace(profiles: ibis.Table, units: ibis.Table, known: Known) -> ibis.Table:
    """Return the marked lookups."""
    del profiles
    return traced(units, known, NAME)


def title(row: Mapping[str, Any]) -> str:
    """Return on how many nights what was foreign to the role."""
    return (
        f"{operator(row['operator_id'])} used transactions that the role hardly uses, on "
        f"{count(row['on_nights'], 'night')}, and no case explains it"
    )


def say(row: Mapping[str, Any]) -> str:
    """Return such subject-days against those of history and peers."""
    return (
        f"{operator(row['operator_id'])} made {count(row['lookups'], 'lookup')} "
        "on people by transactions that hardly anybody else in the role used on the same night, on "
        f"{count(row['observed'], 'subject-day')} out of {count(row['exposure'], 'subject-day')} "
        f"(at most {MOST} a night count) in the {nights_seen(row)} up to "
        f"{iso(row['night_number'])}; expected "
        f"{number(row['expected'])}, from own earlier work and the same role in the same unit."
    )


def against(row: Mapping[str, Any]) -> Sequence[str]:
    """Return what else it may be."""
    del row
    return ["A special task, or help for another unit, brings other transactions with it."]


def innocent(lookups: pd.DataFrame) -> Sequence[str]:
    """Return nothing: the lookups were looked at when they were marked."""
    del lookups
    return []
