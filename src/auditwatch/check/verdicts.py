"""The policy over a batch: each distinct combination is decided once, then dealt to its rows."""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditwatch.check.coded import code_column
from auditwatch.check.derive import night_days
from auditwatch.check.facts import EPOCH
from auditwatch.check.narrow import three_valued
from auditwatch.check.policy import Decision, Policy, Question
from auditwatch.check.statement import boundaries
from auditwatch.core.schema import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns

__all__ = ["give_verdicts"]

ROOM = 1 << 62


class _Axis:
    """One thing the policy looks at: a small whole number for each row, and what it stands for."""

    def __init__(self, codes: NDArray[np.integer[Any]], values: Sequence[Any]) -> None:
        self.codes = codes
        self.values = values


def give_verdicts(policy: Policy, columns: Columns) -> pa.Table:
    """Return a verdict for each row.

    Parameters
    ----------
    policy : Policy
        What is permitted and what is forbidden.
    columns : Columns
        The batch.

    Returns
    -------
    pa.Table
        Columns of `schema.VERDICTS`, in the order of the batch.
    """
    if columns.height == 0:
        return VERDICTS.empty()
    axes = _axes(policy, columns)
    firsts, combination = _combine(list(axes.values()), columns.height)
    decisions: dict[Decision, int] = {}
    of_combination = [
        decisions.setdefault(policy.decide(_question(axes, policy, row)), len(decisions))
        for row in firsts.tolist()
    ]
    of_row = pa.array(np.array(of_combination, dtype=np.int32)[combination])
    names = [field.name for field in fields(Decision)]
    texts = dict(zip(names, zip(*map(astuple, decisions), strict=True), strict=True))
    dealt = {name: pa.array(texts.get(name, ()), pa.string()).take(of_row) for name in names}
    given = {name: columns.batch.column(name).cast(pa.string()) for name in ("event_id", "night")}
    return pa.table({**given, **dealt}).select(list(VERDICTS.names)).cast(VERDICTS.schema)


def _axes(policy: Policy, columns: Columns) -> dict[str, _Axis]:
    """Return everything the policy looks at, as small whole numbers."""
    catalogue = policy.catalogue
    axes = {
        "unit": _known(columns, "unit", catalogue.units),
        "role": _known(columns, "role", catalogue.roles),
        "system": _known(columns, "system", catalogue.systems),
        "transaction": _known(columns, "transaction", catalogue.transactions),
        "purpose": _purpose(columns, catalogue.purposes),
        "day": _day(columns, policy),
        "hidden": _hidden(columns),
        "placeholder": _placeholder(columns),
    }
    for name in _needed(policy):
        answers = three_valued(policy.requirements[name].tree, columns)
        axes[f"requirement {name}"] = _Axis(answers, (0, 1, 2))
    return axes


def _needed(policy: Policy) -> list[str]:
    """Return the requirements that some statement names, each once."""
    named = (name for statement in policy.statements for name in statement.requirements)
    return sorted(set(named))


def _known(columns: Columns, name: str, known: Collection[str]) -> _Axis:
    """Return a column by its place among known names; the last place stands for all else."""
    column, names = columns.coded(name), sorted(known)
    places = {text: place for place, text in enumerate(names)}
    table = [places.get(text, len(names)) for text in column.texts()]
    codes = np.array([*table, len(names), len(names)], dtype=np.int64)[column.codes]
    return _Axis(codes, (*names, None))


def _purpose(columns: Columns, known: Collection[str]) -> _Axis:
    """Return the declared purpose: a known code, any other, none, or not exported."""
    column, names = columns.coded("purpose"), sorted(known)
    places = {text: place for place, text in enumerate(names)}
    other = len(names)
    table = [places.get(text, other) for text in column.texts()]
    codes = np.array([*table, other + 1, other + 2], dtype=np.int64)[column.codes]
    return _Axis(codes, (*names, "(undefined)", "", None))


def _day(columns: Columns, policy: Policy) -> _Axis:
    """Return the night as a span between two days on which something changed."""
    limits = sorted({*boundaries(policy.statements), *_purpose_limits(policy)})
    starts = np.array([(limit - EPOCH).days for limit in limits], dtype=np.int64)
    codes = np.searchsorted(starts, night_days(columns), side="right")
    return _Axis(codes, (date.min, *limits))


def _purpose_limits(policy: Policy) -> Iterator[date]:
    """Yield every day on which a purpose code came into force or was withdrawn."""
    for purpose in policy.catalogue.purposes.values():
        yield from filter(None, (purpose.valid_from, purpose.valid_to))


def _hidden(columns: Columns) -> _Axis:
    """Return which fields no lookup of each row's source tells."""
    if "source_id" not in columns.batch.schema.names:
        return _Axis(np.zeros(columns.height, dtype=np.int64), (frozenset(),))
    sources = code_column(columns.batch.column("source_id"))
    lacking = [columns.facts.not_exported.get(text, frozenset()) for text in sources.texts()]
    distinct = list(dict.fromkeys([*lacking, frozenset()]))
    table = [distinct.index(fields_) for fields_ in (*lacking, frozenset(), frozenset())]
    return _Axis(np.array(table, dtype=np.int64)[sources.codes], distinct)


def _placeholder(columns: Columns) -> _Axis:
    """Return whether a placeholder was typed in place of a reason."""
    states = columns.coded("reason_state")
    table = np.array([*(text == "placeholder" for text in states.texts()), False, False])
    return _Axis(table[states.codes].astype(np.int64), (False, True))


def _combine(axes: list[_Axis], height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a row of each distinct combination, and each row's combination."""
    key, size = np.zeros(height, dtype=np.int64), 1
    for axis in axes:
        if size * len(axis.values) >= ROOM:
            _, key, size = _distinct(key)
        key = key * len(axis.values) + axis.codes
        size *= len(axis.values)
    firsts, combination, _ = _distinct(key)
    return firsts, combination


def _distinct(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return a row of each distinct key, each row's place among them, and how many there are."""
    coded = pa.array(key).dictionary_encode()
    places = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    count = len(coded.dictionary)
    rows = np.zeros(count, dtype=np.int64)
    rows[places[::-1]] = np.arange(len(key) - 1, -1, -1)
    return rows, places, count


def _question(axes: dict[str, _Axis], policy: Policy, row: int) -> Question:
    """Return what the policy is asked about one row."""
    found = {name: axis.values[axis.codes[row]] for name, axis in axes.items()}
    answers = {
        name.removeprefix("requirement "): value
        for name, value in found.items()
        if name.startswith("requirement ")
    }
    known = policy.catalogue.purposes.get(found["purpose"])
    return Question(
        unit=found["unit"],
        role=found["role"],
        system=found["system"],
        transaction=found["transaction"],
        purpose=found["purpose"],
        purpose_valid=known is not None and known.state(found["day"]) == "valid",
        day=found["day"],
        answers=answers,
        hidden=found["hidden"],
        placeholder=found["placeholder"],
    )
