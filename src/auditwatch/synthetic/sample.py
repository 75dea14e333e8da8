"""A city written to a folder, as an agency would hand over its files."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from auditwatch.core.errors import UsageError
from auditwatch.core.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.synthetic.city import City

__all__ = ["claim_folder", "write_city"]

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


#: How the table begins that no agency hands over; it is written first, and the trail last.
_MARK = b'"event_id","keystroke"\n'


def claim_folder(folder: Path, trail_format: str) -> None:
    """Refuse a folder in which a city would replace files of others, or stand beside them.

    A folder that is empty, missing, or holds a city with a trail in the same format is free.

    Raises
    ------
    UsageError
        ``AW-SAMPLE-001`` for any other folder.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    trails = {one.name for one in folder.glob("trail.*")}
    if trails - {f"trail.{trail_format}"} or not _begins(folder / "keystrokes.csv", _MARK):
        raise UsageError(
            "this folder holds something else than such a city; nothing was written",
            code="AW-SAMPLE-001",
            where=str(folder),
            expected="a new or empty folder, or a city of invented people with a trail in "
            f"{trail_format}, which is replaced",
            hint="name another folder",
        )


def _begins(path: Path, mark: bytes) -> bool:
    """Tell whether a file is there and begins like this."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


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
    paths.update({name: folder / f"{name}.csv" for name in _TABLES})
    for name in reversed(_TABLES):
        write_atomic(paths[name], _csv(getattr(city, name)))
    write_atomic(paths["trail"], _WRITERS[trail_format](city.trail))
    return paths
