"""The rules over a batch: which lookups each holds for, and the sentence that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.condition import leaves
from auditwatch.check.fields import FIELDS
from auditwatch.check.narrow import in_doubt, possible_rows, sure_rows
from auditwatch.check.rule import PLACEHOLDER
from auditwatch.check.stretches import Stretches
from auditwatch.core.mask import mark
from auditwatch.core.schema import HITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.rule import Rule

    _Finder = Callable[[Rule, Columns], tuple[NDArray[np.int64], int, Mapping[str, pa.Array]]]

__all__ = ["detection_hits", "in_order", "silent_rules", "window_hits", "window_rows"]

#: A value in a sentence is cut here (characters): a sentence is read by a person.
LONGEST: Final = 60


def detection_hits(rules: Sequence[Rule], columns: Columns) -> tuple[pa.Table, dict[str, int]]:
    """Return the hits of every detection, and on how many lookups one could not decide.

    Parameters
    ----------
    rules : sequence of Rule
        All of a pack, sorted by id; its correlations are passed over.
    columns : Columns
        The batch, or any part of it: a detection looks at one lookup at a time.

    Returns
    -------
    hits : pa.Table
        Columns of `schema.HITS`, in the order of the batch, then by rule.
    undecided : dict of str to int
        Rule to lookups whose unknown values leave it open whether it holds; zero is left out, and
        so are rules that serve correlations alone.
    """
    chosen = [rule for rule in rules if rule.correlation is None]
    columns.expect(leaf.atom for rule in chosen for leaf in leaves(rule.tree))
    return _found(rules, chosen, columns, _detected)


def window_hits(
    rules: Sequence[Rule], columns: Columns, earlier: Columns | None = None
) -> tuple[pa.Table, dict[str, int]]:
    """Return the hits of every correlation, and on how many lookups one could not decide.

    Parameters
    ----------
    rules : sequence of Rule
        All of a pack, sorted by id.
    columns : Columns
        All lookups of the batch that `window_rows` names; more change nothing.
    earlier : Columns, optional
        Likewise of the lookups before it, in which windows may begin.

    Returns
    -------
    hits, undecided
        As `detection_hits`.
    """
    chosen = [rule for rule in rules if rule.correlation is not None]
    return _found(rules, chosen, columns, Stretches(rules, columns, earlier).found)


def window_rows(rules: Sequence[Rule], columns: Columns) -> NDArray[np.int64]:
    """Return the rows that may count in a window of some correlation, in order."""
    marked = np.zeros(columns.height, dtype=bool)
    for rule in rules:
        if rule.correlation is not None:
            marked[possible_rows(rule.tree, columns)] = True
    return np.flatnonzero(marked)


def in_order(hits: Sequence[pa.Table], event_ids: pa.ChunkedArray) -> pa.Table:
    """Return hits of one batch together, in the order of its lookups, then by rule.

    Parameters
    ----------
    hits : sequence of pa.Table
        Columns of `schema.HITS`.
    event_ids : pa.ChunkedArray of text
        The batch's own, in its order.
    """
    told = [table for table in hits if table.num_rows]
    if len(told) < 2:
        return told[0] if told else HITS.empty()
    both = pa.concat_tables(told)
    places = pc.index_in(both["event_id"], value_set=event_ids.cast(pa.string()))
    ranks = pc.rank(both["rule_id"].combine_chunks(), tiebreaker="dense")
    return both.take(pa.array(np.lexsort((ranks.to_numpy(), places.to_numpy()))))


def _found(
    rules: Sequence[Rule], chosen: Iterable[Rule], columns: Columns, found: _Finder
) -> tuple[pa.Table, dict[str, int]]:
    """Return the hits of some rules of a pack, and what each leaves open."""
    undecided: dict[str, int] = {}
    told: list[tuple[Rule, NDArray[np.int64], Mapping[str, pa.Array]]] = []
    silent = silent_rules(rules)
    for rule in chosen:
        if rule.rule_id in silent:  # the correlations that it serves tell what it leaves open
            continue
        rows, left_open, said = found(rule, columns)
        undecided |= {rule.rule_id: left_open} if left_open else {}
        if len(rows):
            told.append((rule, rows, said))
    return _hits(told, columns) if told else HITS.empty(), undecided


def silent_rules(rules: Sequence[Rule]) -> frozenset[str]:
    """Return the rules that serve correlations alone, as Sigma's ``generate`` says."""
    called = {name for rule in rules for name in rule.calls}
    told = {
        name
        for rule in rules
        if rule.correlation and rule.correlation.generate
        for name in rule.calls
    }
    return frozenset(called - told)


def _detected(rule: Rule, columns: Columns) -> tuple[NDArray[np.int64], int, dict[str, pa.Array]]:
    """Return the rows for which a detection holds, and how many it leaves open."""
    rows = sure_rows(rule.tree, columns)
    left_open = 0
    if in_doubt(rule.tree, columns):
        left_open = len(possible_rows(rule.tree, columns)) - len(rows)
    return rows, left_open, {}


def _hits(
    told: Sequence[tuple[Rule, NDArray[np.int64], Mapping[str, pa.Array]]], columns: Columns
) -> pa.Table:
    """Return the hits of rules on their rows, by row, then by rule."""
    rows = np.concatenate([found for _, found, _ in told])
    order = np.argsort(rows, kind="stable")
    of_rule = pa.array(np.repeat(np.arange(len(told)), [len(found) for _, found, _ in told])[order])
    taken = pa.array(rows[order])
    given = {
        name: columns.batch.column(name).take(taken).cast(pa.string())
        for name in ("event_id", "night")
    }
    same = {
        name: pa.array([getattr(rule, name) for rule, _, _ in told], pa.string()).take(of_rule)
        for name in ("rule_id", "title", "story", "severity", "innocent", "place")
    }
    says = pa.concat_arrays([_sentences(rule, columns, found, said) for rule, found, said in told])
    every = {**given, **same, "says": says.take(pa.array(order)), "suppressed_by": _none(len(rows))}
    return pa.table({name: every[name] for name in HITS.names}, schema=HITS.schema)


def _none(height: int) -> pa.Array:
    """Return as many empty texts."""
    return pa.repeat(pa.scalar(""), height)


def _sentences(
    rule: Rule, columns: Columns, rows: NDArray[np.int64], said: Mapping[str, pa.Array]
) -> pa.Array:
    """Return the rule's sentence for each row, identities marked."""
    pieces: list[pa.Array | pa.Scalar] = []
    for place, text in enumerate(PLACEHOLDER.split(rule.says)):
        if place % 2:
            pieces.append(said[text] if text in said else _spoken(text, columns, rows))
        else:
            pieces.append(pa.scalar(text))
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
