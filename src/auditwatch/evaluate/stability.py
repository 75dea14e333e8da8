"""The same trail once more with some lookups left out: by lot, or the slow beginnings of misuse."""

from __future__ import annotations

from dataclasses import replace
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
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from auditwatch.config import Workspace
    from auditwatch.evaluate.truth import Episode
    from auditwatch.findings.model import Finding

__all__ = ["DROPPED", "by_lot", "jaccard", "scanned_again", "without_beginnings"]

DROPPED: Final = 0.01  # share of lookups
CHANCE: Final = 0


def scanned_again(
    whole: Workspace,
    second: Workspace,
    context: Mapping[str, Path],
    left_out: Callable[[list[str]], Collection[str]],
    tell: Callable[[str, int, int], None],
) -> list[Finding]:
    """Scan a trail again with some of its lookups left out.

    Parameters
    ----------
    whole : Workspace
        Where the trail was scanned.
    second : Workspace
        An empty workspace with the same rules.
    context : mapping of str to Path
        Context tables.
    left_out : callable
        Given the sorted lookup_ids of a night, returns those to leave out.
    tell : callable
        Called with (stage, done, total).

    Returns
    -------
    list of Finding
        In the order of the queue; a story keeps its id.

    Notes
    -----
    What goes is a whole lookup with its follow-ups, as when a server forgot to write.
    """
    source, target = Lake(whole.lake), Lake(second.lake)
    target.append(SOURCES, source.read(SOURCES), "thinned")
    for night in source.nights(LOOKUPS):
        rows = source.read(LOOKUPS, [night])
        names = pc.cast(rows["lookup_id"], pa.string())
        gone = pa.array(sorted(left_out(sorted(set(names.to_pylist())))), pa.string())
        target.replace(LOOKUPS, rows.filter(pc.invert(pc.is_in(names, value_set=gone))), [night])
    run_scan(second, Request(context=context), tell)
    with Store(second.database) as store:
        return in_order(store.findings())


def by_lot() -> Callable[[list[str]], Collection[str]]:
    """Return what leaves a hundredth of the lookups out."""
    rng = np.random.default_rng(CHANCE)

    def left_out(names: list[str]) -> Collection[str]:
        heads = np.array(names, dtype=object)
        return set(heads[rng.random(len(heads)) < DROPPED].tolist())

    return left_out


def without_beginnings(
    episodes: Sequence[Episode], night_of: Mapping[str, str]
) -> tuple[list[Episode], set[str]]:
    """Return episodes as if each had begun half-way, and the lookups that are then left out.

    Parameters
    ----------
    episodes : sequence of Episode
        The truth.
    night_of : mapping of str to str
        Lookup to its night, ISO.

    Notes
    -----
    Half of the nights on which an episode is seen, the later ones and the middle one, stay. An
    episode of one night stays whole.
    """
    shorter, gone = [], set[str]()
    for one in episodes:
        nights = sorted({night_of[name] for name in one.event_ids if name in night_of})
        early = set(nights[: len(nights) // 2])
        left = {name for name in one.event_ids if night_of.get(name) in early}
        shorter.append(replace(one, event_ids=one.event_ids - left))
        gone |= left
    return shorter, gone


def jaccard(one: Collection[str], other: Collection[str]) -> float:
    """Return the share of what two collections have in common; 1 when both are empty."""
    both, either = set(one) & set(other), set(one) | set(other)
    return len(both) / len(either) if either else 1.0
