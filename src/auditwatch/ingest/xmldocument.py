"""XML documents of many records: cut at their elements, in bounded memory, damage kept small.

A record is an element of a known name that is the root of a document or a child of the root; a
file may hold several documents one after another. Behind damage reading resumes at the next start
tag of a record, inside the same root. A document type declaration is refused, and with it every
entity, inner or outer: no audit trail needs one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from auditwatch.core.errors import InputError
from auditwatch.ingest.documents import CUT_OFF, Piece, cut_note
from auditwatch.ingest.window import BLOCK_BYTES, Skipped, Window
from auditwatch.ingest.xmltree import DamageError, Mark, Records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.ingest.documents import Note
    from auditwatch.ingest.stream import Stream

__all__ = ["XmlDocument"]

#: A start tag that is cut in two by the edge of the window is looked for again from here.
TAG_BYTES: Final = 256


class XmlDocument:
    """Cuts the bytes of a stream into pieces; iterate once.

    Parameters
    ----------
    stream : Stream
        The source.
    limit : int
        Longest record that is held (bytes).
    namespace : str
        Namespace of the records.
    names : sequence of str
        Local names of records.
    root : str
        Local name of the root that holds many.

    Raises
    ------
    InputError
        ``AW-INGEST-041`` for a document type declaration.
    """

    def __init__(
        self, stream: Stream, limit: int, namespace: str, names: Sequence[str], root: str
    ) -> None:
        self._where = str(stream.path)
        self._window = Window(stream)
        self._limit = limit
        self._tags = frozenset(f"{{{namespace}}}{name}" for name in names)
        words = "|".join(map(re.escape, names))
        pattern = rf"<(?:(?P<new>\?xml|(?:[\w.-]+:)?{root})|(?:[\w.-]+:)?(?:{words}))(?=[\s/>])"
        self._resume = re.compile(pattern.encode())
        self._mark = Mark(0, record=False)
        self._skipped: Skipped | None = None
        self._begin(0)

    def __iter__(self) -> Iterator[Piece | Note]:
        window = self._window
        while self._fed < window.end or window.more():
            code = self._parse()
            yield from self._settle()
            if code:
                yield from self._recover(max(self._records.seen, window.start), code)
            else:
                yield from self._let_go()
        yield from self._finish()

    def _begin(self, start: int, opening: bytes | None = None) -> None:
        """Parse from a place on: a new document, or behind damage inside the same root."""
        self._first, self._fed, self._opening = start, start, opening
        self._shift = start - len(opening or b"")
        self._records = Records(self._tags, self._place, start, self._limit)
        self._parser = DefusedXMLParser(target=self._records, encoding="utf-8", forbid_dtd=True)
        if opening:
            self._parser.feed(opening)
            self._records.marks.clear()

    def _place(self) -> int:
        """Return where the parser stands in the source."""
        return self._shift + int(self._parser.parser.CurrentByteIndex)

    def _parse(self) -> str:
        """Parse what is held; return the reason code of damage, and let `seen` stand there."""
        window, records = self._window, self._records
        try:
            self._parser.feed(window.text(self._fed, window.end))
        except DamageError as error:
            return str(error)
        except ParseError:
            records.seen = self._place()
            return "bad_xml"
        except DefusedXmlException as error:
            raise InputError(
                "XML with a document type declaration",
                code="AW-INGEST-041",
                where=f"{self._where}:byte {self._place()}",
                expected="XML without DOCTYPE and entities",
                hint="export the trail without them; they can make a reader fetch or fill anything",
            ) from error
        self._fed = window.end
        return "too_long" if window.end - records.seen > self._limit + BLOCK_BYTES else ""

    # pieces --------------------------------------------------------------------------------------

    def _settle(self) -> Iterator[Piece]:
        """Yield the pieces that end where the parser has been."""
        window = self._window
        for mark in self._records.marks:
            if self._opening is None:
                kept = window.start <= self._first
                self._opening = window.text(self._first, mark.place) if kept else b""
            if mark.record or self._mark.record:
                yield from self._cut(mark.place)
                self._mark = mark
        self._records.marks.clear()

    def _cut(self, end: int) -> Iterator[Piece]:
        """Yield the piece that ends at a place."""
        window, mark, start = self._window, self._mark, self._window.start
        if self._skipped is not None:
            self._skipped.pass_to(end)
            yield self._skipped.piece(mark.code or "too_long")
            self._skipped = None
        elif end > start:
            yield Piece(start, end, window.cut(end), mark.found, mark.code)

    def _let_go(self) -> Iterator[Piece]:
        """Let go of what is longer than a record may be."""
        window, seen = self._window, self._records.seen
        if seen - window.start <= self._limit and self._skipped is None:
            return
        if self._mark.record and not self._mark.closed:
            self._skipped = self._skipped or Skipped(window)
            self._skipped.pass_to(max(seen, window.start))
        else:
            yield from self._cut(seen)
            self._mark = Mark(seen, record=False)

    def _finish(self) -> Iterator[Piece | Note]:
        """Yield what is left at the end of the source."""
        window, mark = self._window, self._mark
        if window.start == window.end and self._skipped is None:
            return
        if mark.record and not mark.closed:
            mark.code = CUT_OFF
            start = self._skipped.start if self._skipped else window.start
            yield from self._cut(window.end)
            yield cut_note(start, "inside what begins at")
            return
        held = window.text(window.start, window.end)
        torn = held.rfind(b"<") if held.rfind(b"<") > held.rfind(b">") else len(held)
        yield from self._cut(window.start + torn)
        if window.start < window.end:
            start = window.start
            yield Piece(start, window.end, window.cut(window.end), code=CUT_OFF)
        if not self._records.closed or torn < len(held):
            yield cut_note(window.end, "at")

    # damage --------------------------------------------------------------------------------------

    def _recover(self, place: int, code: str) -> Iterator[Piece]:
        """Yield what is lost by damage at a place, and go on behind it."""
        window, mark = self._window, self._mark
        if not mark.record or mark.closed:
            yield from self._cut(place)
            self._mark = Mark(place, record=False)
            if self._records.closed and place > self._first:
                self._begin(place)  # another document begins where one has ended
                return
        skipped, self._skipped = self._skipped, None
        found, skipped = self._search(max(place, window.start + 1), skipped)
        end = window.base + found.start() if found else window.end
        if skipped is None:
            start, data = window.start, window.cut(end)
            yield Piece(start, end, data, code=_code(data, code))
        else:
            skipped.pass_to(end)
            yield skipped.piece(code)
        self._mark = Mark(end, record=False)
        self._begin(end, self._opening if found and not found["new"] else None)

    def _search(
        self, at: int, skipped: Skipped | None
    ) -> tuple[re.Match[bytes] | None, Skipped | None]:
        """Look for the next start tag of a record, from a place on, holding little."""
        window = self._window
        while True:
            found = self._resume.search(window.data, at - window.base)
            if found:
                return found, skipped
            at = max(at, window.end - TAG_BYTES)
            if skipped or window.end - window.start > self._limit:
                skipped = skipped or Skipped(window)
                skipped.pass_to(max(window.start, window.end - TAG_BYTES))
            if not window.more():
                return None, skipped


def _code(data: bytes, code: str) -> str:
    """Return the reason code that says best what is wrong with damaged text."""
    if b"\0" in data:
        return "nul_byte"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "not_utf8"
    return code
