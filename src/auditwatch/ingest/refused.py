"""Refused records on disk between reading and storing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa

from auditwatch.core.schema import REJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditwatch.ingest.spans import Reject

__all__ = ["RefusedWriter", "read_refused"]

#: The source is known only when all of it was read.
SCHEMA: Final = pa.schema([field for field in REJECTS.schema if field.name != "source_id"])


class RefusedWriter:
    """Writes refused records block by block; use as a context manager.

    Parameters
    ----------
    path : Path
        The new file.

    Attributes
    ----------
    reasons : Counter of str
        How many, by reason code.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._stream = pa.ipc.new_stream(self._file, SCHEMA)
        self.reasons: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._file.close()

    def add(self, rejects: Sequence[Reject]) -> None:
        """Write what was refused in the next block, by line."""
        if not rejects:
            return
        rows = sorted(rejects, key=lambda one: one.line)
        columns = {
            "line": [one.line for one in rows],
            "lines": [one.lines for one in rows],
            "byte_start": [one.start if one.excerpt_sha256 else None for one in rows],
            "byte_end": [one.end if one.excerpt_sha256 else None for one in rows],
            "reason_code": [one.code for one in rows],
            "excerpt_sha256": [one.excerpt_sha256 for one in rows],
            "excerpt": [one.excerpt for one in rows],
        }
        self._stream.write_batch(pa.RecordBatch.from_pydict(columns, schema=SCHEMA))
        self.reasons.update(one.code for one in rows)


def read_refused(path: Path, source_id: str) -> Iterator[pa.Table]:
    """Yield refused records, by line, as parts of REJECTS.

    Parameters
    ----------
    path : Path
        What a `RefusedWriter` left.
    source_id : str
        The source they are of.
    """
    with path.open("rb") as file, pa.ipc.open_stream(file) as stream:
        for batch in stream:
            label = pa.repeat(pa.scalar(source_id, pa.string()), batch.num_rows)
            yield pa.table([label, *batch.columns], schema=REJECTS.schema)
