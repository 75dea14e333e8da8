"""Rows on their way into a table: written piece by piece, named by one commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from auditwatch.core.clock import now
from auditwatch.core.files import ensure_folder, file_sha256
from auditwatch.core.labels import shrink_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditwatch.core.schema import Table

__all__ = ["DICTIONARY_PAGE_BYTES", "ROW_GROUP_ROWS", "Addition"]

ROW_GROUP_ROWS: Final = 1 << 20  # a night's dictionary stays whole: rules test each value once
DICTIONARY_PAGE_BYTES: Final = 64 << 20
NAME_DIGITS: Final = 32


class Addition:
    """Files of rows that no commit names yet.

    Parameters
    ----------
    table : Table
        Whose rows. Those of a table with partitions are added by whole partitions: each file holds
        one, as large as what was added of it at a time.
    folder : Path
        Where the files are until they are moved; made when the first is written.
    keep : bool
        False when the rows are there already and nothing is to be written.
    """

    def __init__(self, table: Table, folder: Path, *, keep: bool) -> None:
        self._table = table
        self._folder = folder
        self._keep = keep
        self._files: list[tuple[Path, str, int]] = []
        self._open: pq.ParquetWriter | None = None
        self._rows = 0

    def add(self, rows: pa.Table) -> None:
        """Write some rows: plain or dictionary-encoded, in the order they are to have."""
        if not self._keep or not rows.num_rows:
            return
        if not self._table.partition:
            self._write(rows.select(list(self._table.names)), "")
            return
        names = [name for name in self._table.names if name != self._table.partition]
        for value, part in _by_value(rows, self._table.partition):
            self._write(part.select(names), value)
            self._finish(value)

    def close(self) -> bool:
        """Finish the last file; tell whether there is anything to commit."""
        self._finish("")
        return bool(self._files)

    def move(self, place: Path) -> list[AddAction | RemoveAction]:
        """Move the files into the table's folder; return what a commit says of them.

        A file's name is made of its content: doing all of this again after a crash leaves no second
        copy, and other rows never come under an old name.
        """
        actions: list[AddAction | RemoveAction] = []
        instant = int(now().timestamp() * 1000)
        for path, value, rows in self._files:
            sub = f"{self._table.partition}={quote(value)}/" if self._table.partition else ""
            name = f"{sub}part-{file_sha256(path)[:NAME_DIGITS]}.parquet"
            ensure_folder((place / name).parent)
            size = path.stat().st_size
            path.replace(place / name)
            about = json.dumps({"numRecords": rows})
            values = {self._table.partition: value} if self._table.partition else {}
            actions.append(AddAction(name, size, values, instant, True, about))
        return actions

    def discard(self) -> None:
        """Leave off writing; whoever made the folder removes it."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _write(self, rows: pa.Table, value: str) -> None:
        """Write rows to the open file; make one when there is none."""
        if self._open is None:
            path = ensure_folder(self._folder) / f"{len(self._files)}.parquet"
            self._files.append((path, value, 0))
            self._open = pq.ParquetWriter(
                path,
                rows.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[
                    name for name in self._table.repeating if name in rows.schema.names
                ],
                dictionary_pagesize_limit=DICTIONARY_PAGE_BYTES,
                store_schema=False,
            )
        self._rows += rows.num_rows
        self._open.write_table(rows, row_group_size=ROW_GROUP_ROWS)

    def _finish(self, value: str) -> None:
        """Close the open file, if any, and note how many rows it holds."""
        if self._open is None:
            return
        self._open.close()
        self._open = None
        self._files[-1] = (self._files[-1][0], value, self._rows)
        self._rows = 0


def _by_value(rows: pa.Table, name: str) -> Iterator[tuple[str, pa.Table]]:
    """Yield each value of a column with its rows, dictionaries without the values of others."""
    whole = rows[name].combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    codes, labels = whole.indices.to_numpy(), whole.dictionary.to_pylist()
    for code in sorted(set(np.unique(codes).tolist()), key=lambda one: labels[one]):
        chosen = np.flatnonzero(codes == code)
        if len(chosen) == len(codes):
            yield labels[code], rows
        elif chosen[-1] - chosen[0] + 1 == len(chosen):
            yield labels[code], shrink_table(rows.slice(chosen[0], len(chosen)))
        else:
            yield labels[code], shrink_table(rows.take(pa.array(chosen)))
