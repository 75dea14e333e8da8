"""What every window holds, at once: counts, different values, sums, ranks, rules that matched.

A window ends at each member (`windows.Members`). Numbers are exact: in machine words where they
surely fit, in Python's own where they may not.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from auditwatch.check.amounts import amount
from auditwatch.check.chains import in_order, longest, seen
from auditwatch.check.crowding import paired
from auditwatch.check.ranges import greatest
from auditwatch.check.testing import COMPARE
from auditwatch.check.windows import Windows, members_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from auditwatch.check.amounts import Amount
    from auditwatch.check.correlation import Correlation
    from auditwatch.check.windows import Members, Timeline

    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    #: Whole numbers of any size, in machine words or as objects.
    Exact = NDArray[Any]

__all__ = ["held_windows"]

#: Products below this fit in a machine word, with room for a sum of two.
WORD: int = 1 << 61


def held_windows(correlation: Correlation, timeline: Timeline, matched: Sequence[Whole]) -> Windows:
    """Return the windows in which a correlation holds.

    Parameters
    ----------
    correlation : Correlation
        What is asked.
    timeline : Timeline
        All events.
    matched : sequence of ndarray of int64
        For each of its rules the events that it matched, each once.
    """
    members = members_of(correlation, timeline, matched)
    lasts = np.flatnonzero(_MEASURES[correlation.kind](members))
    return Windows(members, members.firsts[lasts], lasts)


def _within(members: Members, side: Callable[[Amount], NDArray[np.int8]]) -> Flags:
    """Tell for which members all limits hold.

    `side` says of a limit whether each number is below it (-1), at it (0) or above (1).
    """
    held = np.ones(len(members.events), dtype=bool)
    for order, limit in members.correlation.limits:
        held &= COMPARE[order](side(limit), 0)
    return held


def _side(numbers: Exact, limit: Amount) -> NDArray[np.int8]:
    """Return whether whole numbers are below, at or above a limit."""
    above, below = numbers > floor(limit), numbers < ceil(limit)
    return above.astype(np.int8) - below.astype(np.int8)


def _count(members: Members) -> Flags:
    """How many events."""
    sizes = np.arange(len(members.events)) - members.firsts + 1
    return _within(members, lambda limit: _side(sizes, limit))


def _different(members: Members) -> Flags:
    """How many different values, or combinations of values of several fields."""
    owners, values = _values(members)
    counts = _distinct(members, owners, values)
    return _within(members, lambda limit: _side(counts, limit))


def _distinct(members: Members, owners: Whole, values: Whole) -> Whole:
    """Return how many different values the window of each member has.

    A value counts in each window by its latest member there: from that one up to the next with the
    same value, no further than it reaches.
    """
    order = np.lexsort((owners, values))
    starts, named = owners[order], values[order]
    ends = members.reach[starts] + 1
    again = named[1:] == named[:-1]
    ends[:-1] = np.where(again, np.minimum(starts[1:], ends[:-1]), ends[:-1])
    size = len(members.events) + 1
    change = np.bincount(starts, minlength=size) - np.bincount(ends, minlength=size)
    return np.cumsum(change)[:-1]


def _values(members: Members) -> tuple[Whole, Whole]:
    """Return what members hold in the counted fields: member and number of a value, in order.

    Of several rules that matched an event, the first in which all fields have a value counts.
    """
    fields = members.correlation.fields
    told = [members.matches.codes(name) for name in fields]
    values = told[0][0]
    for codes, _ in told[1:]:
        values = paired(values, codes)
    given = np.flatnonzero(values >= 0)
    owners, values = members.owners[given], values[given]
    first = np.append(owners[:1] >= 0, owners[1:] != owners[:-1])
    owners, values = owners[first], values[first]
    cells = told[0][1]
    if len(fields) > 1 or len(cells.flatten()) == len(cells):  # a value a cell
        return owners, values
    texts = cells.flatten().dictionary_encode().indices.to_numpy().astype(np.int64)
    offsets = cells.offsets.to_numpy().astype(np.int64) - cells.offsets[0].as_py()
    lengths = np.diff(offsets)[values]
    inner = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(owners, lengths), texts[np.repeat(offsets[values], lengths) + inner]


class _Numbers:
    """The numbers that members hold in the measured field, and which of them a window has."""

    def __init__(self, members: Members) -> None:
        owners, values = _values(members)
        texts = pc.unique(members.matches.codes(members.correlation.fields[0])[1].flatten())
        amounts = [amount(text) for text in texts.to_pylist()]
        numeric = np.array([one is not None for one in amounts], dtype=bool)
        kept = numeric[values]
        self.amounts = sorted({one for one in amounts if one is not None})
        place = {one: at for at, one in enumerate(self.amounts)}
        table = np.array([-1 if one is None else place[one] for one in amounts], dtype=np.int64)
        #: Position of each number in `amounts`.
        self.ranks = table[values[kept]]
        self._before = np.searchsorted(owners[kept], np.arange(len(members.events) + 1))
        self.firsts = self._before[members.firsts]
        self.ends = self._before[1:]
        self.counts = self.ends - self.firsts

    def sums(self, numbers: Exact) -> Exact:
        """Return the sum in each window of something that each number has."""
        sums = np.concatenate([np.zeros(1, dtype=numbers.dtype), np.cumsum(numbers)])
        return np.asarray(sums[self.ends] - sums[self.firsts])

    def scaled(self) -> tuple[list[int], int]:
        """Return the amounts as whole parts, and of how many parts one is."""
        parts = lcm(*(Fraction(one).denominator for one in self.amounts))
        return [int(one * parts) for one in self.amounts], parts


def _sum(members: Members) -> Flags:
    """Exact sums, or means, of the numbers there are; of none there is neither."""
    numbers = _Numbers(members)
    whole, parts = numbers.scaled()
    most = max(map(abs, whole), default=0) * (len(numbers.ranks) + 1)
    table = np.array(whole, dtype=np.int64 if most < WORD else object)
    sums = numbers.sums(table[numbers.ranks])
    if members.correlation.kind == "value_sum":
        held = _within(members, lambda limit: _side(sums, limit * parts))
    else:
        held = _within(members, lambda limit: _mean_side(sums, numbers.counts, limit * parts, most))
    return held & (numbers.counts > 0)


def _mean_side(sums: Exact, counts: Whole, limit: Amount, most: int) -> NDArray[np.int8]:
    """Return whether means are below, at or above a limit."""
    above, below = Fraction(limit).as_integer_ratio()
    if max(most * below, abs(above) * (int(counts.max(initial=0)) + 1)) >= WORD:
        sums, counts = sums.astype(object), counts.astype(object)
    return _side(sums * below - counts * above, 0)


def _rank(members: Members) -> Flags:
    """Percentiles of the numbers there are, between two of them in proportion."""
    numbers = _Numbers(members)
    median = members.correlation.kind == "value_median"
    share = Fraction(50 if median else members.correlation.percentile) / 100
    steps, parts = share.as_integer_ratio()
    small = max(steps * (len(numbers.ranks) + 1), parts) < WORD
    steps_to = (numbers.counts - 1).astype(np.int64 if small else object) * steps
    places = steps_to // parts
    rests = steps_to - places * parts
    between = _Between(numbers, places.astype(np.int64), rests, parts)
    held = _within(members, between.side)
    return held & (numbers.counts > 0)


class _Between:
    """Where between two numbers of a window, in their order, its percentile is.

    Parameters
    ----------
    numbers : _Numbers
        Of all windows.
    places : ndarray of int64, shape (n_members,)
        Of the lower number.
    rests : ndarray, shape (n_members,)
        How far on towards the next, in parts.
    parts : int
        How many it is from one to the next.
    """

    def __init__(self, numbers: _Numbers, places: Whole, rests: Exact, parts: int) -> None:
        self._numbers, self._places, self._rests, self._parts = numbers, places, rests, parts
        self._nexts = np.where(np.asarray(rests > 0, dtype=bool), places + 1, places)

    def side(self, limit: Amount) -> NDArray[np.int8]:
        """Return whether percentiles are below, at or above a limit.

        Numbers on either side are counted. Only where the limit is between the two numbers have
        they to be known: the greatest below it and the least above.
        """
        numbers = self._numbers
        sides = np.array([(one > limit) - (one < limit) for one in numbers.amounts], dtype=np.int8)[
            numbers.ranks
        ]
        below = numbers.sums((sides < 0).astype(np.int64))
        upto = numbers.sums((sides <= 0).astype(np.int64))
        lower, upper = (
            (place >= upto).astype(np.int8) - (place < below).astype(np.int8)
            for place in (self._places, self._nexts)
        )
        found = np.where(lower == upper, lower, lower + upper).astype(np.int8)
        open_ = np.flatnonzero((lower < 0) & (upper > 0) & (numbers.counts > 0))
        found[open_] = self._sides_of(open_, sides, limit)
        return found

    def _sides_of(self, windows: Whole, sides: NDArray[np.int8], limit: Amount) -> list[int]:
        """Return the sides of windows of which the limit is between the two numbers."""
        numbers = self._numbers
        ranks, top = numbers.ranks, len(numbers.amounts)
        edges = numbers.firsts[windows], numbers.ends[windows] - 1
        lower = greatest(np.where(sides < 0, ranks, -1), *edges)
        upper = top - 1 - greatest(np.where(sides > 0, top - 1 - ranks, -1), *edges)
        rests = self._rests[windows].tolist()
        every = zip(lower.tolist(), upper.tolist(), rests, strict=True)
        told = ((numbers.amounts[low], numbers.amounts[high], rest) for low, high, rest in every)
        exact = (
            (low - limit) * (self._parts - rest) + (high - limit) * rest for low, high, rest in told
        )
        return [(one > 0) - (one < 0) for one in exact]


def _rules(members: Members) -> Flags:
    """Which rules matched, whatever their order."""
    correlation = members.correlation
    if correlation.expression is not None:
        return seen(members)
    counts = _distinct(members, members.owners, members.matches.places)
    if correlation.limits:
        return _within(members, lambda limit: _side(counts, limit))
    return np.asarray(counts == len(correlation.rules))


def _order(members: Members) -> Flags:
    """Which rules matched in their order."""
    if members.correlation.expression is not None:
        return in_order(members)
    lengths = longest(members)
    if members.correlation.limits:
        return _within(members, lambda limit: _side(lengths, limit))
    return np.asarray(lengths == len(members.correlation.rules))


_MEASURES: dict[str, Callable[[Members], Flags]] = {
    "event_count": _count,
    "value_count": _different,
    "value_sum": _sum,
    "value_avg": _sum,
    "value_median": _rank,
    "value_percentile": _rank,
    "temporal": _rules,
    "temporal_ordered": _order,
}
