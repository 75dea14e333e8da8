"""The policy over a batch: each distinct combination is decided once, then dealt to its rows."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from auditwatch.check.answers import NO, UNKNOWN, YES
from auditwatch.check.coded import code_column
from auditwatch.check.fact_codes import night_days
from auditwatch.check.facts import EPOCH
from auditwatch.check.lifting import reached_rows
from auditwatch.check.narrow import three_valued
from auditwatch.check.policy import Decision, Policy
from auditwatch.check.reading import FIELD_OF, UNMAPPED, Question
from auditwatch.check.statement import boundaries
from auditwatch.core.schema import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns

__all__ = ["ask", "give_verdicts", "on_day"]

ROOM = 1 << 62
#: Keys below it are counted out in a table of their own, which is faster than to hash them.
COUNTABLE = 1 << 20
#: What the policy looks at in what was declared, and when.
DECLARED = (
    "unit",
    "role",
    "jurisdiction",
    "system",
    "transaction",
    "purpose",
    "night",
    "reason_state",
)
#: Fields behind whose masks a requirement or a clause may stand, and the column of each.
MASKABLE = {
    **{name: name for name in (*FIELD_OF.values(), "case_id", "operator_id", "terminal")},
    "reason": "reason_norm",
}


class _Axis:
    """One thing the policy looks at: a small whole number for each row, and what it stands for."""

    def __init__(self, codes: NDArray[np.integer[Any]], values: Sequence[Any]) -> None:
        self.codes = codes
        self.values = values

    def merged(self, kinds: Sequence[object]) -> _Axis:
        """Return the axis with values of one kind made one; the first stands for the others."""
        places = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
        firsts = dict(zip(kinds[::-1], self.values[::-1], strict=True))
        table = np.array([places[kind] for kind in kinds], dtype=np.int64)
        return _Axis(table[self.codes], [firsts[kind] for kind in places])


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
        Columns of `schema.VERDICTS`, coded, in the order of the batch.
    """
    if columns.height == 0:
        return VERDICTS.coded.empty_table()
    questions, of_row = _questions(policy, columns)
    asked = _asked_axes(policy, columns, questions, of_row)
    firsts, combination = _combine([_Axis(of_row, questions), *asked.values()], columns.height)
    decisions: dict[Decision, int] = {}
    of_combination = [
        decisions.setdefault(policy.decide(question), len(decisions))
        for question in _answered(questions, of_row, asked, firsts)
    ]
    decided = np.array(of_combination, dtype=np.int32)[combination]
    given = {name: columns.batch.column(name) for name in ("event_id", "night")}
    dealt = _dealt(list(decisions), decided)
    return pa.table({**given, **dealt}).select(list(VERDICTS.names)).cast(VERDICTS.coded)


def _questions(policy: Policy, columns: Columns) -> tuple[list[Question], NDArray[np.int64]]:
    """Return what the policy is asked, requirements aside, and which of it each row asks.

    Values that no statement tells apart become one only among the distinct combinations.
    """
    told = [columns.coded(name) for name in DECLARED]
    whole = [_Axis(column.codes, range(column.unknown + 1)) for column in told]
    whole += [_hidden(columns), _masked(columns, policy)]
    whole += dict(_exemptions(columns, policy)).values()
    firsts, combination = _combine(whole, columns.height)
    few = columns.some(firsts)
    declared = _declared_axes(policy, few)
    firsts, of_few = _combine(list(declared.values()), few.height)
    return [_question(declared, policy, row) for row in firsts.tolist()], of_few[combination]


def _dealt(
    decisions: Sequence[Decision], decided: NDArray[np.integer[Any]]
) -> dict[str, pa.DictionaryArray]:
    """Return for each row the texts of its decision; texts that go together share their codes."""
    codes: dict[bytes, pa.Array] = {}
    dealt = {}
    for name in (field.name for field in fields(Decision)):
        coded = pa.array([getattr(one, name) for one in decisions], pa.string()).dictionary_encode()
        table = coded.indices.to_numpy(zero_copy_only=False)
        key = table.tobytes()
        if key not in codes:
            codes[key] = pa.array(table[decided])
        dealt[name] = pa.DictionaryArray.from_arrays(codes[key], coded.dictionary)
    return dealt


def ask(policy: Policy, columns: Columns) -> list[Question]:
    """Return what the policy is asked about each row, every requirement answered.

    Parameters
    ----------
    policy : Policy
        What is permitted and what is forbidden.
    columns : Columns
        The batch; a small one, since every row is asked by itself.

    Returns
    -------
    list of Question
        One a row, on the row's own night; the policy decides it as `give_verdicts` does.
    """
    axes, nights = _declared_axes(policy, columns), night_days(columns).tolist()
    answers = {
        name: three_valued(one.tree, columns).tolist() for name, one in policy.requirements.items()
    }
    return [
        replace(
            on_day(policy, _question(axes, policy, row), EPOCH + timedelta(days=night)),
            answers={name: given[row] for name, given in answers.items()},
        )
        for row, night in enumerate(nights)
    ]


def on_day(policy: Policy, question: Question, day: date) -> Question:
    """Return the question of a lookup as if it had been made on another day, all else the same."""
    valid = _valid(policy, question.purpose, day, question.jurisdiction)
    return replace(question, day=day, purpose_valid=valid)


def _valid(policy: Policy, purpose: str | None, day: date, jurisdiction: str | None) -> int:
    """Answer whether a declared code is one, in force on a day in a state."""
    known = policy.catalogue.purposes.get(purpose or "")
    state = known.state(day, jurisdiction) if known else "undefined"
    return UNKNOWN if state is None else YES if state == "valid" else NO


def _declared_axes(policy: Policy, columns: Columns) -> dict[str, _Axis]:
    """Return all that was declared, and when, as small whole numbers.

    Values that no statement tells apart are one: a policy of thirty statements knows far fewer
    kinds of units, keys and codes than the trail has.
    """
    catalogue = policy.catalogue
    axes = {
        "unit": _known(columns, "unit", catalogue.units),
        "role": _known(columns, "role", catalogue.roles),
        "jurisdiction": _plain(columns, "jurisdiction"),
        "system": _known(columns, "system", catalogue.systems),
        "transaction": _known(columns, "transaction", catalogue.transactions, UNMAPPED),
        "purpose": _purpose(columns, catalogue.purposes),
    }
    for name, axis in axes.items():
        axes[name] = axis.merged([_kind(policy, name, value) for value in axis.values])
    axes |= {
        "day": _day(columns, policy),
        "hidden": _hidden(columns),
        "masked": _masked(columns, policy),
        "placeholder": _placeholder(columns),
        "absent": _Axis(np.zeros(columns.height, dtype=np.int8), (columns.facts.absent,)),
    }
    return axes | dict(_exemptions(columns, policy))


def _kind(policy: Policy, clause: str, value: str | None) -> tuple[object, ...]:
    """Return all that statements and the catalogue tell of a value."""
    named = (getattr(statement, f"{clause}s") for statement in policy.statements)
    told: list[object] = [covered is not None and value in covered for covered in named]
    if clause == "transaction":
        key = policy.catalogue.transactions.get(value or "")
        told += [value in (None, UNMAPPED) and (value,), key and key.purpose_required]
    if clause == "purpose":
        known = policy.catalogue.purposes.get(value or "")
        told += [value if not known else known.spells]
    if clause == "jurisdiction":
        spells = (one for purpose in policy.catalogue.purposes.values() for one in purpose.spells)
        told += [one.jurisdictions and value in one.jurisdictions for one in spells]
    return (value is None, *told)


def _asked_axes(
    policy: Policy, columns: Columns, questions: Sequence[Question], of_row: NDArray[np.int64]
) -> dict[str, _Axis]:
    """Return the answers of requirements, where they can make a difference; NO elsewhere."""
    asks = [policy.asks(question) for question in questions]
    axes = {}
    for name in sorted({name for names in asks for name in names}):
        matters = np.array([name in names for names in asks], dtype=np.uint8)
        answers = three_valued(policy.requirements[name].tree, columns)
        axes[name] = _Axis(answers * matters[of_row], (NO, YES, UNKNOWN))
    return axes


def _answered(
    questions: Sequence[Question],
    of_row: NDArray[np.int64],
    asked: Mapping[str, _Axis],
    rows: NDArray[np.int64],
) -> Iterator[Question]:
    """Yield the whole question of each of some rows."""
    for row in rows.tolist():
        answers = {name: axis.values[axis.codes[row]] for name, axis in asked.items()}
        yield replace(questions[of_row[row]], answers=answers)


def _exemptions(columns: Columns, policy: Policy) -> Iterator[tuple[str, _Axis]]:
    """Yield for each exception that reaches some row which rows it reaches."""
    for name, exemption in policy.exemptions.items():
        if exemption.statements and (reached := reached_rows(exemption, columns)).any():
            yield f"exemption {name}", _Axis(reached.astype(np.int8), (False, True))


def _known(columns: Columns, name: str, known: Collection[str], other: str | None = None) -> _Axis:
    """Return a column by its place among known names; what is not known is `other`."""
    column, names = columns.coded(name), sorted(known)
    places = {text: place for place, text in enumerate(names)}
    table = [places.get(text, len(names)) for text in column.texts()]
    codes = np.array([*table, len(names) + 1, len(names) + 1], dtype=np.int64)[column.codes]
    return _Axis(codes, (*names, other, None))


def _plain(columns: Columns, name: str) -> _Axis:
    """Return a column as it is; None where it has no value."""
    column = columns.coded(name)
    return _Axis(column.codes, (*column.texts(), None, None))


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
        yield from purpose.limits


def _hidden(columns: Columns) -> _Axis:
    """Return which fields no lookup of each row's source tells."""
    if "source_id" not in columns.batch.schema.names:
        return _Axis(np.zeros(columns.height, dtype=np.int64), (frozenset(),))
    sources = code_column(columns.batch.column("source_id"))
    lacking = [columns.facts.not_exported.get(text, frozenset()) for text in sources.texts()]
    distinct = list(dict.fromkeys([*lacking, frozenset()]))
    table = [distinct.index(fields_) for fields_ in (*lacking, frozenset(), frozenset())]
    return _Axis(np.array(table, dtype=np.int64)[sources.codes], distinct)


def _masked(columns: Columns, policy: Policy) -> _Axis:
    """Return which fields are masked, or otherwise not to be known, in each row itself."""
    asked = {need for one in policy.requirements.values() for need in one.needs}
    codes, values = np.zeros(columns.height, dtype=np.int64), [frozenset[str]()]
    for name, column in MASKABLE.items():
        if name not in asked and name not in FIELD_OF.values():
            continue
        coded = columns.coded(column)
        unknown = coded.codes == coded.unknown
        if unknown.any():
            codes += unknown * len(values)
            values += [fields_ | {name} for fields_ in values]
    return _Axis(codes, values)


def _placeholder(columns: Columns) -> _Axis:
    """Return whether a placeholder was typed in place of a reason."""
    states = columns.coded("reason_state")
    table = np.array([*(text == "placeholder" for text in states.texts()), False, False])
    return _Axis(table[states.codes].astype(np.int64), (False, True))


def _combine(axes: list[_Axis], height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a row of each distinct combination, and each row's combination."""
    key, size = np.zeros(height, dtype=np.int64), 1
    for axis in axes:
        if len(axis.values) == 1 or axis.codes.min() == axis.codes.max():
            continue
        if size * len(axis.values) >= ROOM:
            _, key, size = _distinct(key, size)
        key *= len(axis.values)
        key += axis.codes
        size *= len(axis.values)
    firsts, combination, _ = _distinct(key, size)
    return firsts, combination


def _distinct(
    key: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return a row of each distinct key below a size, each row's place among them, their number."""
    if size <= min(COUNTABLE, len(key)):
        some = np.full(size, -1, dtype=np.int64)
        some[key] = np.arange(len(key))
        found = some >= 0
        return some[found], (np.cumsum(found) - 1)[key], int(found.sum())
    coded = pa.array(key).dictionary_encode()
    places = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    count = len(coded.dictionary)
    rows = np.zeros(count, dtype=np.int64)
    rows[places[::-1]] = np.arange(len(key) - 1, -1, -1)
    return rows, places, count


def _question(axes: dict[str, _Axis], policy: Policy, row: int) -> Question:
    """Return what the policy is asked about one row, before any requirement is answered."""
    found = {name: axis.values[axis.codes[row]] for name, axis in axes.items()}
    return Question(
        unit=found["unit"],
        role=found["role"],
        jurisdiction=found["jurisdiction"],
        system=found["system"],
        transaction=found["transaction"],
        purpose=found["purpose"],
        purpose_valid=_valid(policy, found["purpose"], found["day"], found["jurisdiction"]),
        day=found["day"],
        answers={},
        hidden=found["hidden"],
        masked=found["masked"],
        placeholder=found["placeholder"],
        absent=found["absent"],
        exempted=tuple(
            name.removeprefix("exemption ")
            for name, value in found.items()
            if name.startswith("exemption ") and value
        ),
    )
