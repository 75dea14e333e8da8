"""Judging events of others: the same conditions, the same windows, no workspace."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditwatch.check.condition import leaves
from auditwatch.check.events import EventColumns, Unread, batches_of, read_events
from auditwatch.check.moments import microseconds, moment
from auditwatch.check.narrow import sure_rows
from auditwatch.check.windows import Occurrence, last_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

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
    _matched: dict[str, list[Occurrence]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._spoken = self.rules.spoken
        self._trees = [rule.tree for rule in self.rules.rules if rule.tree is not None]
        wanted = [rule.correlation for rule in self.rules.rules if rule.correlation]
        called = {self.rules.named(name).rule_id for one in wanted for name in one.rules}
        self._called = frozenset(called)
        self._read = frozenset(name for one in wanted for name in one.reads)

    def detect(self, events: Sequence[Event]) -> None:
        """Judge a batch by every detection."""
        columns = EventColumns(events, self.zone)
        columns.expect(leaf.atom for tree in self._trees for leaf in leaves(tree))
        known: dict[int, Occurrence | None] = {}
        for rule in self.rules.rules:
            rows = [] if rule.tree is None else sure_rows(rule.tree, columns).tolist()
            if rule.rule_id in self._spoken:
                self.hits += [(events[row].line, rule.rule_id) for row in rows]
            for row in rows if rule.rule_id in self._called else ():
                if row not in known:
                    known[row] = self._occurrence(events[row])
                event = known[row]
                if event is None:
                    self.timeless.add(events[row].line)
                else:
                    self._matched[rule.rule_id].append(event)

    def correlate(self) -> None:
        """Judge what was detected by every correlation, those of others first."""
        for rule in self.rules.rules:
            if rule.correlation is None:
                continue
            called = [self.rules.named(name).rule_id for name in rule.correlation.rules]
            found = last_events(rule.correlation, [self._matched[one] for one in called])
            self._matched[rule.rule_id] = found
            if rule.rule_id in self._spoken:
                self.hits += [(int(event.order), rule.rule_id) for event in found]

    def _occurrence(self, event: Event) -> Occurrence | None:
        """Return what correlations need of an event; None when it tells no time."""
        for name in self.time_fields:
            for text in event.fields.get(name, ()):
                when = None if text is None else moment(text, self.zone)
                if when is not None:
                    return Occurrence(microseconds(when), event.line, self._fields(event))
        return None

    def _fields(self, event: Event) -> dict[str, tuple[str, ...]]:
        """Return the values of the fields that correlations read."""
        given = {name: event.fields.get(name, ()) for name in self._read}
        told = {name: tuple(one for one in cell if one is not None) for name, cell in given.items()}
        return {name: cell for name, cell in told.items() if cell}
