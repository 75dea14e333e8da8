"""Correlations over lookups: which of them stand in a window in which a correlation holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.measures import held_windows
from auditwatch.check.narrow import possible_rows, sure_rows
from auditwatch.check.rule import COUNTED
from auditwatch.check.windows import Cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.rule import Rule
    from auditwatch.check.windows import Windows

    Whole = NDArray[np.int64]

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
        self._rules = {rule.rule_id: rule for rule in rules}
        self._columns = columns
        self._lookups = _Lookups([columns, *([] if earlier is None else [earlier])])
        self._matched: dict[str, Whole] = {}
        self._held: dict[str, Windows] = {}

    def found(self, rule: Rule, _: Columns) -> tuple[Whole, int, dict[str, pa.Array]]:
        """Return the rows in windows of a correlation, how many it leaves open, and what it says.

        Windows that end before the lookups that are judged were told of when these were judged.
        """
        height = self._columns.height
        judged = np.arange(len(self._lookups.times)) < height
        events, sizes = self._windows(rule).ending(judged).largest()
        rows = events < height
        counted = pa.array(sizes[rows]).cast(pa.string())
        return events[rows], self._undecided(rule), {COUNTED: counted}

    def _windows(self, rule: Rule) -> Windows:
        """Return the windows in which a correlation holds."""
        if rule.correlation is None:
            raise ValueError(f"{rule.rule_id} is no correlation")
        if rule.rule_id not in self._held:
            matched = [self._matches(self._rules[name]) for name in rule.calls]
            self._held[rule.rule_id] = held_windows(rule.correlation, self._lookups, matched)
        return self._held[rule.rule_id]

    def _matches(self, rule: Rule) -> Whole:
        """Return what a rule matched: lookups, or the last ones of a correlation's windows."""
        if rule.rule_id not in self._matched:
            called = rule.correlation is not None
            found = self._windows(rule).last if called else self._lookups.matching(rule)
            self._matched[rule.rule_id] = found
        return self._matched[rule.rule_id]

    def _undecided(self, rule: Rule) -> int:
        """Return how many lookups may match, or match and cannot be put in a group."""
        columns = self._columns
        sure = sure_rows(rule.tree, columns)
        open_rows = np.zeros(columns.height, dtype=bool)
        open_rows[possible_rows(rule.tree, columns)] = True
        open_rows[sure] = self._lookups.times[sure] < 0
        for name in rule.correlation.reads if rule.correlation else ():
            column = columns.coded(name)
            open_rows[sure] |= column.codes[sure] == column.unknown
        return int(open_rows.sum())


class _Lookups:
    """Lookups as events of correlations, batch after batch (a `windows.Timeline`).

    Parameters
    ----------
    parts : sequence of Columns
        Batches of lookups, at least one.
    """

    def __init__(self, parts: Sequence[Columns]) -> None:
        self._parts = parts
        self._starts = np.cumsum([0, *(part.height for part in parts)])
        self._cells: dict[tuple[str, ...], Cells] = {}
        #: Microseconds since 1970; -1 where there is no time, or a day without an hour.
        self.times: Whole = np.concatenate([_times(part) for part in parts])

    def matching(self, rule: Rule) -> Whole:
        """Return the lookups with a time for which a rule holds."""
        rows = np.concatenate(
            [
                start + sure_rows(rule.tree, part)
                for start, part in zip(self._starts, self._parts, strict=False)
            ]
        )
        return np.asarray(rows[self.times[rows] >= 0])

    def ranks(self, events: Whole) -> Whole:
        """Return the places of some lookups in the order of their names."""
        names = [part.batch.column("event_id").cast(pa.string()) for part in self._parts]
        chosen = pa.concat_arrays(names).take(pa.array(events))
        return np.asarray(pc.rank(chosen).to_numpy().astype(np.int64))

    def cells(self, names: Sequence[str]) -> Cells:
        """Return what some columns hold; nothing where one has no value or it is unknown."""
        key = tuple(names)
        if key not in self._cells:
            self._cells[key] = self._coded(key)
        return self._cells[key]

    def _coded(self, names: Sequence[str]) -> Cells:
        """Work out what `cells` returns."""
        columns = [part.coded(name) for name in names for part in self._parts]
        coded = pa.concat_arrays(
            [column.values.cast(pa.string()) for column in columns]
        ).dictionary_encode()
        places = coded.indices.to_numpy().astype(np.int64)
        shares = np.split(places, np.cumsum([len(column.values) for column in columns])[:-1])
        codes = [
            np.append(share, [-1, -1])[column.codes]
            for share, column in zip(shares, columns, strict=True)
        ]
        of_name = len(self._parts)
        return Cells(
            [np.concatenate(codes[at : at + of_name]) for at in range(0, len(codes), of_name)],
            pa.ListArray.from_arrays(np.arange(len(coded.dictionary) + 1), coded.dictionary),
        )


def _times(columns: Columns) -> Whole:
    """Return microseconds since 1970; -1 where there is no time, or a day without an hour."""
    batch = columns.batch
    if "event_time" not in batch.schema.names:
        return np.full(columns.height, -1, dtype=np.int64)
    times = pc.fill_null(batch.column("event_time").cast(pa.int64()), -1)
    quality = columns.coded("time_quality")
    days = np.array([*(text == "date_only" for text in quality.texts()), False, False])
    return np.where(days[quality.codes], -1, times.to_numpy(zero_copy_only=False))
