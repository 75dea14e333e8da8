"""Which rows a tree holds for, surely or possibly: rows are narrowed, the rarest test first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.check.answers import NO, UNKNOWN, YES, Answers
from auditwatch.check.condition import AllOf, AnyOf, Leaf, Node, leaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.answers import Kept

    Rows = NDArray[np.int64]

__all__ = ["in_doubt", "possible_rows", "sure_count", "sure_rows", "three_valued"]


@dataclass(frozen=True, eq=False)
class _Reading:
    """Which answers count as holding: of a test, and of its opposite, shape (3,) each."""

    held: NDArray[np.bool_]
    failed: NDArray[np.bool_]


def _reading(*more: int) -> _Reading:
    """Return a reading in which some answers hold for a test and for its opposite alike."""
    answers = np.arange(3)
    return _Reading(np.isin(answers, (YES, *more)), np.isin(answers, (NO, *more)))


SURE: Final = _reading()
POSSIBLE: Final = _reading(UNKNOWN)


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


def _rows(node: Node, columns: Answers, reading: _Reading, among: Rows | None) -> Rows:
    """Return the rows (of those `among`) that a tree keeps."""
    kept = _of_one_column(node, columns, reading)
    if kept is not None:
        return kept.rows(among)
    if isinstance(node, AllOf):
        return _all_rows(node, columns, reading, among)
    parts = [
        part
        for part in (node.parts if isinstance(node, AnyOf) else ())
        if _estimate(part, columns, reading)
    ]
    if len(parts) == 1:
        return _rows(parts[0], columns, reading, among)
    marked = np.zeros(columns.height, dtype=bool)
    for part in parts:
        marked[_rows(part, columns, reading, among)] = True
    return np.flatnonzero(marked)


def _all_rows(node: AllOf, columns: Answers, reading: _Reading, among: Rows | None) -> Rows:
    """Return the rows that every part keeps: the rarest part first, and none when it has none."""
    counts = [_estimate(part, columns, reading) for part in node.parts]
    if counts and not min(counts):
        return np.empty(0, dtype=np.int64)
    for place in sorted(range(len(counts)), key=counts.__getitem__):
        among = _rows(node.parts[place], columns, reading, among)
        if len(among) == 0:
            break
    return among if among is not None else np.arange(columns.height)


def _of_one_column(node: Node, columns: Answers, reading: _Reading) -> Kept | None:
    """Return which codes of a column a test, or an either-or of its tests, keeps.

    Alternatives of one column are made one on its distinct values, so that rows are read once; and
    what many rules ask in the same words is worked out once.
    """
    if isinstance(node, AllOf):
        return None
    key = (node, reading)
    if key not in columns.narrowed:
        columns.narrowed[key] = _kept(node, columns, reading)
    return columns.narrowed[key]


def _kept(node: Leaf | AnyOf, columns: Answers, reading: _Reading) -> Kept | None:
    """Work out what `_of_one_column` returns."""
    parts = node.parts if isinstance(node, AnyOf) else (node,)
    tests = [part for part in parts if isinstance(part, Leaf)]
    if not tests or len(tests) < len(parts):
        return None
    answers = [columns.answer(test.atom) for test in tests]
    if any(one.codes is not answers[0].codes for one in answers):
        return None
    return answers[0].either(
        [
            (reading.held if test.wanted else reading.failed)[answer.table]
            for test, answer in zip(tests, answers, strict=True)
        ]
    )


def _estimate(node: Node, columns: Answers, reading: _Reading) -> int:
    """Return at most how many rows a tree keeps; exact for tests of one column."""
    kept = _of_one_column(node, columns, reading)
    if kept is not None:
        return kept.count
    parts = () if isinstance(node, Leaf) else node.parts
    counts = [_estimate(part, columns, reading) for part in parts]
    return min(counts if isinstance(node, AllOf) else [sum(counts), columns.height])
