"""A moving window on the bytes of a stream: what a document's reader holds, and no more."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.documents import Piece
from auditwatch.ingest.spans import EXCERPT_BYTES

if TYPE_CHECKING:
    from auditwatch.ingest.stream import Stream

__all__ = ["Skipped", "Window"]

BLOCK_BYTES: Final = 1 << 18


class Window:
    """Some bytes of a source; places are counted from its beginning.

    Parameters
    ----------
    stream : Stream
        Where the bytes come from.

    Attributes
    ----------
    data : bytes
        What is held.
    base : int
        Where it begins.
    start : int
        Where the piece begins that is being cut: nothing from there on is dropped.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.data = b""
        self.base = 0
        self.start = 0
        self.ended = False

    @property
    def end(self) -> int:
        """Place after the last byte that is held."""
        return self.base + len(self.data)

    def more(self) -> bool:
        """Read on, dropping what was cut off already; False at the end of the source."""
        if self.ended:
            return False
        block = self._stream.read(BLOCK_BYTES)
        self.ended = len(block) < BLOCK_BYTES
        self.data = self.data[self.start - self.base :] + block
        self.base = self.start
        return bool(block)

    def text(self, start: int, end: int) -> bytes:
        """Return the bytes between two places that are held."""
        return self.data[start - self.base : end - self.base]

    def cut(self, end: int) -> bytes:
        """Return the piece up to a place that is held; the next one begins there."""
        found = self.text(self.start, end)
        self.start = end
        return found


class Skipped:
    """A piece too long to hold: its place, its first bytes and its hash.

    Parameters
    ----------
    window : Window
        Its `start` is where the piece begins.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._hashed = hashlib.sha256()
        self.start = window.start
        self.excerpt = b""

    def pass_to(self, end: int) -> None:
        """Let go of what stands before a place that is held."""
        data = self._window.cut(end)
        self._hashed.update(data)
        room = EXCERPT_BYTES - len(self.excerpt)
        self.excerpt += data[:room] if room > 0 else b""

    def piece(self, code: str) -> Piece:
        """Return what was passed as a piece that is refused for a reason code."""
        end, hashed = self._window.start, self._hashed.hexdigest()
        return Piece(self.start, end, None, code=code, hashed=hashed, excerpt=self.excerpt)
