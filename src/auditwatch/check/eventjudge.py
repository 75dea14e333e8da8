"""Judging events of others: the same conditions, the same windows, no workspace."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.check.condition import leaves
from auditwatch.check.events import EventColumns, Unread, batches_of, read_events
from auditwatch.check.measures import held_windows
from auditwatch.check.moments import microseconds, moment
from auditwatch.check.narrow import sure_rows
from auditwatch.check.windows import Cells

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from auditwatch.check.events import Event
    from auditwatch.check.foreign import ForeignRules

__all__ = ["JudgedEvents", "judge_events"]

#: Where common sources keep an event's time, the surest name first.
TIME_FIELDS: Final = (
    "@timestamp",
    "timestamp",
    "_time",
    "event_time",
    "eventTime",
    "EventTime",
    "time",
    "ts",
    "CreationTime",
    "UtcTime",
    "TimeCreated",
    "SystemTime",
    "Event.System.TimeCreated.#attributes.SystemTime",
)


@dataclass(frozen=True)
class JudgedEvents:
    """What the rules say of a file of events.

    Parameters
    ----------
    hits : list of (int, str)
        Line of the event and id of the rule, sorted. For a correlation the line is that of the
        last event of a window in which it holds.
    unread : list of Unread
        Lines that hold no event.
    timeless : int
        Events that a rule of some correlation matched, but that tell no time.
    """

    hits: list[tuple[int, str]]
    unread: list[Unread]
    timeless: int


def judge_events(
    rules: ForeignRules, path: Path, zone: ZoneInfo, time_field: str | None = None
) -> JudgedEvents:
    """Judge every event of a file.

    Parameters
    ----------
    rules : ForeignRules
        From `load_foreign`.
    path : Path
        JSON lines.
    zone : ZoneInfo
        The clock of ``hour`` and the like, and of times without an offset.
    time_field : str, optional
        The field with an event's time; else the first of `TIME_FIELDS` that holds one.
    """
    work = _Work(rules, zone, (time_field,) if time_field else TIME_FIELDS)
    unread: list[Unread] = []
    for events, bad in batches_of(read_events(path)):
        unread += bad
        work.detect(events)
    work.correlate()
    return JudgedEvents(sorted(set(work.hits)), unread, len(work.timeless))


@dataclass
class _Work:
    """Hits so far, and what correlations need of them."""

    rules: ForeignRules
    zone: ZoneInfo
    time_fields: tuple[str, ...]
    hits: list[tuple[int, str]] = field(default_factory=list)
    timeless: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._spoken = self.rules.spoken
        self._trees = [rule.tree for rule in self.rules.rules if rule.tree is not None]
        wanted = [rule.correlation for rule in self.rules.rules if rule.correlation]
        called = {self.rules.named(name).rule_id for one in wanted for name in one.rules}
        self._called = frozenset(called)
        self._timeline = _Timeline(frozenset(name for one in wanted for name in one.reads))
        self._matched: dict[str, list[int]] = defaultdict(list)

    def detect(self, events: Sequence[Event]) -> None:
        """Judge a batch by every detection."""
        columns = EventColumns(events, self.zone)
        columns.expect(leaf.atom for tree in self._trees for leaf in leaves(tree))
        known: dict[int, int | None] = {}
        for rule in self.rules.rules:
            rows = [] if rule.tree is None else sure_rows(rule.tree, columns).tolist()
            if rule.rule_id in self._spoken:
                self.hits += [(events[row].line, rule.rule_id) for row in rows]
            for row in rows if rule.rule_id in self._called else ():
                if row not in known:
                    known[row] = self._placed(events[row])
                place = known[row]
                if place is None:
                    self.timeless.add(events[row].line)
                else:
                    self._matched[rule.rule_id].append(place)

    def correlate(self) -> None:
        """Judge what was detected by every correlation, those of others first."""
        for rule in self.rules.rules:
            if rule.correlation is None:
                continue
            called = [self.rules.named(name).rule_id for name in rule.correlation.rules]
            matched = [np.array(self._matched[one], dtype=np.int64) for one in called]
            found = held_windows(rule.correlation, self._timeline, matched).last.tolist()
            self._matched[rule.rule_id] = found
            if rule.rule_id in self._spoken:
                self.hits += [(self._timeline.lines[place], rule.rule_id) for place in found]

    def _placed(self, event: Event) -> int | None:
        """Return where an event is among those with a time; None when it tells none."""
        for name in self.time_fields:
            for text in event.fields.get(name, ()):
                when = None if text is None else moment(text, self.zone)
                if when is not None:
                    return self._timeline.add(microseconds(when), event)
        return None


class _Timeline:
    """Events that some rule of a correlation matched (a `windows.Timeline`).

    Parameters
    ----------
    read : frozenset of str
        Fields that correlations read.
    """

    def __init__(self, read: frozenset[str]) -> None:
        self.lines: list[int] = []
        self._times: list[int] = []
        self._codes: dict[str, list[int]] = {name: [] for name in sorted(read)}
        self._texts: dict[tuple[str, ...], int] = {}

    def add(self, time: int, event: Event) -> int:
        """Add an event, in the order of lines, and return its place."""
        self._times.append(time)
        self.lines.append(event.line)
        for name, codes in self._codes.items():
            cell = tuple(text for text in event.fields.get(name, ()) if text is not None)
            codes.append(self._texts.setdefault(cell, len(self._texts)) if cell else -1)
        return len(self.lines) - 1

    @property
    def times(self) -> NDArray[np.int64]:
        """Microseconds since 1970."""
        return np.array(self._times, dtype=np.int64)

    def ranks(self, events: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of events in the order of their lines."""
        return np.array(self.lines, dtype=np.int64)[events]

    def cells(self, names: Sequence[str]) -> Cells:
        """Return what some fields hold: all have their values in one list."""
        codes = [np.array(self._codes[name], dtype=np.int64) for name in names]
        return Cells(codes, pa.array(map(list, self._texts), pa.list_(pa.string())))
