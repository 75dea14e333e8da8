"""Sliding windows: at which events a correlation holds.

A window ends at an event and reaches back by the timespan, both edges included. Events are in the
order of their times; those of one time in a fixed order. An event is in a window of its group when
one of the correlation's rules matched it and it has all the fields it is grouped by.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditwatch.check.measures import measure_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.check.correlation import Correlation

__all__ = ["Member", "Occurrence", "Window", "windows"]

Cell = tuple[str | None, ...]
Key = tuple[Cell, ...]


@dataclass(frozen=True)
class Occurrence:
    """An event that some rule matched.

    Parameters
    ----------
    time : int
        Microseconds since 1970.
    order : int or str
        Orders events of one time; also says which event it is.
    fields : mapping of str to tuple
        Values of the fields that correlations read; a field without a value is left out.
    """

    time: int
    order: int | str
    fields: Mapping[str, Cell]


@dataclass(frozen=True)
class Member:
    """An event in its group, with the rules that put it there (positions in the correlation)."""

    event: Occurrence
    rules: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """A window for which the correlation holds: the group's key, and its events in order."""

    key: Key
    members: tuple[Member, ...]

    @property
    def last(self) -> Occurrence:
        """The event at which it holds."""
        return self.members[-1].event


def windows(
    correlation: Correlation, matched: Sequence[Sequence[Occurrence]], *, whole: bool = False
) -> Iterator[Window]:
    """Yield a window for each event at which a correlation holds, group by group.

    Parameters
    ----------
    correlation : Correlation
        What is asked.
    matched : sequence of sequence of Occurrence
        For each of its rules the events that it matched, in any order.
    whole : bool
        Keep all members of each window; else the last one alone, which costs less.
    """
    for key, members in sorted(
        _groups(correlation, matched).items(), key=lambda item: repr(item[0])
    ):
        for first, last in _held(correlation, members):
            yield Window(key, tuple(members[first if whole else last : last + 1]))


def _held(correlation: Correlation, members: Sequence[Member]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of each window of one group that holds."""
    measure = measure_of(correlation)
    inside: deque[int] = deque()
    for position, member in enumerate(members):
        oldest = member.event.time - correlation.span
        while inside and members[inside[0]].event.time < oldest:
            measure.leave(members[inside.popleft()])
        inside.append(position)
        measure.enter(member)
        if measure.holds(oldest):
            yield inside[0], position


def _groups(
    correlation: Correlation, matched: Sequence[Sequence[Occurrence]]
) -> dict[Key, list[Member]]:
    """Return the members of each group in order."""
    rules: dict[Key, dict[tuple[int, int | str], list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    events: dict[tuple[int, int | str], Occurrence] = {}
    for place, (rule, found) in enumerate(zip(correlation.rules, matched, strict=True)):
        named = [correlation.field_of(name, rule) for name in correlation.group]
        for event in found:
            key = tuple(event.fields.get(name, ()) for name in named)
            if all(key):
                events[event.time, event.order] = event
                rules[key][event.time, event.order].append(place)
    return {
        key: [Member(events[at], tuple(places)) for at, places in sorted(of_key.items())]
        for key, of_key in rules.items()
    }
