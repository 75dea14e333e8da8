"""JSON documents of many records: cut at their brackets, in bounded memory, damage kept small.

A document is an array of records, an object that holds one array of them under a known key, a
single record, or several of these one after another. As long as the text of a record is well
formed its brackets say where it ends, however long it is. Where it is not, they say nothing (a
stray quote turns text into strings and strings into text), and reading resumes at the first object
behind the damage that is a record of the format by itself.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.documents import CUT_OFF, Piece, cut_note
from auditwatch.ingest.jsontext import LineError, read_object
from auditwatch.ingest.window import Skipped, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditwatch.ingest.documents import Note
    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.stream import Stream

__all__ = ["JsonDocument", "is_document"]

BOM: Final = b"\xef\xbb\xbf"
#: Everything up to the next bracket that is not inside a string, and that bracket.
BRACKET: Final = re.compile(
    rb'[^"{}\[\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL
)
OUTSIDE: Final = re.compile(rb'[^"{}\[\]]*+(["{}\[\]])')
INSIDE: Final = re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL)
SPACE: Final = re.compile(rb"[ \t\r\n]*+")
SEPARATOR: Final = re.compile(rb"[ \t\r\n]*+(?:,[ \t\r\n]*+)?+")
OBJECT: Final = re.compile(rb'\{[ \t\r\n]*+"')
#: What stands between records and is none: up to where the next may begin.
SCALAR: Final = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"|[^,\[\]{}"]++|["}]')
JUNK: Final = re.compile(rb"[^\[{]++")
#: What may follow a sound record.
FOLLOWED: Final = re.compile(rb"[ \t\r\n]*+(?:[,\]{]|\Z)")
#: How far the search behind a damaged record may go, in records of the longest kind.
SEARCH_RECORDS: Final = 4
PLAIN: Final = json.JSONDecoder(parse_int=str, parse_float=str)
#: The longest word that the end of the held text may cut: ``"-Infinity"``, or half an escape.
WORD: Final = 9


def is_document(head: bytes, key: str) -> bool:
    """Tell whether a source is a document and not one object a line.

    Parameters
    ----------
    head : bytes
        Its first bytes.
    key : str
        Key of the array of records in an object that holds many.

    Returns
    -------
    bool
        False when the first line is an object by itself and holds no such array.
    """
    first = head.removeprefix(BOM).lstrip().split(b"\n", 1)[0].rstrip()
    at, depth, holds = 0, 0, _holds(key)
    while found := BRACKET.match(first, at):
        depth += 1 if found[1] in b"{[" else -1
        if depth == 0:
            alone = first.startswith(b"{") and found.end() == len(first)
            return not alone or b'"' not in first  # an empty object tells nothing
        if depth == 2 and found[1] == b"[" and holds.search(first, at, found.start(1)):
            return True
        at = found.end()
    return True


def _holds(key: str) -> re.Pattern[bytes]:
    """Return the pattern of a key that stands before the bracket of its array."""
    return re.compile(rb'(?<!\\)"%b"\s*+:\s*+\Z' % re.escape(key.encode()))


class JsonDocument:
    """Cuts the bytes of a stream into pieces; iterate once.

    Parameters
    ----------
    stream : Stream
        The source.
    limit : int
        Longest record that is held (bytes).
    key : str
        Key of the array of records in an object that holds many.
    knows : callable
        Tells whether an object is a record of the format: where reading resumes after damage.
    """

    def __init__(
        self, stream: Stream, limit: int, key: str, knows: Callable[[Object], bool]
    ) -> None:
        self._window = Window(stream)
        self._limit = limit
        self._holds = _holds(key)
        self._knows = knows
        self._depth = 0  # of the array of records: 0 outside, 1 bare, 2 inside an object

    def __iter__(self) -> Iterator[Piece | Note]:
        if lead := self._lead():
            yield self._piece(lead)
        while (char := self._peek()) != b"":
            if char in b" \t\r\n":
                yield self._piece(self._after(self._window.start, SPACE))
            elif self._depth:
                yield from self._inside(char)
            else:
                yield from self._outside(char)
        if self._depth:
            yield cut_note(self._window.start, "behind")

    def _lead(self) -> int:
        """Return where a byte order mark and the space behind it end."""
        self._peek(len(BOM))
        return self._after(len(BOM), SPACE) if self._window.data.startswith(BOM) else 0

    def _peek(self, size: int = 1) -> bytes:
        """Return the next byte; nothing at the end."""
        window = self._window
        while window.end - window.start < size and window.more():
            pass
        return window.text(window.start, window.start + 1)

    def _piece(self, end: int) -> Piece:
        """Cut off a piece that holds no record."""
        start = self._window.start
        return Piece(start, end, self._window.cut(end))

    def _frame(self, end: int) -> Piece:
        """Cut off what stands around the array of records; no record may stand there."""
        stray = self._neighbour(end) is not None
        after = self._after(end, SPACE)
        return self._refused(after, "stray_record") if stray else self._piece(after)

    def _refused(self, end: int, code: str) -> Piece:
        """Cut off a piece that is refused."""
        start = self._window.start
        return Piece(start, end, self._window.cut(end), code=code)

    def _after(self, end: int, pattern: re.Pattern[bytes] = SEPARATOR) -> int:
        """Return where the separators behind a place end; very long ones are cut."""
        window = self._window
        while True:
            found = pattern.match(window.data, end - window.base)
            after = window.base + found.end() if found else end
            if after < window.end or after - end > self._limit or not window.more():
                return min(after, end + self._limit)

    def _filled(self) -> int:
        """Hold as much as may be held; return where it ends."""
        while self._window.end - self._window.start < self._limit and self._window.more():
            pass
        return self._window.end

    # an array of records -------------------------------------------------------------------------

    def _inside(self, char: bytes) -> Iterator[Piece | Note]:
        """Yield what stands next in the array of records."""
        if char == b"{":
            yield from self._record()
        elif char == b"]":
            yield from self._close()
        elif char == b"[":
            yield from self._lost_or_whole("not_object")
        else:
            yield self._scalar()

    def _record(self) -> Iterator[Piece | Note]:
        """Yield the object that begins here, or what it is refused for."""
        window = self._window
        end = self._scan(window.start, 0)
        if end is None:
            yield from self._lost_or_whole("")
            return
        text = window.text(window.start, end)
        try:
            found = read_object(text, self._limit)
        except LineError as error:
            yield self._damaged(text, end, str(error))
            return
        start, after = window.start, self._after(end)
        yield Piece(start, after, window.cut(after), found)

    def _damaged(self, text: bytes, end: int, code: str) -> Piece:
        """Return the reject of an object whose brackets close, and of no good neighbour."""
        neighbour = None
        if _fault(text, whole=True):
            sure = FOLLOWED.match(self._window.data, end - self._window.base) is not None
            neighbour = self._neighbour(end if sure else self._filled())
        return self._refused(neighbour or self._after(end), code)

    def _lost_or_whole(self, code: str) -> Iterator[Piece | Note]:
        """Yield what begins here and does not close in the bytes that may be held."""
        window = self._window
        end = self._scan(window.start, 0)
        if end is not None:
            yield self._refused(self._after(end), code)
            return
        faulty = _fault(window.text(window.start, window.end), whole=False)
        # without a fault an open record was cut off, or lost the brackets that would close it
        neighbour = self._neighbour(window.end) if faulty or window.ended else None
        if neighbour and not faulty and neighbour + self._sound(neighbour) == window.end:
            neighbour = None  # cut off behind the resource of an entry
        if neighbour or faulty:
            yield self._refused(neighbour or self._give_up(), "bad_json")
        else:
            yield from self._skip(0)

    def _scalar(self) -> Piece:
        """Return what is neither object nor array where a record should stand."""
        window, held = self._window, self._filled()
        found = SCALAR.match(window.data, window.start - window.base)
        end = window.base + found.end() if found else window.start + 1
        if FOLLOWED.match(window.data, end - window.base):
            return self._refused(self._after(min(end, window.start + self._limit)), "not_object")
        return self._refused(self._neighbour(held) or self._give_up(), "bad_json")

    def _give_up(self) -> int:
        """Return where what is held ends: the array of records is lost from sight."""
        self._depth = 0
        return self._window.end

    def _close(self) -> Iterator[Piece | Note]:
        """Yield the end of the array, and what follows it in the object around it."""
        depth, self._depth = self._depth, 0
        end = self._scan(self._window.start, depth, seek=True)
        if end is None:
            yield from self._skip(depth)
        else:
            yield self._frame(end)

    # between documents ---------------------------------------------------------------------------

    def _outside(self, char: bytes) -> Iterator[Piece | Note]:
        """Yield what stands next where a document may begin."""
        if char == b"[":
            self._depth = 1
            yield self._piece(self._after(self._window.start + 1, SPACE))
        elif char == b"{":
            end = self._scan(self._window.start, 0, seek=True)
            if end is not None and self._depth:
                yield self._frame(end)
            else:
                yield from self._record()
        else:
            found = JUNK.match(self._window.data, self._window.start - self._window.base)
            end = self._window.base + found.end() if found else self._window.start + 1
            yield self._refused(min(end, self._window.start + self._limit), "bad_json")

    # brackets ------------------------------------------------------------------------------------

    def _scan(self, at: int, depth: int, *, seek: bool = False) -> int | None:
        """Return the place behind the bracket that closes what is open.

        With `seek`, also the place behind the bracket that opens an array of records; then the
        depth says so. None when neither is among the bytes that may be held.
        """
        window, start = self._window, self._window.start
        while True:
            found = BRACKET.match(window.data, at - window.base)
            if found is None:
                if window.end - start > self._limit or not window.more():
                    return None
                continue
            before, at = at, window.base + found.end()
            opens = found[1] in b"{["
            depth += 1 if opens else -1
            if depth == 0:
                return at
            if at - start > self._limit:
                return None
            if seek and depth == 2 and found[1] == b"[" and self._named(before, at - 1):
                self._depth = 2
                return at

    def _named(self, start: int, end: int) -> bool:
        """Tell whether the bracket at a place opens the array of records."""
        base = self._window.base
        return self._holds.search(self._window.data, start - base, end - base) is not None

    def _skip(self, depth: int) -> Iterator[Piece | Note]:
        """Yield as one refused piece, without holding it, what does not fit or is cut off."""
        window, skipped = self._window, Skipped(self._window)
        end = self._pass(skipped, depth)
        skipped.pass_to(window.end if end is None else self._after(end))
        code = CUT_OFF if end is None else "too_long"
        yield skipped.piece(code)
        if end is None:
            self._depth = 0
            yield cut_note(skipped.start, "inside what begins at")

    def _pass(self, skipped: Skipped, depth: int) -> int | None:
        """Pass by well-formed text; return the place behind the bracket that closes it."""
        window, at, quoted = self._window, self._window.start, False
        while True:
            found = (INSIDE if quoted else OUTSIDE).match(window.data, at - window.base)
            if found is None:
                skipped.pass_to(window.end - (quoted and _ends_in_escape(window.data)))
                at = window.start
                if not window.more():
                    return None
                continue
            at = window.base + found.end()
            char = found[0][-1:]
            if char == b'"':
                quoted = not quoted
                continue
            depth += 1 if char in b"{[" else -1
            if depth == 0:
                return at

    # damage --------------------------------------------------------------------------------------

    def _neighbour(self, end: int) -> int | None:
        """Return where the first sound record begins inside the piece, before a place."""
        window = self._window
        spent, at = 0, window.start + 1
        while found := OBJECT.search(window.data, at - window.base, end - window.base):
            at = window.base + found.start()
            length = self._sound(at)
            if length > 0:
                return at
            spent += abs(length)
            if spent > SEARCH_RECORDS * self._limit:
                return None
            at += 1
        return None

    def _sound(self, start: int) -> int:
        """Return the length of the record that begins at a place; negative when it is none."""
        window = self._window
        at, depth = start, 0
        while found := BRACKET.match(window.data, at - window.base):
            at = window.base + found.end()
            depth += 1 if found[1] in b"{[" else -1
            if depth == 0 or at - start > self._limit:
                break
        else:
            return start - window.end
        followed = FOLLOWED.match(window.data, at - window.base) is not None
        try:
            known = self._knows(read_object(window.text(start, at), self._limit))
        except LineError:
            known = False
        return at - start if known and followed else start - at


def _ends_in_escape(text: bytes) -> bool:
    """Tell whether the last byte is a backslash that escapes what follows."""
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


def _fault(text: bytes, *, whole: bool) -> bool:
    """Tell whether a record's text is damaged, not merely refused or not yet at its end."""
    shown = text.decode("utf-8", "replace")
    try:
        PLAIN.raw_decode(shown)
    except json.JSONDecodeError as error:
        open_string = error.msg.startswith("Unterminated string")
        return whole or not (open_string or error.pos >= len(shown) - WORD)
    except RecursionError:
        return False
    return False
