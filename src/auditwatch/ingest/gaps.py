"""Holes in the evidence of one source: nights without a record, numbers that are missing."""

from __future__ import annotations

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
    source_id: str, rows: pa.Table, noted: Iterable[tuple[str, str]], rejects: pa.Table
) -> pa.Table:
    """Return the gaps of a source.

    Parameters
    ----------
    source_id : str
        Whose gaps.
    rows : pa.Table
        Accepted records, sorted by line.
    noted : iterable of (str, str)
        Kind and sentence of what the format saw.
    rejects : pa.Table
        Refused records, which explain missing numbers.

    Returns
    -------
    pa.Table
        Rows of GAPS: ``silent_night``, ``missing_number``, and what the format saw; at most
        1,000.
    """
    found = [("", kind, detail) for kind, detail in noted]
    found += [*_silent_nights(rows), *_missing_numbers(rows, rejects)]
    night, kind, detail = zip(*found[:GAPS_MAX], strict=True) if found else ((), (), ())
    source = [source_id] * len(night)
    return pa.table([source, night, kind, detail], schema=GAPS.schema)


def _silent_nights(rows: pa.Table) -> Iterator[tuple[str, str, str]]:
    """Yield each run of nights without a record between nights that have some."""
    nights = sorted(pc.unique(rows["night"].cast(pa.string())).to_pylist())
    for before, after in pairwise(nights):
        silent = nights_between(before, after)[1:-1]
        if silent:
            count = "1 night has" if len(silent) == 1 else f"{len(silent)} nights have"
            yield (
                silent[0],
                "silent_night",
                f"{count} no record at all, from {silent[0]} to {silent[-1]}",
            )


def _missing_numbers(rows: pa.Table, rejects: pa.Table) -> Iterator[tuple[str, str, str]]:
    """Yield holes in running numbers, where the source numbers its records one by one."""
    numbers = _numbers(rows["event_id"])
    if numbers is None:
        return
    steps = np.diff(numbers)
    if (steps == 1).sum() < NUMBERED_SHARE * len(steps):
        return
    lines, refused = rows["line"].to_numpy(), np.sort(rejects["line"].to_numpy())
    nights = rows["night"]
    for at in np.flatnonzero(steps > 1):
        between = np.searchsorted(refused, lines[[at, at + 1]])
        missing = int(steps[at]) - 1 - int(between[1] - between[0])
        if missing > 0:
            places = f"between lines {lines[at]} and {lines[at + 1]}"
            count = "1 running number is" if missing == 1 else f"{missing} running numbers are"
            sentence = f"{count} missing {places}"
            yield nights[int(at)].as_py(), "missing_number", sentence


def _numbers(ids: pa.ChunkedArray) -> Ints | None:
    """Return the numbers at the end of ids, whatever stands before them, or None."""
    if len(ids) < NUMBERED_LEAST:
        return None
    parts = pc.extract_regex(ids, r"^.*?(?P<number>[0-9]{1,15})$")
    if parts.null_count:
        return None
    numbers: Ints = pc.struct_field(parts, "number").cast(pa.int64()).to_numpy()
    return numbers
