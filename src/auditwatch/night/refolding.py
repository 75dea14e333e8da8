"""Cascades that the edge of a file cut in two, made whole again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import LOOKUPS
from auditwatch.ingest import Followers, fold_night, read_followers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.engine.lake import Lake

__all__ = ["fold_across_files"]


def fold_across_files(nights: Sequence[str], lake: Lake, workspace: Workspace) -> bool:
    """Fold nights whose lookups came from more than one file as if it had been one.

    Parameters
    ----------
    nights : sequence of str
        ISO dates of nights to be judged.
    lake : Lake
        Whose lookups get their `origin` and `lookup_id` corrected, a night at a time.
    workspace : Workspace
        The rules' catalogue and the longest cascade.

    Returns
    -------
    bool
        Whether any night was changed.
    """
    followers = Followers(
        read_followers(workspace.rules), workspace.settings.ingest.cascade_seconds
    )
    changed = False
    for night in nights:
        before = (date.fromisoformat(night) - timedelta(days=1)).isoformat()
        sources = lake.read(LOOKUPS, [before, night], ["source_id"])["source_id"]
        if len(pc.unique(sources)) < 2:
            continue
        rows = lake.read(LOOKUPS, [night])
        if not rows.num_rows:
            continue
        folded = fold_night(rows, night, lake, followers)
        if not _alike(rows, folded, ("origin", "lookup_id")):
            lake.replace(LOOKUPS, folded, [night])
            changed = True
    return changed


def _alike(one: pa.Table, other: pa.Table, names: Sequence[str]) -> bool:
    """Tell whether two tables say the same in some columns."""
    pairs = ((one[name].cast(pa.string()), other[name].cast(pa.string())) for name in names)
    return all(mine.to_pylist() == others.to_pylist() for mine, others in pairs)
