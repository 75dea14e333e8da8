"""Which rows a tree holds for, surely or possibly: rows are narrowed, the rarest test first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.check.answers import NO, UNKNOWN, YES, Answers
from auditwatch.check.condition import AllOf, AnyOf, Leaf, Node, leaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.answers import Answer, Kept

    Rows = NDArray[np.int64]

__all__ = ["in_doubt", "possible_rows", "sure_count", "sure_rows", "three_valued"]


#: How unknown answers are read: as failing, so that rows are sure, or as holding: possible.
SURE: Final = False
POSSIBLE: Final = True


def sure_rows(node: Node, columns: Answers) -> Rows:
    """Return the rows for which a tree holds whatever the unknown values are, in order."""
    return _rows(node, columns, SURE, None)


def possible_rows(node: Node, columns: Answers) -> Rows:
    """Return the rows for which a tree holds or may hold, in order."""
    return _rows(node, columns, POSSIBLE, None)


def sure_count(node: Node, columns: Answers) -> int:
    """Return for how many rows a tree holds; tests of one column are not even put to rows."""
    kept = _of_one_column(node, columns, SURE)
    return len(sure_rows(node, columns)) if kept is None else kept.count


def in_doubt(node: Node, columns: Answers) -> bool:
    """Tell whether any row has an unknown value that the tree asks for."""
    return any(columns.answer(leaf.atom).in_doubt for leaf in leaves(node))


def three_valued(node: Node, columns: Answers) -> NDArray[np.uint8]:
    """Return NO, YES or UNKNOWN for each row, shape (n_rows,).

    Notes
    -----
    Kleene's strong logic: opposites stand at the leaves, so the sure rows are those where unknown
    leaves count as failing, the possible ones those where they count as holding.
    """
    answers = np.full(columns.height, NO, dtype=np.uint8)
    if in_doubt(node, columns):
        answers[possible_rows(node, columns)] = UNKNOWN
    answers[sure_rows(node, columns)] = YES
    return answers


def _rows(node: Node, columns: Answers, possible: bool, among: Rows | None) -> Rows:
    """Return the rows (of those `among`) that a tree keeps."""
    kept = _of_one_column(node, columns, possible)
    if kept is not None:
        return kept.rows(among)
    if isinstance(node, AllOf):
        return _all_rows(node, columns, possible, among)
    parts = [
        part
        for part in (node.parts if isinstance(node, AnyOf) else ())
        if _estimate(part, columns, possible)
    ]
    if len(parts) == 1:
        return _rows(parts[0], columns, possible, among)
    marked = np.zeros(columns.height, dtype=bool)
    for part in parts:
        marked[_rows(part, columns, possible, among)] = True
    return np.flatnonzero(marked)


def _all_rows(node: AllOf, columns: Answers, possible: bool, among: Rows | None) -> Rows:
    """Return the rows that every part keeps: the rarest part first, and none when it has none."""
    kept = [_of_one_column(part, columns, possible) for part in node.parts]
    counts = [
        _estimate(part, columns, possible) if one is None else one.count
        for part, one in zip(node.parts, kept, strict=True)
    ]
    if counts and not min(counts):
        return np.empty(0, dtype=np.int64)
    for place in sorted(range(len(counts)), key=counts.__getitem__):
        one, part = kept[place], node.parts[place]
        among = _rows(part, columns, possible, among) if one is None else one.rows(among)
        if len(among) == 0:
            break
    return among if among is not None else np.arange(columns.height)


def _of_one_column(node: Node, columns: Answers, possible: bool) -> Kept | None:
    """Return which codes of a column a test, or an either-or of its tests, keeps.

    Alternatives of one column are made one on its distinct values, so that rows are read once; and
    what many rules ask in the same words is worked out once.
    """
    if isinstance(node, AllOf):
        return None
    known = columns.narrowed[possible]
    if node not in known:
        known[node] = _kept(node, columns, possible)
    return known[node]


def _kept(node: Leaf | AnyOf, columns: Answers, possible: bool) -> Kept | None:
    """Work out what `_of_one_column` returns."""
    if isinstance(node, Leaf):
        answer = columns.answer(node.atom)
        return answer.kept(_holding(node, answer, possible))
    tests = [part for part in node.parts if isinstance(part, Leaf)]
    if not tests or len(tests) < len(node.parts):
        return None
    answers = [columns.answer(test.atom) for test in tests]
    if any(one.codes is not answers[0].codes for one in answers):
        return None
    # of many words most are nowhere: rules that differ in these alone share what is left
    found = [
        (one, told) for one, told in zip(tests, answers, strict=True) if told.any or not one.wanted
    ]
    if len(found) < 2:
        return _of_one_column(found[0][0] if found else tests[0], columns, possible)
    tables = [_holding(test, answer, possible) for test, answer in found]
    return answers[0].kept(np.logical_or.reduce(tables))


def _holding(test: Leaf, answer: Answer, possible: bool) -> NDArray[np.bool_]:
    """Return for each code of a column whether a test, or its opposite, holds."""
    if possible:
        return np.asarray(answer.table != (NO if test.wanted else YES))
    return np.asarray(answer.table == (YES if test.wanted else NO))


def _estimate(node: Node, columns: Answers, possible: bool) -> int:
    """Return at most how many rows a tree keeps; exact for tests of one column."""
    kept = _of_one_column(node, columns, possible)
    if kept is not None:
        return kept.count
    parts = () if isinstance(node, Leaf) else node.parts
    counts = [_estimate(part, columns, possible) for part in parts]
    return min(counts if isinstance(node, AllOf) else [sum(counts), columns.height])
