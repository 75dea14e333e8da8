"""Sliding windows: at which events a correlation holds.

A window ends at an event and reaches back by the timespan, both edges included. Events are in the
order of their times; those of one time in a fixed order. An event is in a window of its group when
one of the correlation's rules matched it and it has all the fields it is grouped by.

All windows of all groups slide at once: the members of the groups stand one after the other, each
is the last of one window, and where that window begins is looked up. As neither edge ever moves
back, what a member adds to the windows it is in is added to a range of them (`measures`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from auditwatch.check.crowding import crowded, paired
from auditwatch.check.ranges import greatest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from auditwatch.check.correlation import Correlation

    Whole = NDArray[np.int64]

__all__ = ["Cells", "Matches", "Members", "Timeline", "Windows", "members_of"]


@dataclass(frozen=True)
class Cells:
    """What some fields hold in every event.

    Parameters
    ----------
    codes : sequence of ndarray of int64, shape (n_events,)
        For each field; the same number for the same values, whichever field; -1 without a value.
    texts : pa.ListArray
        The values that each number stands for.
    """

    codes: Sequence[Whole]
    texts: pa.ListArray


class Timeline(Protocol):
    """Events that have a time."""

    @property
    def times(self) -> Whole:
        """Microseconds since 1970, shape (n_events,)."""

    def ranks(self, events: Whole) -> Whole:
        """Return numbers in the fixed order of some events, whatever their times."""

    def cells(self, names: Sequence[str]) -> Cells:
        """Return what some fields hold."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Events that the rules of a correlation matched.

    Parameters
    ----------
    correlation : Correlation
        What is asked of them.
    timeline : Timeline
        All events.
    events, places : ndarray of int64, shape (n_matches,)
        Which event, and the position in the correlation of the rule that matched it.
    """

    correlation: Correlation
    timeline: Timeline
    events: Whole
    places: Whole

    def of(self, which: Whole | NDArray[np.bool_]) -> Matches:
        """Return some matches."""
        return replace(self, events=self.events[which], places=self.places[which])

    def codes(self, name: str) -> tuple[Whole, pa.ListArray]:
        """Return what a field, or alias, holds in each match: numbers, and their values."""
        rules = self.correlation.rules
        names = [self.correlation.field_of(name, rule) for rule in rules]
        distinct = list(dict.fromkeys(names))
        cells = self.timeline.cells(distinct)
        if len(distinct) == 1:
            return cells.codes[0][self.events], cells.texts
        table = np.stack([cells.codes[distinct.index(one)] for one in names])
        return table[self.places, self.events], cells.texts


@dataclass(frozen=True, eq=False)
class Members:
    """Events in their groups, group by group, in order.

    Parameters
    ----------
    matches : Matches
        In the order of the members, then of the rules.
    owners : ndarray of int64, shape (n_matches,)
        Which member each match is of.
    events : ndarray of int64, shape (n_members,)
        Which event each member is; an event may be in several groups.
    firsts : ndarray of int64, shape (n_members,)
        Position of the first member of the window that ends at each.
    """

    matches: Matches
    owners: Whole
    events: Whole
    firsts: Whole

    @property
    def correlation(self) -> Correlation:
        """What is asked of them."""
        return self.matches.correlation

    @cached_property
    def reach(self) -> Whole:
        """Position of the last member whose window each is in."""
        return np.searchsorted(self.firsts, np.arange(len(self.firsts)), side="right") - 1


@dataclass(frozen=True)
class Windows:
    """The windows in which a correlation holds.

    Parameters
    ----------
    members : Members
        All that any window is of.
    firsts, lasts : ndarray of int64, shape (n_windows,)
        Positions of the first and the last member of each, in order.
    """

    members: Members
    firsts: Whole
    lasts: Whole

    @property
    def last(self) -> Whole:
        """The events at which the correlation holds, each once."""
        return np.unique(self.members.events[self.lasts])

    def ending(self, wanted: NDArray[np.bool_]) -> Windows:
        """Return those windows that end at some events; `wanted` has a flag an event."""
        kept = wanted[self.members.events[self.lasts]]
        return Windows(self.members, self.firsts[kept], self.lasts[kept])

    def largest(self) -> tuple[Whole, Whole]:
        """Return the events that are in some window, and the size of the largest one of each."""
        places = np.arange(len(self.members.events))
        begin = np.searchsorted(self.lasts, places)
        end = np.searchsorted(self.firsts, places, side="right")
        inside = np.flatnonzero(begin < end)
        sizes = self.lasts - self.firsts + 1
        largest = greatest(sizes, begin[inside], end[inside] - 1)
        events, at = np.unique(self.members.events[inside], return_inverse=True)
        found = np.zeros(len(events), dtype=np.int64)
        np.maximum.at(found, at, largest)
        return events, found


def members_of(correlation: Correlation, timeline: Timeline, matched: Sequence[Whole]) -> Members:
    """Put events in their groups and in order.

    Parameters
    ----------
    correlation : Correlation
        What is asked.
    timeline : Timeline
        All events.
    matched : sequence of ndarray of int64
        For each of its rules the events that it matched, each once.
    """
    events = np.concatenate([np.empty(0, dtype=np.int64), *matched])
    places = np.repeat(np.arange(len(matched)), [len(found) for found in matched])
    matches = Matches(correlation, timeline, events, places)
    groups = np.zeros(len(events), dtype=np.int64)
    for name in correlation.group:
        groups = paired(groups, matches.codes(name)[0])
    kept = crowded(matches, groups)
    matches, groups = matches.of(kept), groups[kept]
    order = _order(matches, groups)
    matches, groups = matches.of(order), groups[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (matches.events[1:] != matches.events[:-1]) | (groups[1:] != groups[:-1])
    events = matches.events[new]
    firsts = _firsts(timeline.times[events], groups[new], correlation.span)
    return Members(matches, np.cumsum(new) - 1, events, firsts)


def _order(matches: Matches, groups: Whole) -> Whole:
    """Return the order of matches: by group, time, event and rule."""
    events, timeline = matches.events, matches.timeline
    times = timeline.times[events]
    order = np.lexsort((matches.places, events, times, groups))
    sorted_ = events[order]
    close = sorted_[1:] != sorted_[:-1]
    for one in (groups[order], times[order]):
        close &= one[1:] == one[:-1]
    if not close.any():
        return order
    told = np.unique(sorted_[np.append(close, [False]) | np.append([False], close)])
    ranks = np.zeros(len(timeline.times), dtype=np.int64)
    ranks[told] = timeline.ranks(told)
    return np.lexsort((matches.places, events, ranks[events], times, groups))


def _firsts(times: Whole, groups: Whole, span: int) -> Whole:
    """Return where the window begins that ends at each member; these are in order.

    Times are told by their ranks: sums of what logs hold need not fit a machine's number.
    """
    distinct, ranks = np.unique(times, return_inverse=True)
    oldest = np.searchsorted(distinct, distinct - min(span, _span_max(distinct)))
    _, groups = np.unique(groups, return_inverse=True)
    base = groups * (len(distinct) + 1)
    return np.searchsorted(base + ranks, base + oldest[ranks]).astype(np.int64)


def _span_max(times: Whole) -> int:
    """Return a timespan that reaches from any time to any other."""
    return int(times[-1]) - int(times[0]) if len(times) else 0
