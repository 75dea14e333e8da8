"""What facts are made with: nights as days, places of values in a list, answers for each value."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_answers
from auditwatch.check.facts import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns

    Positions = NDArray[np.int64]

__all__ = ["YES_NO", "all_unknown", "by_value", "night_days", "positions"]

YES_NO: Final = ("no", "yes")


def night_days(columns: Columns) -> NDArray[np.int32]:
    """Return the night of each row as days since 1970-01-01; -1 where it is not known."""
    nights = columns.coded("night")
    days = [(date.fromisoformat(text) - EPOCH).days for text in nights.texts()]
    return np.array([*days, -1, -1], dtype=np.int32)[nights.codes]


def positions(columns: Columns, name: str, known: pa.Array) -> Positions:
    """Return where each row's value stands in `known`; -1 where it does not."""
    column = columns.coded(name)
    found = pc.fill_null(pc.index_in(column.values.cast(pa.string()), known), -1)
    table = np.append(found.to_numpy(zero_copy_only=False).astype(np.int64), [-1, -1])
    return np.asarray(table[column.codes])


def by_value(columns: Columns, name: str, answers: Sequence[str | None]) -> Coded:
    """Return a fact that depends on one column alone; None is unknown."""
    column = columns.coded(name)
    values = sorted({answer for answer in answers if answer is not None})
    places = [-1 if answer is None else values.index(answer) for answer in answers]
    return code_answers(column, [*places, -1, -1], values)


def all_unknown(columns: Columns) -> Coded:
    """Return a fact that no row knows."""
    return Coded(np.ones(columns.height, dtype=np.int32), pa.array([], pa.string()))
