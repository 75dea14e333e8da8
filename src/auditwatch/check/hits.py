"""The rules over a batch: which lookups each holds for, and the sentence that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.fields import FIELDS
from auditwatch.check.narrow import in_doubt, possible_rows, sure_rows
from auditwatch.check.rule import PLACEHOLDER
from auditwatch.core.mask import mark
from auditwatch.core.schema import HITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.rule import Rule

__all__ = ["find_hits"]

#: A value in a sentence is cut here (characters): a sentence is read by a person.
LONGEST: Final = 60


def find_hits(rules: Sequence[Rule], columns: Columns) -> tuple[pa.Table, dict[str, int]]:
    """Return the hits of every rule, and on how many lookups a rule could not decide.

    Parameters
    ----------
    rules : sequence of Rule
        Sorted by id.
    columns : Columns
        The batch.

    Returns
    -------
    hits : pa.Table
        Columns of `schema.HITS`, in the order of the batch, then by rule.
    undecided : dict of str to int
        Rule to lookups whose unknown values leave it open whether it holds; zero is left out.
    """
    undecided: dict[str, int] = {}
    parts: list[pa.Table] = []
    for rule in rules:
        rows = sure_rows(rule.tree, columns)
        if in_doubt(rule.tree, columns):
            open_rows = len(possible_rows(rule.tree, columns)) - len(rows)
            undecided |= {rule.rule_id: open_rows} if open_rows else {}
        if len(rows):
            parts.append(_hits(rule, columns, rows))
    if not parts:
        return HITS.empty(), undecided
    hits = pa.concat_tables(parts)
    order = np.argsort(hits.column("row").to_numpy(), kind="stable")
    return hits.take(pa.array(order)).select(list(HITS.names)).cast(HITS.schema), undecided


def _hits(rule: Rule, columns: Columns, rows: NDArray[np.int64]) -> pa.Table:
    """Return the hits of one rule."""
    same = {
        "rule_id": rule.rule_id,
        "title": rule.title,
        "story": rule.story,
        "severity": rule.severity,
        "innocent": rule.innocent,
        "place": rule.place,
        "suppressed_by": "",
    }
    taken = pa.array(rows)
    given = {
        name: columns.batch.column(name).take(taken).cast(pa.string())
        for name in ("event_id", "night")
    }
    repeated = {name: pa.repeat(pa.scalar(text), len(rows)) for name, text in same.items()}
    says = _sentences(rule, columns, rows)
    return pa.table({"row": taken, **given, **repeated, "says": says})


def _sentences(rule: Rule, columns: Columns, rows: NDArray[np.int64]) -> pa.Array:
    """Return the rule's sentence for each row, identities marked."""
    pieces: list[pa.Array | pa.Scalar] = []
    for place, text in enumerate(PLACEHOLDER.split(rule.says)):
        pieces.append(_spoken(text, columns, rows) if place % 2 else pa.scalar(text))
    joined = pc.binary_join_element_wise(*pieces, pa.scalar(""))
    return joined if isinstance(joined, pa.Array) else pa.repeat(joined, len(rows))


def _spoken(name: str, columns: Columns, rows: NDArray[np.int64]) -> pa.Array:
    """Return a column's values as words for a sentence."""
    column = columns.coded(name)
    codes, places = np.unique(column.codes[rows], return_inverse=True)
    given = column.values.take(pa.array(codes[codes < column.absent])).to_pylist()
    without = [None] * (len(codes) - len(given))
    texts = [
        _word(name, None if text is None else str(text), known=code != column.unknown)
        for code, text in zip(codes.tolist(), [*given, *without], strict=True)
    ]
    return pa.array(texts, pa.string()).take(pa.array(places))


def _word(name: str, text: str | None, *, known: bool) -> str:
    """Return one value as words; what names a person is marked."""
    field = FIELDS[name]
    if field.identity:
        return mark(field.identity, text)
    if text is None:
        return "none" if known and not field.fact else "not known"
    plain = text.replace("⟦", "[").replace("⟧", "]")[:LONGEST]
    return plain.replace("_", " ") if field.fact else plain
