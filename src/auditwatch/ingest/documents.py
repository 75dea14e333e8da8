"""Documents of many records, JSON or XML: cut into pieces that tile the bytes, a piece a line.

Five hundred records may stand on one physical line, or one record on sixty; so in a document the
account counts pieces. A record, what was refused, and what stands before and behind the records
(a header) is a piece each; separators belong to the piece that they follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa

from auditwatch.ingest.jsontext import LineError
from auditwatch.ingest.recordwise import refuse_mapping
from auditwatch.ingest.spans import EXCERPT_BYTES, Chunk, Reject, Spans, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

    Row = Mapping[str, str | None]

__all__ = ["CUT_OFF", "Note", "Piece", "cut_note", "read_pieces"]

CHUNK_BYTES: Final = 8 << 20
CHUNK_PIECES: Final = 1 << 14
#: Reason code of a record, and kind of gap of a document, that ends too early.
CUT_OFF: Final = "cut_off"

#: Kind and sentence of a gap.
Note: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Piece:
    """One stretch of a document.

    Parameters
    ----------
    start, end : int
        First byte and the byte after the last, in the unzipped source.
    data : bytes or None
        The stretch; None when it was too long to hold.
    found : dict or None
        The record that it holds.
    code : str
        Why it is refused; empty for a record, a header and a blank.
    hashed : str
        SHA-256 of a stretch that was too long to hold.
    excerpt : bytes
        First bytes of such a stretch.
    """

    start: int
    end: int
    data: bytes | None = field(repr=False)
    found: Object | None = field(default=None, repr=False)
    code: str = ""
    hashed: str = ""
    excerpt: bytes = field(default=b"", repr=False)

    @property
    def blank(self) -> bool:
        """Whether nothing but white space stands here."""
        return self.data is not None and self.data.isspace()

    def reject(self, line: int, code: str) -> Reject:
        """Return the reject of this piece."""
        if self.data is None:
            return Reject(line, 1, self.start, self.end, code, self.hashed, self.excerpt)
        excerpt = self.data[:EXCERPT_BYTES]
        return Reject(line, 1, self.start, self.end, code, digest(self.data), excerpt)


def cut_note(byte: int, where: str) -> Note:
    """Return the gap of a document that ends too early.

    Parameters
    ----------
    byte : int
        Where what is missing began.
    where : str
        How it ends: ``behind`` a byte, or ``inside what begins at`` it.
    """
    return CUT_OFF, f"the document breaks off {where} byte {byte}; what followed is missing"


def read_pieces(
    stream: Stream,
    request: Request,
    fields: Sequence[str],
    pieces: Iterable[Piece | Note],
    take: Callable[[Object], Row | None],
) -> Iterator[Chunk]:
    """Yield the records of a document that is cut into pieces.

    Parameters
    ----------
    stream : Stream
        The source that the pieces come from.
    request : Request
        A mapping with columns is refused.
    fields : sequence of str
        Canonical names that this format exports, each in every chunk.
    pieces : iterable of Piece or Note
        In file order, without a hole; notes are gaps.
    take : callable
        From a record to its fields by canonical name; None for a record that is no lookup. It
        refuses a record by raising LineError(code).

    Yields
    ------
    Chunk
        In file order; `line` is the number of the piece, bytes are exact.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    refuse_mapping(request, stream)
    stretch = _Stretch(fields, take, line=1, base=0)
    for piece in pieces:
        if isinstance(piece, tuple):
            stretch.gaps.append(piece)
            continue
        if stretch.full or (piece.data is None and stretch.held):
            yield stretch.chunk()
            stretch = _Stretch(fields, take, line=stretch.after, base=piece.start)
        stretch.add(piece)
    yield stretch.chunk()
    stream.count_records(stretch.after - 1)


@dataclass
class _Stretch:
    """Pieces that will be one chunk."""

    fields: Sequence[str]
    take: Callable[[Object], Row | None]
    line: int
    base: int
    held: int = 0
    count: int = 0
    parts: list[bytes] = field(default_factory=list)
    values: list[list[str | None]] = field(default_factory=list)
    records: list[tuple[int, int, int, int]] = field(default_factory=list)
    blanks: list[tuple[int, int, int, int]] = field(default_factory=list)
    headers: list[tuple[int, int, int, int]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    gaps: list[Note] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether it is time for a chunk."""
        return self.held >= CHUNK_BYTES or self.count >= CHUNK_PIECES

    @property
    def after(self) -> int:
        """Number of the next piece."""
        return self.line + self.count

    def add(self, piece: Piece) -> None:
        """Take a piece in, in its class."""
        number = self.after
        self.count += 1
        if piece.data is None:
            self.base = piece.end
        else:
            self.parts.append(piece.data)
            self.held += len(piece.data)
        place = (number, 1, piece.start, piece.end)
        try:
            row = self._row(piece)
        except LineError as error:
            self.rejects.append(piece.reject(number, str(error)))
            return
        if row is not None:
            self.records.append(place)
            self.values.append([row.get(name) for name in self.fields])
        else:
            (self.blanks if piece.blank else self.headers).append(place)

    def _row(self, piece: Piece) -> Row | None:
        """Return the fields of a piece; None when it is no lookup."""
        if piece.code:
            raise LineError(piece.code)
        return None if piece.found is None else self.take(piece.found)

    def chunk(self) -> Chunk:
        """Return the pieces as a chunk."""
        values = zip(*self.values, strict=True) if self.values else ([] for _ in self.fields)
        columns = dict(zip(self.fields, (pa.array(v, pa.string()) for v in values), strict=True))
        spans = (Spans.of(one) for one in (self.records, self.blanks, self.headers))
        records, blanks, headers = spans
        return Chunk(
            columns,
            records,
            tuple(self.rejects),
            blanks,
            headers,
            b"".join(self.parts),
            self.base,
            tuple(self.gaps),
        )
