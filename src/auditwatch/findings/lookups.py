"""The lookups behind findings, with the machine-made followers of each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import nights_between
from auditwatch.core.schema import LOOKUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding

__all__ = ["lookups_of", "lookups_of_all"]


def lookups_of(finding: Finding, lake: Lake) -> pa.Table:
    """Return the evidence lookups of a finding, followers of their cascades included.

    Parameters
    ----------
    finding : Finding
        Which finding.
    lake : Lake
        Where lookups are.

    Returns
    -------
    pa.Table
        LOOKUPS rows sorted by time, then by place in the source.
    """
    return lookups_of_all([finding], lake)[finding.finding_id]


def lookups_of_all(findings: Sequence[Finding], lake: Lake) -> dict[str, pa.Table]:
    """Return the evidence lookups of several findings in one pass over the lake.

    Returns
    -------
    dict
        finding_id to what `lookups_of` returns.
    """
    wanted = {name for finding in findings for name in finding.event_ids}
    rows = lake.pick(LOOKUPS, "lookup_id", wanted, _nights(findings)) if wanted else LOOKUPS.empty()
    order = [(name, "ascending") for name in ("event_time", "source_id", "line", "event_id")]
    plain = rows.cast(LOOKUPS.schema).sort_by(order)
    return {
        finding.finding_id: plain.filter(
            pc.is_in(plain["lookup_id"], value_set=pa.array(finding.event_ids, pa.string()))
        )
        for finding in findings
    }


def _nights(findings: Sequence[Finding]) -> list[str]:
    """Return the nights to read: local dates differ from UTC dates by a day at most."""
    first = min(_day(finding.first_seen) for finding in findings) - timedelta(days=1)
    last = max(_day(finding.last_seen) for finding in findings) + timedelta(days=1)
    return nights_between(first.isoformat(), last.isoformat())


def _day(time: str) -> date:
    """Return the UTC date of an ISO instant."""
    return datetime.fromisoformat(time).date()
