"""HL7 FHIR AuditEvent in XML: one resource, a Bundle, or several one after another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.documents import read_pieces
from auditwatch.ingest.fhir import FIELDS, AuditEvents
from auditwatch.ingest.spans import Chunk, Spans
from auditwatch.ingest.xmldocument import XmlDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.request import Request
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "fhir-xml"
SAYS: Final = "HL7 FHIR AuditEvent in XML, R4 or R5: one resource, a Bundle, or several"
NAMESPACE: Final = "http://hl7.org/fhir"
ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?(?:AuditEvent|Bundle)\b[^>]*http://hl7\.org/fhir[\"']")
EVENT: Final = re.compile(rb"<(?:[\w.-]+:)?AuditEvent\b")
TAG: Final = re.compile(rb"<(?=[A-Za-z_])")
COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)


def sniff(head: bytes) -> bool:
    """Tell whether the first element is FHIR's, and an AuditEvent stands in sight."""
    bare = COMMENT.sub(b"", head.removeprefix(b"\xef\xbb\xbf"))
    first = TAG.search(bare)
    if first is None or not bare.lstrip().startswith(b"<"):
        return False
    return ROOT.match(bare, first.start()) is not None and EVENT.search(bare) is not None


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
        In file order; a line is a piece.

    Raises
    ------
    InputError
        ``AW-INGEST-012`` when a mapping file names columns, ``-041`` for a document type
        declaration.
    """
    events = AuditEvents()
    pieces = XmlDocument(stream, request.limit, NAMESPACE, ("AuditEvent", "entry"), "Bundle")
    yield from read_pieces(
        stream, request, FIELDS, pieces, lambda found: events.take(_resource(found))
    )
    yield Chunk({}, Spans.of([]), gaps=tuple(events.notes()))


def _resource(found: Mapping[str, Object]) -> Object:
    """Return a resource as JSON would name it, out of the entry that it stands in."""
    holder = found
    if "entry" in found:
        inside = found["entry"].get("resource")
        holder = inside if isinstance(inside, dict) else {}
    return next(
        ({"resourceType": kind, **one} for kind, one in holder.items() if isinstance(one, dict)),
        {},
    )
