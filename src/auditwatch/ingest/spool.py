"""Records on disk between reading and storing: written in file order, read back by night.

What a file holds may not fit into memory; what a night holds does. A spool is one file of small
Arrow streams, each with the records of one block of lines that belong to one night (or to a few
nights with few records each), and an index of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.errors import InputError
from auditwatch.core.labels import shrink_table
from auditwatch.ingest.normalise import rows_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditwatch.ingest.spans import Ints

__all__ = ["LINES", "Segment", "Spool", "SpoolWriter"]

LINES: Final = "lines"
SEGMENT_ROWS: Final = 1 << 12
#: Nights are read back together until they hold this many records: what is in memory at a time.
STRETCH_ROWS: Final = 1 << 15
#: Half a life of an agency; more is a column that is no time, and would make a folder for each.
NIGHTS_MAX: Final = 20_000
#: Known only when the whole source is read.
LATER: Final = ("lookup_id", "source_id")
#: Pieces are small: handing them to other threads costs more than it brings.
QUICKLY: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


@dataclass(frozen=True)
class Segment:
    """One piece of a spool.

    Parameters
    ----------
    block : int
        Which block of lines it comes from, from 0.
    first, last : str
        Its nights.
    offset, length : int
        Where it stands in the spool (bytes).
    """

    block: int
    first: str
    last: str
    offset: int
    length: int


def spool_schema() -> pa.Schema:
    """Return the schema of spooled records: lookups so far, and how many lines each spans."""
    kept = [field for field in rows_schema() if field.name not in LATER]
    return pa.schema([*kept, pa.field(LINES, pa.int64())])


class SpoolWriter:
    """Writes records block by block; use as a context manager.

    Parameters
    ----------
    path : Path
        The new file.
    where : str
        The source, for errors.

    Attributes
    ----------
    segments : list of Segment
        The index.
    nights : Counter of str
        Records of each night.
    """

    def __init__(self, path: Path, where: str) -> None:
        self._file = path.open("wb")
        self._where = where
        self._block = 0
        self.segments: list[Segment] = []
        self.nights: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rows: pa.Table, lines: Ints) -> None:
        """Write the records of the next block.

        Raises
        ------
        InputError
            ``AW-INGEST-031`` when the records spread over more nights than any trail does.
        """
        table = rows.drop_columns(list(LATER)).append_column(LINES, pa.array(lines))
        table = table.cast(spool_schema()).combine_chunks()
        for first, last, part in self._by_night(table):
            offset = self._file.tell()
            with pa.ipc.new_stream(self._file, part.schema, options=QUICKLY) as stream:
                stream.write_table(part)
            length = self._file.tell() - offset
            self.segments.append(Segment(self._block, first, last, offset, length))
        self._block += 1

    def _by_night(self, rows: pa.Table) -> Iterator[tuple[str, str, pa.Table]]:
        """Cut records into parts of one night, or of several with few records."""
        ordered, counts = _in_night_order(rows)
        self.nights.update(dict(counts))
        self._refuse_scattered()
        if len(counts) == 1:
            yield counts[0][0], counts[0][0], rows
            return
        start = 0
        for part in _portions(counts, SEGMENT_ROWS):
            size = sum(count for _, count in part)
            yield part[0][0], part[-1][0], shrink_table(ordered.slice(start, size))
            start += size

    def _refuse_scattered(self) -> None:
        """Refuse a source whose times cannot be those of a trail."""
        if len(self.nights) > NIGHTS_MAX:
            raise InputError(
                f"its records stand in more than {NIGHTS_MAX:,} nights",
                code="AW-INGEST-031",
                where=self._where,
                expected="a column of times of lookups",
                hint="look at its times; name the right column in a mapping file",
            )


@dataclass(frozen=True)
class Spool:
    """Records that were spooled.

    Parameters
    ----------
    path : Path
        The file.
    segments : sequence of Segment
        Its index, in file order.
    nights : mapping of str to int
        Records of each night.
    """

    path: Path
    segments: Sequence[Segment]
    nights: dict[str, int]

    def stretches(self) -> Iterator[pa.Table]:
        """Yield whole nights in order, as many together as fit, each stretch in file order."""
        for part in _portions(sorted(self.nights.items()), STRETCH_ROWS):
            first, last = part[0][0], part[-1][0]
            found = [s for s in self.segments if s.first <= last and s.last >= first]
            rows = self._load(found)
            if any(s.first < first or s.last > last for s in found):
                nights = pa.array([night for night, _ in part], pa.string())
                rows = rows.filter(pc.is_in(rows["night"].cast(pa.string()), value_set=nights))
            yield _in_file_order(rows)

    def _load(self, segments: Sequence[Segment]) -> pa.Table:
        """Read some segments."""
        parts = []
        wanted = pa.ipc.IpcReadOptions(use_threads=False)
        with self.path.open("rb") as file:
            for one in segments:
                file.seek(one.offset)
                data = file.read(one.length)
                parts.append(pa.ipc.open_stream(data, options=wanted).read_all())
        return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def _in_file_order(rows: pa.Table) -> pa.Table:
    """Return records by line."""
    lines = rows["line"].to_numpy()
    if (np.diff(lines) > 0).all():
        return rows
    return rows.take(pa.array(np.argsort(lines, kind="stable"))).combine_chunks()


def _in_night_order(rows: pa.Table) -> tuple[pa.Table, list[tuple[str, int]]]:
    """Return records by night, and how many each night has, in order."""
    nights = rows["night"].combine_chunks()
    names = np.array(nights.dictionary.to_pylist(), object)
    codes = nights.indices.to_numpy()
    counts = np.bincount(codes, minlength=len(names))
    order = np.argsort(names)
    found = [(names[n], int(counts[n])) for n in order if counts[n]]
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    if (np.diff(rank[codes]) < 0).any():
        rows = rows.take(pa.array(np.argsort(rank[codes], kind="stable")))
    return rows, found


def _portions(counts: Sequence[tuple[str, int]], rows: int) -> Iterator[list[tuple[str, int]]]:
    """Put neighbouring nights together until they hold some number of records."""
    part: list[tuple[str, int]] = []
    held = 0
    for night, count in counts:
        if part and held + count > rows:
            yield part
            part, held = [], 0
        part.append((night, count))
        held += count
    if part:
        yield part
