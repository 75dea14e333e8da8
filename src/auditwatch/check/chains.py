"""Which rules matched in a window, in any order or in theirs: conditions over rules.

A chain is events, each later than the one before, that match rules one after the other. For the
rules of a chain the latest start is kept that one may have which has ended by a member: it is in
the member's window when it starts in it. A start is a position among members, so that one in an
earlier group is never in the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.check.condition import AllOf, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.check.condition import Node
    from auditwatch.check.windows import Members

    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["in_order", "longest", "seen"]


def seen(members: Members) -> Flags:
    """Tell in which windows the rules that matched are what a correlation's condition asks for."""
    found = _seen(members)
    return _says(members, found, found)


def in_order(members: Members) -> Flags:
    """Tell in which windows some chain is what a condition asks for; ``not`` is of any match."""
    matched, any_order = _matched(members), _seen(members)
    height, rules = len(members.events), len(matched)
    held = np.zeros(height, dtype=bool)
    waiting: list[tuple[int, list[int], Whole | None]] = [(0, [], None)]
    while waiting:
        place, chain, starts = waiting.pop()
        if place < rules:
            longer = _longer(matched[place], starts)
            waiting += [(place + 1, chain, starts), (place + 1, [*chain, place], longer)]
            continue
        found = [np.full(height, one in chain) for one in range(rules)]
        whole = _says(members, found, any_order)
        held |= whole if starts is None else whole & (starts >= members.firsts)
    return held


def longest(members: Members) -> Whole:
    """Return how many rules the longest chain in the window of each member goes through."""
    matched = _matched(members)
    height = len(members.events)
    best: list[Whole | None] = [None]  # by length, of the rules so far
    for own in matched:
        longer = [_longer(own, starts) for starts in best]
        best = [
            None,
            *(_later(one, other) for one, other in zip(longer, [*best[1:], None], strict=True)),
        ]
    lengths = np.zeros(height, dtype=np.int64)
    for length, starts in enumerate(best):
        if starts is not None:
            lengths[starts >= members.firsts] = length
    return lengths


def _later(one: Whole, other: Whole | None) -> Whole:
    """Return the later start of two."""
    return one if other is None else np.maximum(one, other)


def _longer(matched: Flags, starts: Whole | None) -> Whole:
    """Return the latest start of chains that go on to a rule; of None, that begin with it."""
    places = np.arange(len(matched))
    if starts is not None:
        places = np.concatenate([[-1], starts[:-1]])[: len(matched)]
    return np.maximum.accumulate(np.where(matched, places, -1))


def _matched(members: Members) -> list[Flags]:
    """Return for each rule which members it matched."""
    found = np.zeros((len(members.correlation.rules), len(members.events)), dtype=bool)
    found[members.matches.places, members.owners] = True
    return list(found)


def _seen(members: Members) -> list[Flags]:
    """Return for each rule in which windows it matched."""
    return [_longer(matched, None) >= members.firsts for matched in _matched(members)]


def _says(members: Members, found: Sequence[Flags], seen: Sequence[Flags]) -> Flags:
    """Tell where a condition holds of the rules found, and for ``not`` of those seen at all."""
    rules = members.correlation.rules

    def says(node: Node) -> Flags:
        if isinstance(node, Leaf):
            place = rules.index(node.atom.column)
            return found[place] if node.wanted else ~seen[place]
        parts = [says(part) for part in node.parts]
        whole = np.logical_and if isinstance(node, AllOf) else np.logical_or
        return np.asarray(whole.reduce(parts), dtype=bool)

    if members.correlation.expression is None:
        raise ValueError("no condition over rules")
    return says(members.correlation.expression)
