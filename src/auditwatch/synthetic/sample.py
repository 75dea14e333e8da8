"""A city written to a folder, as an agency would hand over its files."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from auditwatch.core.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.synthetic.city import City

__all__ = ["write_city"]

_TABLES = ("roster", "cases", "duty", "relations", "links", "truth", "keystrokes")


def _csv(table: pa.Table) -> bytes:
    """Return a table as CSV, quoted where it must be."""
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(table, sink, options)
    return sink.getvalue()


def _jsonl(table: pa.Table) -> bytes:
    """Return a table as one JSON object a line."""
    lines = (
        json.dumps(row, ensure_ascii=False, separators=(",", ":"))
        for batch in table.to_batches(max_chunksize=20_000)
        for row in batch.to_pylist()
    )
    return ("\n".join(lines) + "\n").encode("utf-8")


def _parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def write_city(
    city: City, folder: Path, trail_format: Literal["csv", "jsonl", "parquet"] = "csv"
) -> dict[str, Path]:
    """Write the trail in one format and everything else as CSV.

    Parameters
    ----------
    city : City
        What to write.
    folder : Path
        Made if missing; files in it are replaced whole.
    trail_format : {"csv", "jsonl", "parquet"}
        Format, and extension, of the trail.

    Returns
    -------
    dict of str to Path
        Where each table of the city went.

    Raises
    ------
    PermissionError_, InputError
        What `write_atomic` says.
    """
    paths = {"trail": folder / f"trail.{trail_format}"}
    write_atomic(paths["trail"], _WRITERS[trail_format](city.trail))
    for name in _TABLES:
        paths[name] = folder / f"{name}.csv"
        write_atomic(paths[name], _csv(getattr(city, name)))
    return paths
