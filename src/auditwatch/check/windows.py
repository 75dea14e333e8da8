"""Sliding windows: at which events a correlation holds.

A window ends at an event and reaches back by the timespan, both edges included. Events are in the
order of their times; those of one time in a fixed order. An event is in a window of its group when
one of the correlation's rules matched it and it has all the fields it is grouped by.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditwatch.check.measures import measure_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.check.correlation import Correlation

__all__ = ["Group", "Member", "Occurrence", "held_groups", "last_events"]

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
class Group:
    """The events of one group, and the windows in which a correlation holds.

    Parameters
    ----------
    members : list of Member
        In order.
    windows : list of (int, int)
        Positions of the first and the last member of each, in order.
    """

    members: list[Member]
    windows: list[tuple[int, int]]

    @property
    def last(self) -> list[Occurrence]:
        """The events at which the correlation holds."""
        return [self.members[last].event for _, last in self.windows]


def held_groups(
    correlation: Correlation, matched: Sequence[Sequence[Occurrence]]
) -> Iterator[Group]:
    """Yield each group in which a correlation holds at some event.

    Parameters
    ----------
    correlation : Correlation
        What is asked.
    matched : sequence of sequence of Occurrence
        For each of its rules the events that it matched, in any order.
    """
    for members in _groups(correlation, matched).values():
        found = list(_held(correlation, members))
        if found:
            yield Group(members, found)


def last_events(
    correlation: Correlation, matched: Sequence[Sequence[Occurrence]]
) -> list[Occurrence]:
    """Return the events at which a correlation holds, each once."""
    found = (event for group in held_groups(correlation, matched) for event in group.last)
    return list({(event.time, event.order): event for event in found}.values())


def _held(correlation: Correlation, members: Sequence[Member]) -> Iterator[tuple[int, int]]:
    """Yield the first and last position of each window of one group that holds."""
    measure = measure_of(correlation)
    first = 0
    for position, member in enumerate(members):
        oldest = member.event.time - correlation.span
        while members[first].event.time < oldest:
            measure.leave(members[first])
            first += 1
        measure.enter(member)
        if measure.holds(oldest):
            yield first, position


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
