"""The lake: Delta tables by night, appended once per source, replaced by night.

A commit carries a token (Delta's application transaction), so that a repeat changes nothing.
Deletion vectors stay off: the current Parquet files are the table, readable by any engine.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from auditwatch.core.errors import (
    AuditwatchError,
    InputError,
    IntegrityError,
    RefusedError,
    UsageError,
)
from auditwatch.core.files import ensure_folder
from auditwatch.engine.addition import DICTIONARY_PAGE_BYTES, ROW_GROUP_ROWS, Addition
from auditwatch.engine.pieces import Piece, completed, cut, damaged, memory_schema, row_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from auditwatch.core.schema import Table

__all__ = ["Lake"]

ADDING: Final = ".adding"  # files that no commit names yet
UNFIT: Final = re.compile(r"[\[\]\\^|\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}")
WRITER: Final = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=ROW_GROUP_ROWS,
    dictionary_page_size_limit=DICTIONARY_PAGE_BYTES,
)


class Lake:
    """Tables of one workspace.

    Parameters
    ----------
    root : Path
        Folder that holds one Delta table per name; made when first written.

    Raises
    ------
    UsageError
        ``AW-LAKE-004`` a path that the store would take for another one.
    IntegrityError
        ``AW-LAKE-002``, from any reading method: a file of the lake is missing or damaged.
    """

    def __init__(self, root: Path) -> None:
        if UNFIT.search(str(root.absolute())):
            raise UsageError(
                "this path has a character that the lake's files cannot be found by",
                code="AW-LAKE-004",
                where=repr(str(root)),
                expected="a path without [ ] \\ ^ |, control characters, and % before two digits",
                hint="rename the folder, or make the workspace elsewhere",
            )
        self.root = root

    def append(self, table: Table, data: pa.Table, token: str) -> bool:
        """Add rows once.

        Parameters
        ----------
        table : Table
            Which table.
        data : pa.Table
            Rows with the table's columns, plain or dictionary-encoded.
        token : str
            Names this piece of work, such as a source's hash; at most one append succeeds for it.

        Returns
        -------
        bool
            False when the same token was appended before and nothing was done.
        """
        if self.has(table, token):
            return False
        self._write(table, data, token=token)
        return True

    @contextmanager
    def adding(self, table: Table, token: str) -> Iterator[Addition]:
        """Add rows piece by piece, once, in one commit when the block ends well.

        Parameters
        ----------
        table : Table
            Which table.
        token : str
            As for `append`; when it was committed before, what is added goes nowhere.

        Yields
        ------
        Addition
            Takes pieces. What it holds in memory is one piece, never all of them.
        """
        known = self.has(table, token)
        addition = Addition(table, self.root / ADDING / table.name, keep=not known)
        try:
            yield addition
            if not known and addition.close():
                self._commit(table, addition, token)
        except (DeltaError, OSError, pa.ArrowException) as error:
            raise _unwritten(self.root / table.name, table.name, error) from error
        finally:
            addition.discard()
            self.tidy()

    def tidy(self) -> None:
        """Remove what a run that was killed left half-written; call it under the lock."""
        shutil.rmtree(self.root / ADDING, ignore_errors=True)

    def replace(self, table: Table, data: pa.Table, nights: Sequence[str]) -> None:
        """Replace whole nights in one commit.

        Parameters
        ----------
        table : Table
            A table partitioned by night.
        data : pa.Table
            All rows of these nights; rows of other nights are refused.
        nights : sequence of str
            ISO dates, at least one; other nights are left as they are.
        """
        wanted = pa.array(sorted(set(nights)), pa.string())
        outside = pc.invert(pc.is_in(pc.cast(data["night"], pa.string()), value_set=wanted))
        if pc.any(outside).as_py():
            raise IntegrityError(
                f"rows of {table.name} outside the nights to replace", code="AW-LAKE-001"
            )
        names = ", ".join(f"'{night}'" for night in wanted.to_pylist())
        exists = self._open(table) is not None
        self._write(table, data, predicate=f"night IN ({names})" if exists else None)

    def replace_source(self, table: Table, data: pa.Table, source_id: str, token: str) -> None:
        """Replace all rows of one source in a table without partitions, once.

        Parameters
        ----------
        table : Table
            A table with a `source_id`.
        data : pa.Table
            All rows of this source from now on.
        source_id : str
            SHA-256 in hexadecimal.
        token : str
            As for `append`.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", source_id):
            raise IntegrityError("not a source's hash", code="AW-LAKE-001")
        if not self.has(table, token):
            self._write(table, data, token=token, predicate=f"source_id = '{source_id}'")

    def has(self, table: Table, token: str) -> bool:
        """Tell whether an append with this token was committed."""
        delta = self._open(table)
        return delta is not None and delta.transaction_version(token) is not None

    def read(
        self,
        table: Table,
        nights: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return rows of some or all nights; repeating text columns are dictionaries.

        Row order is the order of the files; sort by a total key before anything depends on it.
        """
        names = list(columns or table.names)
        batches = list(self.batches(table, nights, names))
        schema = memory_schema(table, names)
        if not batches:
            return schema.empty_table()
        return pa.Table.from_batches(batches, schema).unify_dictionaries()

    def batches(
        self,
        table: Table,
        nights: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield row groups as record batches, night by night in order, dictionaries whole."""
        names = list(columns or table.names)
        schema = memory_schema(table, names)
        stored = [name for name in names if name != table.partition]
        for night, path in self._files(table, nights):
            for rows in row_groups(path, stored, table.repeating):
                yield from completed(rows, schema, table.partition, night).to_batches()

    def pick(
        self,
        table: Table,
        column: str,
        values: Iterable[str],
        nights: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the rows whose `column` is one of `values`, streaming night by night.

        Parameters
        ----------
        table : Table
            Which table.
        column : str
            A text column.
        values : iterable of str
            Wanted values.
        nights, columns : sequence of str, optional
            Narrow what is read; `column` is read in any case.
        """
        names = list(dict.fromkeys([*(columns or table.names), column]))
        wanted = pa.array(sorted(set(values)), pa.string())
        kept = []
        for batch in self.batches(table, nights, names):
            rows = batch.filter(_is_in(batch[column], wanted))
            if rows.num_rows:
                kept.append(rows)
        schema = memory_schema(table, names)
        return pa.Table.from_batches(kept, schema).unify_dictionaries()

    def pieces(self, table: Table, nights: Sequence[str]) -> list[Piece]:
        """Return what an engine is to work through: all rows of some nights, in their order."""
        return list(cut(table, self._files(table, nights)))

    def nights(self, table: Table) -> list[str]:
        """Return the nights that have rows, in order."""
        return sorted({night for night, _ in self._files(table, None)})

    def counts(self, table: Table) -> dict[str, int]:
        """Return the number of rows of each night that has any, in night order."""
        delta = self._open(table)
        if delta is None:
            return {}
        total: dict[str, int] = {}
        for action in pa.table(delta.get_add_actions(flatten=True)).to_pylist():
            night = action.get(f"partition.{table.partition}") or ""
            total[night] = total.get(night, 0) + action["num_records"]
        return dict(sorted(total.items()))

    def files(self, table: Table, nights: Sequence[str] | None = None) -> list[Path]:
        """Return the current Parquet files of some or all nights, in night and name order."""
        return [path for _, path in self._files(table, nights)]

    def fingerprints(self, table: Table) -> dict[str, str]:
        """Return for each night a text that changes whenever its stored rows change."""
        prints: dict[str, str] = {}
        for night, path in self._files(table, None):
            prints[night] = f"{prints.get(night, '')}|{path.name}"
        return prints

    def _open(self, table: Table) -> DeltaTable | None:
        """Open a table, or None when it was never written."""
        path = self.root / table.name
        try:
            return DeltaTable(path) if DeltaTable.is_deltatable(str(path)) else None
        except (DeltaError, OSError, ValueError) as error:
            raise damaged(path / "_delta_log") from error

    def _files(self, table: Table, nights: Sequence[str] | None) -> list[tuple[str, Path]]:
        """Return (night, file) of the current version, sorted."""
        delta = self._open(table)
        if delta is None:
            return []
        wanted = None if nights is None else set(nights)
        found = []
        for action in pa.table(delta.get_add_actions(flatten=True)).to_pylist():
            night = action.get(f"partition.{table.partition}") or ""
            if wanted is None or night in wanted:
                found.append((night, self.root / table.name / unquote(action["path"])))
        return sorted(found)

    def _write(
        self, table: Table, data: pa.Table, *, token: str = "", predicate: str | None = None
    ) -> None:
        """Commit rows: replace what the predicate names, or append when there is none."""
        ensure_folder(self.root)
        rows = data.select(list(table.names)).cast(table.schema)
        commit = CommitProperties(app_transactions=[Transaction(token, 1)] if token else None)
        how: dict[str, Any] = (
            {"mode": "overwrite", "predicate": predicate} if predicate else {"mode": "append"}
        )
        try:
            write_deltalake(
                self.root / table.name,
                rows,
                partition_by=[table.partition] if table.partition else None,
                schema_mode="merge",  # a table of an earlier version lacks columns of this one
                writer_properties=WRITER,
                commit_properties=commit,
                **how,
            )
        except (DeltaError, OSError) as error:
            raise _unwritten(self.root / table.name, table.name, error) from error

    def _commit(self, table: Table, addition: Addition, token: str) -> None:
        """Move added files to where they belong and name them in one commit."""
        place = ensure_folder(self.root) / table.name
        partition = [table.partition] if table.partition else None
        if self._open(table) is None:
            DeltaTable.create(place, table.schema, mode="ignore", partition_by=partition)
        DeltaTable(place).create_write_transaction(
            addition.move(place),
            "append",
            table.schema,
            partition_by=partition,
            commit_properties=CommitProperties(app_transactions=[Transaction(token, 1)]),
        )


def _unwritten(path: Path, name: str, error: Exception) -> AuditwatchError:
    """Turn what store and system say of a write that failed into what a person can act on."""
    if "o space left" in str(error) or "quota exceeded" in str(error):
        return InputError(
            f"cannot write the lake's table {name}: the disk is full",
            code="AW-FILES-002",
            where=str(path),
            hint="free some space and run the same command again; nothing is lost",
        )
    if "ermission denied" in str(error) or "ead-only" in str(error):
        return RefusedError(
            f"cannot write the lake's table {name}",
            code="AW-FILES-001",
            where=str(path),
            hint="check owner and mode of the workspace",
        )
    return RefusedError(
        f"cannot write the lake's table {name}",
        code="AW-LAKE-003",
        where=str(path),
        expected="a sound table, on a disk that takes what is written",
        hint="check the disk; if it is sound, restore the lake folder from a backup",
    )


def _is_in(values: pa.Array, wanted: pa.Array) -> pa.Array:
    """Test membership, once per distinct value where the column is a dictionary."""
    if not pa.types.is_dictionary(values.type):
        return pc.is_in(values, value_set=wanted)
    found = pc.is_in(values.dictionary, value_set=wanted)
    return pc.fill_null(found.take(values.indices), False)
