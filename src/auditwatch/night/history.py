"""Nights that are in the lake, as a rule set sees them: read only, nothing is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import nights_between
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.night.blindness import read_blindness
from auditwatch.night.context import context_of
from auditwatch.night.judging import facts_of, is_judged
from auditwatch.night.plan import nights_asked
from auditwatch.night.request import Request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from auditwatch.check import Facts, Ruleset
    from auditwatch.config import Workspace

__all__ = ["History", "open_history"]


@dataclass(frozen=True)
class History:
    """Nights with what is known beside them.

    Parameters
    ----------
    lake : Lake
        Where the lookups are.
    facts : Facts
        Context and blindness, as the next scan would have them.
    nights : tuple of str
        In order, ISO.
    """

    lake: Lake = field(repr=False)
    facts: Facts = field(repr=False)
    nights: tuple[str, ...]

    def heads(self, night: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the lookups of one night that a scan judges."""
        rows = self.lake.read(LOOKUPS, [night], columns)
        yield from rows.filter(is_judged(rows)).combine_chunks().to_batches()

    def earlier(self, night: str, rules: Ruleset) -> pa.RecordBatch | None:
        """Return the lookups of nights before, in which windows of correlations may begin."""
        if not rules.reach_nights:
            return None
        first = date.fromisoformat(night) - timedelta(days=rules.reach_nights)
        rows = self.lake.read(LOOKUPS, nights_between(first.isoformat(), night)[:-1])
        return next(iter(rows.filter(is_judged(rows)).combine_chunks().to_batches()), None)

    def find(self, event_ids: Collection[str], nights: Sequence[str] | None = None) -> pa.Table:
        """Return the lookups that records belong to, sorted by time.

        Parameters
        ----------
        event_ids : collection of str
            Records; of a machine-made follower the lookup that heads it is meant.
        nights : sequence of str, optional
            Where they are; else all are gone through, the latest first, until each was found.

        Returns
        -------
        pa.Table
            LOOKUPS, one row a lookup.

        Raises
        ------
        UsageError
            ``AW-BENCH-002`` when the lake does not have one of them in these nights.
        """
        left, parts = set(event_ids), [LOOKUPS.empty()]
        for night in sorted(nights or self.nights, reverse=True):
            if not left:
                break
            known = self.lake.pick(LOOKUPS, "event_id", left, [night], ["event_id", "lookup_id"])
            left -= set(pc.cast(known["event_id"], "string").to_pylist())
            heads = pc.unique(pc.cast(known["lookup_id"], "string")).to_pylist()
            if heads:
                rows = self.lake.pick(LOOKUPS, "event_id", heads, [night])
                parts.append(rows.cast(LOOKUPS.schema))
        if left:
            raise UsageError(
                "no such lookup in the lake",
                code="AW-BENCH-002",
                expected="the event_id of a lookup, or the id of a finding (F-…)",
                hint="findings export gives the event_ids of each finding",
            )
        order = [(name, "ascending") for name in ("event_time", "source_id", "line")]
        return pa.concat_tables(parts).sort_by(order)


def open_history(
    workspace: Workspace, first: str | None = None, last: str | None = None
) -> History:
    """Return the nights of a period with the context at hand.

    Raises
    ------
    UsageError
        ``AW-SCAN-001``, ``-002`` and ``-004`` as a scan of a period.
    """
    lake = Lake(workspace.lake)
    nights = nights_asked(lake.nights(LOOKUPS), first, last)
    context, _ = context_of(workspace, Request())
    facts = facts_of(read_blindness(lake), context, workspace.settings.agency.timezone)
    return History(lake, facts, tuple(nights))
