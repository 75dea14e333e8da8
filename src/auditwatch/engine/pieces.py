"""Rows of the lake as they are stored: row groups, and the pieces that an engine works through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from auditwatch.core.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from auditwatch.core.schema import Table

__all__ = ["PIECE_ROWS", "Piece", "completed", "cut", "damaged", "memory_schema", "row_groups"]

#: Small files of one night are read together up to this many rows, so that a dictionary's values
#: are tested once for all of them. A row group that is larger stays whole.
PIECE_ROWS: Final = 1 << 20


@dataclass(frozen=True)
class Piece:
    """Row groups of one night that are read together.

    Parameters
    ----------
    table : Table
        Whose rows.
    night : str
        ISO date.
    groups : tuple of (Path, int)
        File and number of each row group, in the order of the table's files.
    """

    table: Table
    night: str
    groups: tuple[tuple[Path, int], ...]

    def read(self) -> pa.Table:
        """Return all columns of all rows, in one chunk; repeating text as dictionaries.

        Raises
        ------
        IntegrityError
            ``AW-LAKE-002`` a file is missing or damaged.
        """
        schema = memory_schema(self.table, self.table.names)
        stored = [name for name in self.table.names if name != self.table.partition]
        parts = [
            completed(rows, schema, self.table.partition, self.night)
            for path, group in self.groups
            for rows in row_groups(path, stored, self.table.repeating, [group])
        ]
        return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def cut(table: Table, files: Iterable[tuple[str, Path]]) -> Iterator[Piece]:
    """Yield the pieces of some files, given as (night, file) in night order."""
    night, rows = "", 0
    groups: list[tuple[Path, int]] = []
    for of_night, path in files:
        for group, size in enumerate(_sizes(path)):
            if groups and (of_night != night or rows + size > PIECE_ROWS):
                yield Piece(table, night, tuple(groups))
                groups, rows = [], 0
            night, rows = of_night, rows + size
            groups.append((path, group))
    if groups:
        yield Piece(table, night, tuple(groups))


def _sizes(path: Path) -> list[int]:
    """Return the number of rows of each row group of a file."""
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path) from error
    return [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]


def row_groups(
    path: Path,
    columns: Sequence[str],
    repeating: Iterable[str],
    chosen: Iterable[int] | None = None,
) -> Iterator[pa.Table]:
    """Yield some or all row groups of one file."""
    try:
        stored = set(pq.read_schema(path).names)  # of an earlier version: fewer
        reader = pq.ParquetFile(
            path, read_dictionary=[n for n in repeating if n in columns and n in stored]
        )
        for group in range(reader.num_row_groups) if chosen is None else chosen:
            yield reader.read_row_group(group, columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> IntegrityError:
    """Return the error of a lake that is not as it was written."""
    return IntegrityError(
        "kept evidence is missing or was changed",
        code="AW-LAKE-002",
        where=str(path),
        expected="the lake as auditwatch wrote it",
        hint="restore the lake folder from a backup, or read the sources into a new workspace",
    )


def memory_schema(table: Table, names: Sequence[str]) -> pa.Schema:
    """Return the schema of rows in memory: repeating columns as dictionaries of text."""
    dictionary = pa.dictionary(pa.int32(), pa.string())
    types = {column.name: column for column in table.columns}
    return pa.schema(
        [(name, dictionary if types[name].repeats else types[name].type) for name in names]
    )


def completed(rows: pa.Table, schema: pa.Schema, partition: str | None, night: str) -> pa.Table:
    """Add what the files themselves do not hold, and fix the types.

    They do not hold the partition column, nor those that came with a later version than theirs:
    such a column counts nothing and says nothing until the night is judged again.
    """
    columns = {name: rows[name] for name in rows.column_names}
    if partition in schema.names:
        indices = pa.array([0], pa.int32()).take(pa.repeat(pa.scalar(0), rows.num_rows))
        columns[partition] = pa.DictionaryArray.from_arrays(indices, pa.array([night]))
    for field in schema:
        if field.name not in columns:
            nothing = pa.scalar(0 if pa.types.is_integer(field.type) else None, field.type)
            columns[field.name] = pa.repeat(nothing, rows.num_rows)
    return pa.table([columns[field.name] for field in schema], names=schema.names).cast(schema)
