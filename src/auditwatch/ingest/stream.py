"""A source as a stream of plain bytes: plain or gzip, hashed and counted while it is read."""

from __future__ import annotations

import hashlib
import zlib
from typing import IO, TYPE_CHECKING, Final, Self

import numpy as np

from auditwatch.core.errors import InputError
from auditwatch.core.files import require_file

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["HEAD_BYTES", "Stream"]

GZIP_MAGIC: Final = b"\x1f\x8b"
HEAD_BYTES: Final = 1 << 16
NEWLINE: Final = 10
PIECE_BYTES: Final = 1 << 20  # unzipped at a time
PLAIN_PIECE_BYTES: Final = 1 << 22  # a file may be far smaller than what is asked for
ZIPPED_PIECE_BYTES: Final = 1 << 14  # what is left of a piece is copied for each gzip member in it
RATIO_MAX: Final = 200  # text logs shrink 5 to 40 times; far more is a bomb
RATIO_GRACE_BYTES: Final = 1 << 22


class Stream:
    """The unzipped bytes of one file, read once, front to back; use as a context manager.

    Parameters
    ----------
    path : Path
        A regular file, plain or gzip (one layer).
    upto : int, optional
        Bytes of the file to read, if a line ends there: what was written behind is left.

    Attributes
    ----------
    size : int
        Unzipped bytes handed out so far.
    delivered : int
        Bytes of the file as delivered, read so far.
    lines : int
        Physical lines in what was handed out; the last one may lack its newline.

    Raises
    ------
    UsageError, RefusedError
        ``AW-FILES-004``, ``-005``, ``-001``: missing, not a file, not readable.
    """

    def __init__(self, path: Path, upto: int | None = None) -> None:
        self.path = require_file(path)
        self.size = 0
        self.delivered = 0
        self._newlines = 0
        self._ends_open = False
        self._delivered_hash = hashlib.sha256()
        self._file: IO[bytes] = path.open("rb")
        self._upto = upto if upto and _ends_line(self._file, upto) else None
        self._file.seek(0)
        self._zipped = self._file.read(2) == GZIP_MAGIC
        self._file.seek(0)
        self._inflater = zlib.decompressobj(wbits=31) if self._zipped else None
        self._raw = b""
        self._produced = 0
        self._ready = b""
        try:
            self.head = self._look()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def lines(self) -> int:
        """Physical lines handed out so far."""
        return self._newlines + self._ends_open

    @property
    def delivered_sha256(self) -> str:
        """SHA-256 of the file as delivered; whole once the stream is at its end."""
        return self._delivered_hash.hexdigest()

    @property
    def name(self) -> str:
        """File name without its folder; what no table or terminal can show is replaced."""
        return "".join(
            c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in self.path.name
        )

    def read(self, size: int) -> bytes:
        """Return up to `size` further bytes; fewer only at the end.

        Raises
        ------
        InputError
            ``AW-INGEST-002`` gzip damaged, cut off, nested or growing beyond the ratio limit.
        """
        data = self._fill(size)
        self._ready = self._ready[len(data) :]
        self.size += len(data)
        if data:
            self._newlines += int(np.count_nonzero(np.frombuffer(data, np.uint8) == NEWLINE))
            self._ends_open = not data.endswith(b"\n")
        return data

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes that are still to be read, for a look before reading.

        Raises
        ------
        InputError
            As for `read`.
        """
        return self._fill(size)

    def count_rows(self, rows: int) -> None:
        """Count the rows of a binary container, which has neither lines nor useful bytes."""
        self.size = self._newlines = rows
        self._ends_open = False

    def count_records(self, records: int) -> None:
        """Count the records of a document in place of its lines, which mean nothing there."""
        self._newlines, self._ends_open = records, False

    def _look(self) -> bytes:
        """Return the first bytes, which say what the source is."""
        head = self._fill(HEAD_BYTES)
        if self._zipped and head.startswith(GZIP_MAGIC):
            raise self._refusal("gzip inside gzip", "one layer of gzip", "unzip it once")
        return head

    def _fill(self, size: int) -> bytes:
        """Return up to `size` bytes without handing them out yet."""
        parts, held = [self._ready] if self._ready else [], len(self._ready)
        while held < size:
            piece = self._piece(size - held)
            if not piece:
                break
            parts.append(piece)
            held += len(piece)
        self._ready = b"".join(parts)  # a single piece is handed on without a copy
        return self._ready[:size]

    def _take_raw(self, size: int) -> bytes:
        """Read up to some bytes of the file as delivered."""
        if self._upto is not None:
            size = min(size, self._upto - self.delivered)
        raw = self._file.read(size)
        self.delivered += len(raw)
        self._delivered_hash.update(raw)
        return raw

    def _piece(self, wanted: int) -> bytes:
        """Return some more unzipped bytes, about as many as are wanted; nothing at the end."""
        if self._inflater is None:
            return self._take_raw(min(wanted, PLAIN_PIECE_BYTES))
        while True:
            self._raw = self._raw or self._take_raw(ZIPPED_PIECE_BYTES)
            if self._inflater.eof:
                if not self._raw:
                    return b""
                self._raw = self._raw.lstrip(b"\0")  # tape blocks pad with NUL
                if not self._raw:
                    continue
                self._inflater = zlib.decompressobj(wbits=31)
            elif not self._raw:
                raise self._refusal("gzip is cut off", "a whole file", "fetch the file again")
            piece = self._inflate()
            if piece:
                return piece

    def _inflate(self) -> bytes:
        """Unzip a bounded piece of what was read."""
        inflater = self._inflater
        if inflater is None:
            return b""
        try:
            piece = inflater.decompress(self._raw, PIECE_BYTES)
        except zlib.error as error:
            hint = "fetch the file again"
            raise self._refusal("gzip is damaged", "sound gzip", hint) from error
        self._raw = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        self._produced += len(piece)
        if self._produced > RATIO_MAX * self.delivered + RATIO_GRACE_BYTES:
            hint = "unzip it yourself if you trust it"
            raise self._refusal("gzip grows too much", f"at most {RATIO_MAX} times its size", hint)
        return piece

    def _refusal(self, what: str, expected: str, hint: str) -> InputError:
        """Return the error of a container that cannot be opened."""
        where = f"{self.path}:byte {self.delivered}"
        return InputError(what, code="AW-INGEST-002", where=where, expected=expected, hint=hint)


def _ends_line(file: IO[bytes], place: int) -> bool:
    """Tell whether a line ends before some place in a file."""
    file.seek(place - 1)
    return file.read(1) == b"\n"
