"""Correlations over lookups: which of them stand in a window in which a correlation holds."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.crowding import crowded, least_of
from auditwatch.check.narrow import possible_rows, sure_rows
from auditwatch.check.rule import COUNTED
from auditwatch.check.windows import Occurrence, held_groups, last_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.rule import Rule
    from auditwatch.check.windows import Group

__all__ = ["Stretches"]


class Stretches:
    """What each rule matched, for the correlations that name it.

    Parameters
    ----------
    rules : sequence of Rule
        All of a pack.
    columns : Columns
        The lookups that are judged.
    earlier : Columns, optional
        Lookups before them, in which windows may begin; nothing is said of these.
    """

    def __init__(
        self, rules: Sequence[Rule], columns: Columns, earlier: Columns | None = None
    ) -> None:
        read = frozenset(
            one for rule in rules if rule.correlation for one in rule.correlation.reads
        )
        self._rules = {rule.rule_id: rule for rule in rules}
        self._judged = _Part(columns, read)
        self._earlier = None if earlier is None else _Part(earlier, read)
        self._matched: dict[str, list[Occurrence]] = {}

    def found(self, rule: Rule, _: Columns) -> tuple[NDArray[np.int64], int, dict[str, pa.Array]]:
        """Return the rows in windows of a correlation, how many it leaves open, and what it says.

        Windows that end before the lookups that are judged were told of when these were judged.
        """
        sizes: dict[int, int] = {}
        for group in self._held(rule):
            for row, size in self._sizes(group).items():
                sizes[row] = max(sizes.get(row, 0), size)
        sizes = dict(sorted(sizes.items()))
        counted = pa.array(map(str, sizes.values()), pa.string())
        rows = np.fromiter(sizes, dtype=np.int64, count=len(sizes))
        return rows, self._judged.undecided(rule), {COUNTED: counted}

    def _held(self, rule: Rule) -> Iterable[Group]:
        """Return the groups in which a correlation holds."""
        if rule.correlation is None:
            return ()
        return held_groups(rule.correlation, self._called(rule))

    def _sizes(self, group: Group) -> dict[int, int]:
        """Return the rows of one group with the size of the largest window of each."""
        rows = [self._judged.row_of.get(str(one.event.order), -1) for one in group.members]
        windows = [one for one in group.windows if rows[one[1]] >= 0]
        sizes = _largest(windows, len(rows))
        return {rows[place]: size for place, size in sizes.items() if rows[place] >= 0}

    def _called(self, rule: Rule) -> list[list[Occurrence]]:
        """Return what each rule matched that a correlation names, as far as it can count."""
        named = [self._rules[name] for name in rule.calls]
        correlation = rule.correlation
        if correlation is None or least_of(correlation) < 2 or any(o.correlation for o in named):
            return [self._occurrences(one) for one in named]
        parts = [self._judged, *filter(None, [self._earlier])]
        matched = [(part, part.timed(one)) for one in named for part in parts]
        kept = crowded(correlation, [(part.columns, rows) for part, rows in matched])
        found = [
            part.occurrences(rows[flags]) for (part, rows), flags in zip(matched, kept, strict=True)
        ]
        of_rule = len(parts)
        return [
            list(chain.from_iterable(found[at : at + of_rule]))
            for at in range(0, len(found), of_rule)
        ]

    def _occurrences(self, rule: Rule) -> list[Occurrence]:
        """Return what a rule matched: lookups, or the last ones of a correlation's windows."""
        if rule.rule_id not in self._matched:
            if rule.correlation is not None:
                found = last_events(rule.correlation, self._called(rule))
            else:
                parts = filter(None, [self._judged, self._earlier])
                found = [one for part in parts for one in part.occurrences(part.timed(rule))]
            self._matched[rule.rule_id] = found
        return self._matched[rule.rule_id]


def _largest(windows: Iterable[tuple[int, int]], count: int) -> dict[int, int]:
    """Return for each position in some window the size of the largest one.

    The largest window is dealt out first; of each later one only what is left.
    """
    sizes: dict[int, int] = {}
    following = list(range(count + 1))  # the next position that has no size yet, or nearer to it
    for first, last in sorted(windows, key=lambda one: (one[0] - one[1], one)):
        place = first
        while (place := _end(following, place)) <= last:
            sizes[place] = last - first + 1
            following[place] = place + 1
    return sizes


def _end(following: list[int], place: int) -> int:
    """Return where a way along the list ends, and make the way shorter for the next."""
    while following[place] != place:
        following[place] = following[following[place]]
        place = following[place]
    return place


class _Part:
    """A batch of lookups as correlations see it.

    Parameters
    ----------
    columns : Columns
        The batch.
    read : frozenset of str
        Columns that correlations group by or measure.
    """

    def __init__(self, columns: Columns, read: frozenset[str]) -> None:
        self.columns = columns
        self.row_of: dict[str, int] = {}
        self._read = sorted(read)
        self._times = _times(columns)

    def timed(self, rule: Rule) -> NDArray[np.int64]:
        """Return the lookups with a time for which a rule holds."""
        rows = sure_rows(rule.tree, self.columns)
        return rows[self._times[rows] >= 0]

    def occurrences(self, rows: NDArray[np.int64]) -> list[Occurrence]:
        """Return some lookups as correlations see them."""
        names = self.columns.batch.column("event_id").take(pa.array(rows)).to_pylist()
        self.row_of |= dict(zip(names, rows.tolist(), strict=True))
        fields = [self._cells(name, rows) for name in self._read]
        return [
            Occurrence(time, name, _told(self._read, cells))
            for time, name, *cells in zip(self._times[rows].tolist(), names, *fields, strict=True)
        ]

    def _cells(self, name: str, rows: NDArray[np.int64]) -> list[tuple[str, ...]]:
        """Return the value of a column in some rows; nothing where it has none or is unknown."""
        column = self.columns.coded(name)
        table: list[tuple[str, ...]] = [*((text,) for text in column.texts()), (), ()]
        return [table[code] for code in column.codes[rows].tolist()]

    def undecided(self, rule: Rule) -> int:
        """Return how many lookups may match, or match and cannot be put in a group."""
        sure = sure_rows(rule.tree, self.columns)
        open_rows = np.zeros(self.columns.height, dtype=bool)
        open_rows[possible_rows(rule.tree, self.columns)] = True
        open_rows[sure] = self._times[sure] < 0
        for name in rule.correlation.reads if rule.correlation else ():
            column = self.columns.coded(name)
            open_rows[sure] |= column.codes[sure] == column.unknown
        return int(open_rows.sum())


def _told(names: Sequence[str], cells: Sequence[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the fields that have a value."""
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell}


def _times(columns: Columns) -> NDArray[np.int64]:
    """Return microseconds since 1970; -1 where there is no time, or a day without an hour."""
    batch = columns.batch
    if "event_time" not in batch.schema.names:
        return np.full(columns.height, -1, dtype=np.int64)
    times = pc.fill_null(batch.column("event_time").cast(pa.int64()), -1)
    quality = columns.coded("time_quality")
    days = np.array([*(text == "date_only" for text in quality.texts()), False, False])
    return np.where(days[quality.codes], -1, times.to_numpy(zero_copy_only=False))
