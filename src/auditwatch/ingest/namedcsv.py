"""CSV exports whose column names are known: renamed, and completed by the format's own rule."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

from auditwatch.ingest.formats import canonical_csv
from auditwatch.ingest.mapping import fold_name
from auditwatch.ingest.recordwise import refuse_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["header_names", "read_named_csv"]


def read_named_csv(
    stream: Stream,
    request: Request,
    names: Mapping[str, tuple[str, ...]],
    complete: Callable[[Mapping[str, pa.Array]], Mapping[str, pa.Array]],
    constants: Mapping[str, str],
) -> Iterator[Chunk]:
    """Yield the records of a CSV export under canonical names.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        The limit of a record; a mapping with columns is refused.
    names : mapping of str to tuple of str
        Name that `complete` knows to the column names of the export, compared without regard to
        case, spaces and underscores; a name whose columns are all missing is left out.
    complete : callable
        From text columns under those names to columns under canonical names, as long.
    constants : mapping of str to str
        Mandatory fields that `complete` supplies whatever the columns are.

    Yields
    ------
    Chunk
        In file order.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    refuse_mapping(request, stream)
    own = replace(request.mapping, columns=names, constants=constants)
    for chunk in canonical_csv.read(stream, replace(request, mapping=own)):
        yield replace(chunk, columns=complete(chunk.columns)) if chunk.columns else chunk


def header_names(head: bytes) -> frozenset[str]:
    """Return the folded column names of the first line that is neither empty nor a comment.

    Parameters
    ----------
    head : bytes
        First bytes of a source.

    Returns
    -------
    frozenset of str
        Empty when that line is no UTF-8 text.
    """
    lines = (line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    try:
        names = next(csv.reader([first.decode("utf-8")]), [])
    except (UnicodeDecodeError, csv.Error):
        return frozenset()
    return frozenset(fold_name(name) for name in names)
