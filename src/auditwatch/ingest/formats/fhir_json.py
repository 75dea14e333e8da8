"""HL7 FHIR AuditEvent in JSON: a resource a line, one resource, a Bundle, or an array."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.documents import read_pieces
from auditwatch.ingest.fhir import FIELDS, AuditEvents
from auditwatch.ingest.jsondocument import JsonDocument, is_document
from auditwatch.ingest.recordwise import read_json_rows
from auditwatch.ingest.spans import Chunk, Spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "fhir-json"
SAYS: Final = "HL7 FHIR AuditEvent in JSON, R4 or R5: ndjson, one resource, a Bundle or an array"
ENTRIES: Final = "entry"
KIND: Final = re.compile(rb'(?<!\\)"resourceType"\s*:\s*"AuditEvent"')


def sniff(head: bytes) -> bool:
    """Tell whether the first bytes are JSON that holds an AuditEvent."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return first in (b"{", b"[") and KIND.search(head) is not None


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
        In file order. In ndjson a line is a line; in a document it is a piece.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns.
    """
    events = AuditEvents()
    if is_document(stream.head, ENTRIES):
        pieces = JsonDocument(stream, request.limit, ENTRIES, _is_event)
        yield from read_pieces(stream, request, FIELDS, pieces, events.take)
    else:
        yield from read_json_rows(stream, request, FIELDS, events.take)
    yield Chunk({}, Spans.of([]), gaps=tuple(events.notes()))


def _is_event(found: Object) -> bool:
    """Tell whether an object is an AuditEvent or an entry of a Bundle."""
    return found.get("resourceType") == "AuditEvent" or "resource" in found
