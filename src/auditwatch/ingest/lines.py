"""Blocks of whole physical lines, found by their newlines, with bounded memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.ingest.spans import EXCERPT_BYTES, Reject, Spans, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.spans import Flags, Ints
    from auditwatch.ingest.stream import Stream

__all__ = ["BLOCK_BYTES", "Block", "LineReader"]

BLOCK_BYTES: Final = 1 << 21
#: A block of more lines than this is cut short: what is noted of a line takes far more room than an
#: empty line itself.
LINES_MAX: Final = 1 << 17
NEWLINE: Final = 10


@dataclass(frozen=True)
class Block:
    """Some whole lines.

    Parameters
    ----------
    data : bytes
        The lines with their newlines; only the file's last line may lack one.
    base : int
        Where they begin in the source (bytes).
    line : int
        Number of the first line, from 1.
    edges : ndarray of int64, shape (lines + 1,)
        Where each line begins in `data`, and the end.
    last : bool
        Nothing follows in the source.
    overlong : Reject or None
        A line longer than the limit that stands before these lines and was skipped.
    """

    data: bytes = field(repr=False)
    base: int
    line: int
    edges: Ints
    last: bool
    overlong: Reject | None = None

    def __len__(self) -> int:
        return len(self.edges) - 1

    def cut(self, first: int, after: int) -> Block:
        """Return the lines from `first` up to `after` as a block of their own."""
        start, end = int(self.edges[first]), int(self.edges[after])
        return Block(
            self.data[start:end],
            self.base + start,
            self.line + first,
            self.edges[first : after + 1] - start,
            last=self.last and after == len(self),
        )

    def text(self, position: int) -> bytes:
        """Return one line with its newline."""
        return self.data[self.edges[position] : self.edges[position + 1]]

    def ends_in_newline(self) -> Flags:
        """Flag the lines that have their newline: all but the last line of some sources."""
        flags = np.ones(len(self), np.bool_)
        if len(self):
            flags[-1] = self.data.endswith(b"\n")
        return flags

    def array(self) -> pa.Array:
        """Return the lines as an array of bytes, without a copy."""
        buffers = [None, pa.py_buffer(self.edges), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.large_binary(), len(self), buffers)

    def readable(self) -> Flags:
        """Flag the lines that are UTF-8."""
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError:
            return np.fromiter(map(_is_utf8, self.array().to_pylist()), np.bool_)
        return np.ones(len(self), np.bool_)

    def gather(self, chosen: Flags) -> pa.Buffer:
        """Return the bytes of some lines, without a copy when all are chosen."""
        if chosen.all():
            return pa.py_buffer(self.data)
        kept = self.array().filter(pa.array(chosen))
        first, last = np.frombuffer(kept.buffers()[1], np.int64)[[0, len(kept)]]
        return kept.buffers()[2].slice(first, last - first)

    def span(self, first: int, after: int) -> tuple[int, int, int, int]:
        """Return (line, lines, start, end) of the lines from `first` up to `after`."""
        start, end = int(self.edges[first]), int(self.edges[after])
        return self.line + first, after - first, self.base + start, self.base + end

    def spans(self, chosen: Flags) -> Spans:
        """Return the spans of single lines, by flag."""
        at = np.flatnonzero(chosen)
        starts, ends = self.edges[at] + self.base, self.edges[at + 1] + self.base
        return Spans(at + self.line, np.ones(len(at), np.int64), starts, ends)

    def refuse(self, first: int, after: int, code: str) -> Reject:
        """Return the reject of some lines."""
        excerpt = self.data[self.edges[first] : self.edges[after]]
        return Reject(*self.span(first, after), code, digest(excerpt), excerpt[:EXCERPT_BYTES])


def _is_utf8(line: bytes) -> bool:
    """Tell whether some bytes are UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class LineReader:
    """Cuts a stream into blocks of whole lines.

    Parameters
    ----------
    stream : Stream
        Where the bytes come from.
    limit : int
        Longest line that is kept (bytes, newline included).
    block_bytes : int
        How much to read at a time.
    """

    def __init__(self, stream: Stream, limit: int, block_bytes: int = BLOCK_BYTES) -> None:
        self._stream = stream
        self._limit = limit
        self._block_bytes = block_bytes
        self._carry = b""
        self._base = 0
        self._line = 1
        self._ended = False

    def __iter__(self) -> Iterator[Block]:
        while not self._ended or self._carry:
            yield self._block()

    def unread(self, block: Block, first: int) -> None:
        """Give the lines from `first` on back: the next block begins with them, with more behind.

        Raises
        ------
        ValueError
            When the block is the last one: nothing more can come.
        """
        if block.last:
            raise ValueError("nothing follows the last block")
        self._carry = block.data[block.edges[first] :] + self._carry
        self._base = block.base + int(block.edges[first])
        self._line = block.line + first

    def _more(self) -> bytes:
        """Read on; an empty answer is the end."""
        data = self._stream.read(self._block_bytes)
        self._ended = len(data) < self._block_bytes
        return data

    def _block(self) -> Block:
        """Return what is carried and what follows, up to the last newline."""
        data, overlong = self._carry, None
        # less than the longest record is not enough to decide on: it may have been given back
        enough = len(data) > max(self._block_bytes, self._limit)
        data += b"" if self._ended or enough else self._more()
        while not self._ended and b"\n" not in data and len(data) <= self._limit:
            data += self._more()
        end = len(data) if self._ended else data.rfind(b"\n") + 1
        if end == 0 and len(data) > self._limit:
            overlong, data = self._skip(data)
            end = len(data) if self._ended else data.rfind(b"\n") + 1
        after = np.flatnonzero(np.frombuffer(data, np.uint8)[:end] == NEWLINE) + 1
        after, end = self._shortened(after, end)
        self._carry = data[end:]
        return self._cut(data[:end], after, overlong)

    def _shortened(self, after: Ints, end: int) -> tuple[Ints, int]:
        """Return the line ends of a block, and its own, cut short when it has very many lines.

        It never ends before the longest record could.
        """
        least = int(np.searchsorted(after, self._limit, "right")) + 1
        crowded = LINES_MAX < least <= len(after)
        return (after[:least], int(after[least - 1])) if crowded else (after, end)

    def _cut(self, data: bytes, after: Ints, overlong: Reject | None) -> Block:
        """Make a block of some bytes, whose lines end in some places, and move on behind them."""
        closed = len(after) > 0 and after[-1] == len(data)
        tail = [] if closed or not data else [len(data)]
        edges = np.concatenate([[0], after, tail]).astype(np.int64)
        last = self._ended and not self._carry
        block = Block(data, self._base, self._line, edges, last, overlong)
        self._base += len(data)
        self._line += len(block)
        return block

    def _skip(self, data: bytes) -> tuple[Reject, bytes]:
        """Hash a line that is too long up to its end without keeping it; return what follows."""
        hashed, length, excerpt = hashlib.sha256(), 0, data[:EXCERPT_BYTES]
        while (at := data.find(b"\n")) < 0 and not self._ended:
            hashed.update(data)
            length += len(data)
            data = self._more()
        cut = at + 1 if at >= 0 else len(data)
        hashed.update(data[:cut])
        length += cut
        place = (self._line, 1, self._base, self._base + length)
        self._base += length
        self._line += 1
        return Reject(*place, "too_long", hashed.hexdigest(), excerpt), data[cut:]
