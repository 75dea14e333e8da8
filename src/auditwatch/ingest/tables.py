"""Tables inside an export: headers that come late, come again or change, records between them.

People stack exports, paste titles above them and repeat headers. A header counts wherever it
stands, and says what the columns are from there on; what stands before the first one is a title,
or is refused, because nothing says what its values are.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditwatch.ingest.spans import Reject

    Columns = Mapping[str, pa.Array]
    Gaps = tuple[tuple[str, str], ...]

__all__ = [
    "NAME_MAX",
    "Completed",
    "Layout",
    "Table",
    "begins_with_header",
    "is_title",
    "settle",
    "squeeze",
]

#: A title has few values in a row; a record of any export has more.
TITLE_VALUES_MAX: Final = 3
HEADER_LINES_MAX: Final = 100
NAME_MAX: Final = 100
BOM: Final = "\ufeff"
FIELDS: Final = frozenset(SOURCE_FIELDS)


def squeeze(name: str) -> str:
    """Return a column name as headers are compared: letters and digits alone, lower case."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


@dataclass(frozen=True)
class Completed:
    """The records of one stretch under canonical names.

    Parameters
    ----------
    columns : mapping of str to pa.Array
        Text by canonical name; a column that is not here is not exported.
    codes : sequence of str or None
        For each record why it is refused; nothing for a lookup, an empty text for a record that
        is no lookup.
    absent : frozenset of str
        Canonical names that are here although the source does not export them.
    counts : mapping of str to int
        Records by kind of doubt, see `Layout.doubts`.
    """

    columns: Columns
    codes: Sequence[str | None]
    absent: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """What the tables of an export look like.

    Parameters
    ----------
    names : mapping of str to tuple of str
        Name that `complete` knows to the column names of the export as `fold` gives them, of
        which the first found counts.
    is_header : callable
        From the folded values of a line to whether it is a header.
    complete : callable
        From the text columns under the names above to the records.
    expects : str
        What a header has, for errors.
    doubts : mapping of str to str
        Kind of gap to its sentence about ``{count}`` of ``{rows}`` records.
    fold : callable
        How column names are compared.
    """

    names: Mapping[str, tuple[str, ...]]
    is_header: Callable[[frozenset[str]], bool]
    complete: Callable[[Columns], Completed]
    expects: str
    doubts: Mapping[str, str] = field(default_factory=dict)
    fold: Callable[[str], str] = squeeze

    def keys(self, values: Iterable[str]) -> frozenset[str]:
        """Return the folded values of a line that are short enough for names, and not empty."""
        short = (value for value in values if len(value) <= NAME_MAX)
        return frozenset(filter(None, map(self.fold, short)))

    def no_header(self, where: str) -> InputError:
        """Return the error of a source in which no header was found."""
        return InputError(
            "no header line",
            code="AW-INGEST-005",
            where=where,
            expected=self.expects,
            hint="export it with its header, or say which column is which with --mapping FILE",
        )


@dataclass(frozen=True)
class Table:
    """What one header says.

    Parameters
    ----------
    names : tuple of str
        Column names as written.
    positions : dict of str to int
        The layout's name to the position of its column.
    """

    names: tuple[str, ...]
    positions: Mapping[str, int]

    @classmethod
    def of(cls, values: Sequence[str], layout: Layout, where: str) -> Table:
        """Find the columns of a header.

        Raises
        ------
        UsageError
            ``AW-INGEST-004`` two columns of one name that is wanted.
        """
        folded = [layout.fold(name) for name in values]
        found: dict[str, int] = {}
        for name, candidates in layout.names.items():
            key = next((one for one in candidates if one in folded), None)
            if key is None:
                continue
            if folded.count(key) > 1:
                raise UsageError(
                    f"two columns are named {key!r}",
                    code="AW-INGEST-004",
                    where=where,
                    expected="one column for each field",
                    hint="rename one of them, or name the right one in a mapping file",
                )
            found[name] = folded.index(key)
        return cls(tuple(values), found)

    def change(self, former: Table | None, layout: Layout, line: int) -> Gaps:
        """Return the gap of a header that names other columns than the one before it."""
        if former is None:
            return ()
        old, new = ({layout.fold(one): one for one in its.names} for its in (former, self))
        if list(old) == list(new):
            return ()
        gone, come = (sorted(a[key] for key in a.keys() - b) for a, b in ((old, new), (new, old)))
        parts = [f"without {', '.join(gone)}"] if gone else []
        parts += [f"with {', '.join(come)}"] if come else []
        how = " and ".join(parts) or "in another order"
        detail = f"a second table begins in line {line}; its columns are others: {how}"
        return (("header_changed", detail),)


def is_title(values: Iterable[str]) -> bool:
    """Tell whether a line above a header can be a title: it has few values."""
    return sum(bool(value.strip()) for value in values) <= TITLE_VALUES_MAX


def begins_with_header(head: bytes, layout: Layout) -> bool:
    """Tell whether one of the first lines of a source is a header of a layout.

    Parameters
    ----------
    head : bytes
        First bytes of a CSV, or the first rows of a spreadsheet as CSV.
    layout : Layout
        What a header looks like.
    """
    for line in head.split(b"\n", HEADER_LINES_MAX)[:HEADER_LINES_MAX]:
        try:
            values = next(csv.reader([line.decode("utf-8").lstrip(BOM)]), [])
        except (UnicodeDecodeError, csv.Error):
            continue
        if layout.is_header(layout.keys(values)):
            return True
    return False


def settle(chunks: Iterable[Chunk], layout: Layout) -> Iterator[Chunk]:
    """Complete the records of raw chunks, and tell at the end what is in doubt.

    Parameters
    ----------
    chunks : iterable of Chunk
        With columns under the layout's own names.
    layout : Layout
        How to complete them.

    Yields
    ------
    Chunk
        The same stretches under canonical names; a last one without lines that says what is in
        doubt.
    """
    counts = dict.fromkeys(layout.doubts, 0)
    rows = 0
    for chunk in chunks:
        if not len(chunk.records):
            yield replace(chunk, columns={})
            continue
        done = layout.complete(chunk.columns)
        rows += len(chunk.records)
        for kind, count in done.counts.items():
            counts[kind] += count
        yield _settled(chunk, done)
    gaps = tuple(
        (kind, layout.doubts[kind].format(count=f"{count:,}", rows=f"{rows:,}"))
        for kind, count in counts.items()
        if count
    )
    yield Chunk({}, Spans.of([]), gaps=gaps)


def _settled(chunk: Chunk, done: Completed) -> Chunk:
    """Return a chunk with its records sorted into lookups, refused ones and no lookups."""
    codes = done.codes
    kept = np.array([code is None for code in codes], np.bool_)
    aside = np.array([code == "" for code in codes], np.bool_)
    refused: list[Reject] = [chunk.refuse(at, code) for at, code in enumerate(codes) if code]
    columns = {name: values.filter(pa.array(kept)) for name, values in done.columns.items()}
    return replace(
        chunk,
        columns=columns,
        records=chunk.records.take(kept),
        rejects=(*chunk.rejects, *refused),
        headers=Spans.join([chunk.headers, chunk.records.take(aside)]),
        absent=FIELDS - (done.columns.keys() - done.absent),
    )
