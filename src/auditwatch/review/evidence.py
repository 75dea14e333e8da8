"""The lookups behind a finding: the latest of them in full, of all who asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import LOOKUPS

if TYPE_CHECKING:
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding

__all__ = ["Evidence", "evidence_of", "requesters_of"]

ORDER: Final = [(name, "ascending") for name in ("event_time", "source_id", "line", "event_id")]


class Evidence(msgspec.Struct, frozen=True):
    """Lookups behind a finding.

    Parameters
    ----------
    lookups : pa.Table
        LOOKUPS rows of the latest lookups with their followers, by time.
    total : int
        Lookups in all.
    """

    lookups: pa.Table
    total: int


def evidence_of(finding: Finding, lake: Lake, most: int) -> Evidence:
    """Return the latest lookups of a finding.

    Parameters
    ----------
    finding : Finding
        Which finding.
    lake : Lake
        Where lookups are.
    most : int
        How many lookups at most, each with its followers.
    """
    if not finding.event_ids:
        return Evidence(LOOKUPS.empty(), 0)
    chosen, nights = list(finding.event_ids), list(finding.days)
    if len(chosen) > most:
        keys = lake.pick(LOOKUPS, "event_id", chosen, nights, ("event_time", "night")).to_pylist()
        latest = sorted(keys, key=lambda row: (row["event_time"], row["event_id"]))[-most:]
        chosen = [row["event_id"] for row in latest]
        nights = sorted({row["night"] for row in latest})
    found = lake.pick(LOOKUPS, "lookup_id", chosen, nights).cast(LOOKUPS.schema)
    return Evidence(found.sort_by(ORDER), len(finding.event_ids))


def requesters_of(finding: Finding, lake: Lake) -> frozenset[str]:
    """Return for whom the lookups of a finding were made."""
    if not finding.event_ids:
        return frozenset()
    found = lake.pick(LOOKUPS, "lookup_id", finding.event_ids, finding.days, ("requester_id",))
    return frozenset(pc.drop_null(pc.unique(found["requester_id"].cast(pa.string()))).to_pylist())
