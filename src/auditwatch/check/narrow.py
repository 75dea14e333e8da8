"""Which rows a tree holds for, surely or possibly: rows are narrowed, the rarest test first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.check.answers import NO, UNKNOWN, YES, Answer, Answers
from auditwatch.check.condition import AllOf, AnyOf, Leaf, Node, leaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Wanted = NDArray[np.bool_]

__all__ = ["in_doubt", "possible_rows", "sure_count", "sure_rows", "three_valued"]


def _answers(*kept: int) -> Wanted:
    """Return a table of answers that count as holding."""
    table = np.zeros(3, dtype=bool)
    table[list(kept)] = True
    return table


SURE: Final = {True: _answers(YES), False: _answers(NO)}
POSSIBLE: Final = {True: _answers(YES, UNKNOWN), False: _answers(NO, UNKNOWN)}


def sure_rows(node: Node, columns: Answers) -> Rows:
    """Return the rows for which a tree holds whatever the unknown values are, in order."""
    return _rows(node, columns, SURE, None)


def possible_rows(node: Node, columns: Answers) -> Rows:
    """Return the rows for which a tree holds or may hold, in order."""
    return _rows(node, columns, POSSIBLE, None)


def sure_count(node: Node, columns: Answers) -> int:
    """Return for how many rows a tree holds; tests of one column are not even put to rows."""
    of_one = _of_one_column(node, columns, SURE)
    if of_one is None:
        return len(sure_rows(node, columns))
    answer, kept = of_one
    return answer.count(kept)


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


def _rows(node: Node, columns: Answers, wanted: dict[bool, Wanted], among: Rows | None) -> Rows:
    """Return the rows (of those `among`) that a tree keeps."""
    of_one = _of_one_column(node, columns, wanted)
    if of_one is not None:
        answer, kept = of_one
        return answer.rows(kept, among)
    if isinstance(node, AllOf):
        for part in sorted(node.parts, key=lambda part: _estimate(part, columns, wanted)):
            among = _rows(part, columns, wanted, among)
            if len(among) == 0:
                break
        return among if among is not None else np.arange(columns.height)
    marked = np.zeros(columns.height, dtype=bool)
    for part in node.parts if isinstance(node, AnyOf) else ():
        marked[_rows(part, columns, wanted, among)] = True
    return np.flatnonzero(marked)


def _of_one_column(
    node: Node, columns: Answers, wanted: dict[bool, Wanted]
) -> tuple[Answer, Wanted] | None:
    """Return which codes of a column a test, or an either-or of its tests, keeps.

    Alternatives of one column are made one on its distinct values, so that rows are read once.
    """
    parts = node.parts if isinstance(node, AnyOf) else (node,)
    answers = [columns.answer(part.atom) for part in parts if isinstance(part, Leaf)]
    if not answers or len(answers) < len(parts):
        return None
    if any(one.codes is not answers[0].codes for one in answers):
        return None
    tables = [
        wanted[part.wanted][answer.table]
        for part, answer in zip(parts, answers, strict=True)
        if isinstance(part, Leaf)
    ]
    return answers[0], np.logical_or.reduce(tables)


def _estimate(node: Node, columns: Answers, wanted: dict[bool, Wanted]) -> int:
    """Return at most how many rows a tree keeps; exact for tests of one column."""
    of_one = _of_one_column(node, columns, wanted)
    if of_one is not None:
        answer, kept = of_one
        return answer.count(kept)
    parts = () if isinstance(node, Leaf) else node.parts
    counts = [_estimate(part, columns, wanted) for part in parts]
    return min(counts) if isinstance(node, AllOf) else min(sum(counts), columns.height)
