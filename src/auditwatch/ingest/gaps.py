"""Holes in the evidence of one source: nights without a record, numbers that are missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import nights_between
from auditwatch.core.schema import GAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditwatch.ingest.spans import Ints

__all__ = ["find_gaps"]

NUMBERED_SHARE: Final = 0.95
NUMBERED_LEAST: Final = 20
GAPS_MAX: Final = 1000


def find_gaps(
    source_id: str,
    blocks: Iterable[pa.Table],
    noted: Iterable[tuple[str, str]],
    rejects: Iterable[pa.Table],
) -> pa.Table:
    """Return the gaps of a source.

    Parameters
    ----------
    source_id : str
        Whose gaps.
    blocks : iterable of pa.Table
        `event_id` (null where the source gives none), `night` and `line` of its records, block by
        block in file order: a file need not fit into memory.
    noted : iterable of (str, str)
        Kind and sentence of what the format saw.
    rejects : iterable of pa.Table
        Parts of REJECTS: refused records explain missing numbers.

    Returns
    -------
    pa.Table
        Rows of GAPS: ``silent_night``, ``missing_number``, and what the format saw; at most
        1,000.
    """
    found = [("", kind, detail) for kind, detail in noted]
    nights: set[str] = set()
    numbering = _Numbering()
    for block in blocks:
        nights.update(pc.unique(block["night"].cast(pa.string())).to_pylist())
        numbering.add(block)
    refused = [np.zeros(0, np.int64), *(part["line"].to_numpy() for part in rejects)]
    found += [*_silent_nights(nights), *numbering.missing(np.sort(np.concatenate(refused)))]
    night, kind, detail = zip(*found[:GAPS_MAX], strict=True) if found else ((), (), ())
    source = [source_id] * len(night)
    return pa.table([source, night, kind, detail], schema=GAPS.schema)


def _silent_nights(nights: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each run of nights without a record between nights that have some."""
    for before, after in pairwise(sorted(nights)):
        silent = nights_between(before, after)[1:-1]
        if silent:
            count = "1 night has" if len(silent) == 1 else f"{len(silent)} nights have"
            yield (
                silent[0],
                "silent_night",
                f"{count} no record at all, from {silent[0]} to {silent[-1]}",
            )


@dataclass
class _Numbering:
    """Running numbers at the end of ids that are otherwise alike, as they come by."""

    numbered: bool = True
    stem: str | None = None
    last: tuple[int, int] = (0, 0)
    records: int = 0
    steps: int = 0
    ones: int = 0
    holes: list[tuple[str, int, int, int]] = field(default_factory=list)

    def add(self, block: pa.Table) -> None:
        """Take in the ids of the next block; stop looking when they are no running numbers."""
        if not self.numbered or not block.num_rows:
            return
        numbers = self._numbers(block["event_id"])
        self.numbered = numbers is not None
        if numbers is None:
            return
        lines = block["line"].to_numpy()
        if self.records:
            numbers = np.concatenate([[self.last[0]], numbers])
            lines = np.concatenate([[self.last[1]], lines])
        steps = np.diff(numbers)
        self.records += block.num_rows
        self.steps += int((steps != 0).sum())  # the same record again is no step
        self.ones += int((steps == 1).sum())
        for at in np.flatnonzero(steps > 1)[: GAPS_MAX - len(self.holes)]:
            night = block["night"][max(0, int(at) + block.num_rows - len(steps))].as_py()
            hole = (night, int(steps[at]) - 1, int(lines[at]), int(lines[at + 1]))
            self.holes.append(hole)
        self.last = int(numbers[-1]), int(lines[-1])

    def missing(self, refused: Ints) -> Iterator[tuple[str, str, str]]:
        """Yield the holes, if the source numbers its records one by one."""
        enough = self.records >= NUMBERED_LEAST
        if not enough or not self.numbered or self.ones < NUMBERED_SHARE * self.steps:
            return
        for night, size, before, after in self.holes:
            between = np.searchsorted(refused, [before, after])
            missing = size - int(between[1] - between[0])
            if missing > 0:
                count = "1 running number is" if missing == 1 else f"{missing} running numbers are"
                yield night, "missing_number", f"{count} missing between lines {before} and {after}"

    def _numbers(self, ids: pa.ChunkedArray) -> Ints | None:
        """Return the running numbers of some ids, or None."""
        parts = pc.extract_regex(ids, r"^(?P<stem>.*?)(?P<number>[0-9]{1,15})$")
        if parts.null_count:
            return None
        stems = pc.unique(pc.struct_field(parts, "stem")).to_pylist()
        if stems != [stems[0] if self.stem is None else self.stem]:
            return None
        self.stem = stems[0]
        numbers: Ints = pc.struct_field(parts, "number").cast(pa.int64()).to_numpy()
        return numbers
