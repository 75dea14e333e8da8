"""The embedded engine: Ibis expressions on DuckDB, shut in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Self

import ibis
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from auditwatch.engine.base import Work
    from auditwatch.engine.pieces import Piece

__all__ = ["LocalEngine"]

MEMORY_LIMIT: Final = "4GB"

#: Set in this order: after the last, no statement can undo them.
LOCKDOWN: Final = (
    "SET memory_limit = '" + MEMORY_LIMIT + "'",
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class LocalEngine:
    """Runs expressions over Arrow tables in this process; use as a context manager.

    Parameters
    ----------
    threads : int, optional
        Defaults to the processors at hand. Results do not depend on it: expressions use integer
        sums and counts only.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._connection = ibis.duckdb.connect(threads=threads or os.cpu_count() or 1)
        for statement in LOCKDOWN:
            self._connection.raw_sql(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(
        self, pieces: Sequence[Piece], work: Work
    ) -> Iterator[tuple[Piece, Mapping[str, pa.Table]]]:
        """Yield each piece with what the work made of it; one piece is in memory at a time."""
        for piece in pieces:
            yield piece, work(piece.read())

    def bind(self, name: str, rows: pa.Table) -> ibis.Table:
        """Make a table of Arrow rows usable in expressions under `name`; replaces the same name.

        Dictionary columns are decoded: DuckDB would otherwise make an enum of each.
        """
        plain = pa.schema([(field.name, _plain(field.type)) for field in rows.schema])
        self._connection.con.register(name, rows.cast(plain))
        return self._connection.table(name)

    def collect(self, expression: ibis.Table) -> pa.Table:
        """Run an expression; row order is the expression's own, so order by a total key."""
        return self._connection.to_pyarrow(expression)

    def close(self) -> None:
        """Free what the engine holds."""
        self._connection.disconnect()


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the value type of a dictionary, any other type as it is."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
