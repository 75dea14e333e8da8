"""XLSX with canonical column names, or any others by a mapping file; a row is a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest.mapping import fold_name
from auditwatch.ingest.sheettables import SHEET_HEAD, read_sheet_tables
from auditwatch.ingest.tables import Completed, Layout, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "xlsx"
SAYS: Final = "XLSX, all sheets; canonical column names or a mapping file; line is the row number"


def sniff(head: bytes) -> bool:
    """Tell whether a source is a spreadsheet."""
    return head.startswith(SHEET_HEAD)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the rows of a spreadsheet; titles may stand above a header, and headers come again.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        Mapping and limit.

    Yields
    ------
    Chunk
        In the order of sheets and rows.

    Raises
    ------
    UsageError
        ``AW-INGEST-004`` a column occurs twice.
    InputError
        ``AW-INGEST-005`` no row names the mandatory columns, ``-008`` the file cannot be read.
    """
    layout = _layout(request)
    yield from settle(read_sheet_tables(stream, request, layout), layout)


def _layout(request: Request) -> Layout:
    """Return the layout of a table with the columns of a mapping, or with canonical ones."""
    wanted = request.mapping.columns or {name: (name,) for name in SOURCE_FIELDS}
    names = {name: tuple(map(fold_name, columns)) for name, columns in wanted.items()}
    constants = set(request.mapping.constants)

    def is_header(keys: frozenset[str]) -> bool:
        known = constants | {name for name, columns in names.items() if keys.intersection(columns)}
        return {"event_time", "operator_id"} <= known and bool(known & {"system", "transaction"})

    return Layout(
        names,
        is_header,
        _complete,
        "a row with columns event_time, operator_id, and system or transaction",
        fold=fold_name,
    )


def _complete(columns: Mapping[str, pa.Array]) -> Completed:
    """Return rows as they are."""
    count = len(next(iter(columns.values())))
    return Completed(columns, [None] * count)
