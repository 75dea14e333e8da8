"""What is kept of a window while it slides: counts, values, sums, ranks, rules seen."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from auditwatch.check.amounts import amount
from auditwatch.check.condition import AllOf, Leaf
from auditwatch.check.testing import COMPARE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditwatch.check.amounts import Amount
    from auditwatch.check.condition import Node
    from auditwatch.check.correlation import Correlation
    from auditwatch.check.windows import Member

__all__ = ["Measure", "measure_of"]


class Measure(Protocol):
    """What is known of the events in a window."""

    def enter(self, member: Member) -> None:
        """Take an event in, later than all before."""

    def leave(self, member: Member) -> None:
        """Let the oldest event go."""

    def holds(self, oldest: int) -> bool:
        """Tell whether the correlation holds; `oldest` is where the window begins."""


def measure_of(correlation: Correlation) -> Measure:
    """Return an empty measure of the kind that a correlation asks for."""
    return _MEASURES[correlation.kind](correlation)


class _Limits:
    """Comparisons that must all hold."""

    def __init__(self, correlation: Correlation) -> None:
        self.correlation = correlation
        self._limits = [(COMPARE[name], limit) for name, limit in correlation.limits]

    def within(self, number: Amount) -> bool:
        """Tell whether a number is within all limits."""
        return all(compare(number, limit) for compare, limit in self._limits)

    def cells(self, member: Member) -> Iterator[tuple[tuple[str | None, ...], ...]]:
        """Yield what the counted fields hold, of the first rule in which all have a value."""
        for place in member.rules:
            rule = self.correlation.rules[place]
            names = [self.correlation.field_of(name, rule) for name in self.correlation.fields]
            cells = tuple(member.event.fields.get(name, ()) for name in names)
            if all(cells):
                yield cells
                return

    def amounts(self, member: Member) -> Iterator[Amount]:
        """Yield the numbers that the measured field holds."""
        for text in chain.from_iterable(cell for (cell,) in self.cells(member)):
            number = None if text is None else amount(text)
            if number is not None:
                yield number


class _Events(_Limits):
    """How many events."""

    count = 0

    def enter(self, _: Member) -> None:
        self.count += 1

    def leave(self, _: Member) -> None:
        self.count -= 1

    def holds(self, _: int) -> bool:
        return self.within(self.count)


class _Values(_Limits):
    """How many different values, or combinations of values of several fields."""

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._counts: Counter[object] = Counter()

    def _of(self, member: Member) -> Iterator[object]:
        for cells in self.cells(member):
            yield from cells[0] if len(cells) == 1 else (cells,)

    def enter(self, member: Member) -> None:
        self._counts.update(self._of(member))

    def leave(self, member: Member) -> None:
        for value in self._of(member):
            self._counts[value] -= 1
            if not self._counts[value]:
                del self._counts[value]

    def holds(self, _: int) -> bool:
        return self.within(len(self._counts))


class _Sum(_Limits):
    """The exact sum, or the mean, of the numbers there are; of none there is neither."""

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._sum: Amount = 0
        self._count = 0

    def enter(self, member: Member) -> None:
        for number in self.amounts(member):
            self._sum += number
            self._count += 1

    def leave(self, member: Member) -> None:
        for number in self.amounts(member):
            self._sum -= number
            self._count -= 1

    def holds(self, _: int) -> bool:
        if not self._count:
            return False
        mean = self.correlation.kind == "value_avg"
        return self.within(Fraction(self._sum, self._count) if mean else self._sum)


class _Ranks(_Limits):
    """A percentile of the numbers there are, between two of them in proportion."""

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._sorted: list[Amount] = []

    def enter(self, member: Member) -> None:
        for number in self.amounts(member):
            insort(self._sorted, number)

    def leave(self, member: Member) -> None:
        for number in self.amounts(member):
            del self._sorted[bisect_left(self._sorted, number)]

    def holds(self, _: int) -> bool:
        if not self._sorted:
            return False
        median = self.correlation.kind == "value_median"
        share = 50 if median else self.correlation.percentile
        place, rest = divmod(Fraction(share, 100) * (len(self._sorted) - 1), 1)
        below, above = self._sorted[place], self._sorted[min(place + 1, len(self._sorted) - 1)]
        return self.within(below + (above - below) * rest)


class _Rules(_Limits):
    """Which rules matched, whatever their order."""

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._seen: dict[int, int] = {}

    def enter(self, member: Member) -> None:
        for place in member.rules:
            self._seen[place] = member.event.time

    def leave(self, _: Member) -> None:
        """Nothing: what is older than the window does not count."""

    def holds(self, oldest: int) -> bool:
        seen = {place for place, time in self._seen.items() if time >= oldest}
        return self.holds_of(seen, seen)

    def holds_of(self, found: set[int], seen: set[int]) -> bool:
        """Tell whether rules found (and those seen at all, for ``not``) are what is asked."""
        rules = self.correlation.rules
        if self.correlation.expression is not None:
            return _says(
                self.correlation.expression,
                lambda name, wanted: (
                    rules.index(name) in found if wanted else rules.index(name) not in seen
                ),
            )
        if self.correlation.limits:
            return self.within(len(found))
        return len(found) == len(rules)


class _Order(_Rules):
    """Which rules matched in their order: chains of events, each later than the one before.

    For each set of rules the latest start of a chain that goes through just these, in order, is
    kept: a chain is in the window when it starts in it.
    """

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._starts: dict[int, int] = {}

    def enter(self, member: Member) -> None:
        super().enter(member)
        for place in reversed(member.rules):  # so that one event is one link of a chain
            for chain_, start in list(self._starts.items()):
                if chain_ < 1 << place:
                    longer = chain_ | 1 << place
                    self._starts[longer] = max(self._starts.get(longer, start), start)
            self._starts[1 << place] = member.event.time

    def holds(self, oldest: int) -> bool:
        seen = {place for place, time in self._seen.items() if time >= oldest}
        self._starts = {one: start for one, start in self._starts.items() if start >= oldest}
        places = range(len(self.correlation.rules))
        chains = [{place for place in places if one >> place & 1} for one in (0, *self._starts)]
        if self.correlation.expression is None:
            return self.holds_of(max(chains, key=len), seen)
        return any(self.holds_of(found, seen) for found in chains)


def _says(node: Node, holds: Callable[[str, bool], bool]) -> bool:
    """Tell whether a condition over rules holds."""
    if isinstance(node, Leaf):
        return holds(node.atom.column, node.wanted)
    parts = (_says(part, holds) for part in node.parts)
    return all(parts) if isinstance(node, AllOf) else any(parts)


_MEASURES: dict[str, Callable[[Correlation], Measure]] = {
    "event_count": _Events,
    "value_count": _Values,
    "value_sum": _Sum,
    "value_avg": _Sum,
    "value_median": _Ranks,
    "value_percentile": _Ranks,
    "temporal": _Rules,
    "temporal_ordered": _Order,
}
