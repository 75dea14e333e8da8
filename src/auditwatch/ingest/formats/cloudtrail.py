"""AWS CloudTrail: log files of many events, events one a line, or events in an envelope."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.awsevent import FIELDS, Calls, is_event
from auditwatch.ingest.documents import read_pieces
from auditwatch.ingest.jsondocument import JsonDocument, is_document
from auditwatch.ingest.recordwise import read_json_rows
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "cloudtrail"
SAYS: Final = "AWS CloudTrail: log files, or events one a line, bare or in an envelope"
RECORDS: Final = "Records"
#: Keys that every event has, whatever its version.
SIGNS: Final = tuple(
    re.compile(rb'(?<!\\)"%b"\s*:' % name)
    for name in (b"eventVersion", b"eventSource", b"eventName", b"userIdentity")
)


def sniff(head: bytes) -> bool:
    """Tell whether the first bytes are JSON in which the keys of an event stand."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if first[:1] not in (b"{", b"["):
        return False
    if not is_document(head, RECORDS):
        first = first.split(b"\n", 1)[0]
    return all(sign.search(first) for sign in SIGNS)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the events.

    Parameters
    ----------
    stream : Stream
        The source.
    request : Request
        The limit of a record; a mapping with columns is refused.

    Yields
    ------
    Chunk
        In file order. Where events stand one a line, a line is a line; in a log file it is a piece.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    calls = Calls()
    if is_document(stream.head, RECORDS):
        pieces = JsonDocument(stream, request.limit, RECORDS, is_event)
        yield from read_pieces(stream, request, FIELDS, pieces, calls.take)
    else:
        yield from read_json_rows(stream, request, FIELDS, calls.take)
    yield Chunk({}, Spans.of([]), gaps=tuple(calls.notes()))
