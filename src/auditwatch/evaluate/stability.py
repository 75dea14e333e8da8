"""Stability: what of the queue stays when one lookup in a hundred was never logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.engine.lake import Lake
from auditwatch.evaluate.queue import in_order
from auditwatch.findings.store import Store
from auditwatch.night import Request, run_scan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from auditwatch.config import Workspace

__all__ = ["DROPPED", "jaccard", "thinned_queue"]

DROPPED: Final = 0.01  # share of lookups
CHANCE: Final = 0


def thinned_queue(
    whole: Workspace,
    thinned: Workspace,
    context: Mapping[str, Path],
    tell: Callable[[str, int, int], None],
) -> list[str]:
    """Scan a trail again with a hundredth of its lookups left out by lot.

    Parameters
    ----------
    whole : Workspace
        Where the trail was scanned.
    thinned : Workspace
        An empty workspace with the same rules.
    context : mapping of str to Path
        Context tables.
    tell : callable
        Called with (stage, done, total).

    Returns
    -------
    list of str
        Ids of the findings, in the order of the queue; a story keeps its id.

    Notes
    -----
    What goes is a whole lookup with its follow-ups, as when a server forgot to write.
    """
    source, target = Lake(whole.lake), Lake(thinned.lake)
    rng = np.random.default_rng(CHANCE)
    target.append(SOURCES, source.read(SOURCES), "thinned")
    for night in source.nights(LOOKUPS):
        rows = source.read(LOOKUPS, [night])
        heads = np.unique(np.array(rows["lookup_id"].to_pylist(), dtype=object))
        kept = pa.array(heads[rng.random(len(heads)) >= DROPPED], pa.string())
        stays = pc.is_in(pc.cast(rows["lookup_id"], pa.string()), value_set=kept)
        target.replace(LOOKUPS, rows.filter(stays), [night])
    run_scan(thinned, Request(context=context), tell)
    with Store(thinned.database) as store:
        return [one.finding_id for one in in_order(store.findings())]


def jaccard(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of what two collections have in common; 1 when both are empty."""
    both, either = set(one) & set(other), set(one) | set(other)
    return len(both) / len(either) if either else 1.0
