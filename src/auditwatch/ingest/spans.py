"""Where records stand in a source: spans of lines and bytes, and the chunks that formats yield."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

__all__ = ["EXCERPT_BYTES", "Chunk", "Flags", "Ints", "Reject", "Spans", "digest"]

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

#: What is kept of a refused record (bytes): enough to see why, too little to fill a disk.
EXCERPT_BYTES: Final = 4096


@dataclass(frozen=True)
class Spans:
    """Places of some records, one element each.

    Parameters
    ----------
    line : ndarray of int64, shape (n,)
        First physical line, from 1.
    lines : ndarray of int64, shape (n,)
        Physical lines it spans.
    start, end : ndarray of int64, shape (n,)
        First byte and the byte after the last, in the unzipped source.
    """

    line: Ints
    lines: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, int]]) -> Self:
        """Return spans of (line, lines, start, end) rows."""
        table = np.array(list(rows), np.int64).reshape(-1, 4)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3])

    @classmethod
    def join(cls, parts: Iterable[Spans]) -> Self:
        """Return the spans of several parts, one after another."""
        rows = [np.stack([p.line, p.lines, p.start, p.end]) for p in parts]
        table = np.concatenate(rows, axis=1) if rows else np.empty((4, 0), np.int64)
        return cls(table[0], table[1], table[2], table[3])

    def __len__(self) -> int:
        return len(self.line)

    def take(self, chosen: Ints | Flags) -> Spans:
        """Return the chosen spans, by position or by flag."""
        return Spans(self.line[chosen], self.lines[chosen], self.start[chosen], self.end[chosen])


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused record: its place, a stable reason code, its hash and its first bytes."""

    line: int
    lines: int
    start: int
    end: int
    code: str
    excerpt_sha256: str
    excerpt: bytes = b""


def _nothing() -> Spans:
    """Return no spans."""
    return Spans.of([])


@dataclass(frozen=True)
class Chunk:
    """A stretch of a source, every line of it in exactly one of four classes.

    Parameters
    ----------
    columns : mapping of str to pa.Array
        Text as written, by canonical name, one element per record; a column that is not here is
        not exported by the source.
    records, blanks, headers : Spans
        Places of records, of empty lines, and of lines that are no lookups.
    rejects : tuple of Reject
        What could not be read as a record.
    data : bytes
        The stretch itself, for hashing what is refused later; empty for binary containers.
    base : int
        Where `data` begins in the source (bytes).
    gaps : tuple of (str, str)
        Kind and plain sentence of what makes the evidence doubtful here.
    dated : bool
        The source keeps days without hours: `event_time` is ``ccyy-mm-dd``.
    remarks : tuple of str
        How the source was taken, for the account to say; each is said once.
    absent : frozenset of str
        Canonical names that these records do not export, whatever `columns` holds, while others of
        the source may.
    """

    columns: Mapping[str, pa.Array]
    records: Spans
    rejects: tuple[Reject, ...] = ()
    blanks: Spans = field(default_factory=_nothing)
    headers: Spans = field(default_factory=_nothing)
    data: bytes = field(default=b"", repr=False)
    base: int = 0
    gaps: tuple[tuple[str, str], ...] = ()
    dated: bool = False
    remarks: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()

    def refuse(self, position: int, code: str) -> Reject:
        """Return the reject of a record that was split well but cannot be used."""
        spans = self.records
        start, end = int(spans.start[position]), int(spans.end[position])
        excerpt = self.data[start - self.base : end - self.base]
        place = (int(spans.line[position]), int(spans.lines[position]), start, end)
        hashed = digest(excerpt) if excerpt else ""
        return Reject(*place, code, hashed, excerpt[:EXCERPT_BYTES])


def digest(excerpt: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(excerpt).hexdigest()
