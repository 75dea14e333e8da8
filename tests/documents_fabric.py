"""Small documents of each kind, and a reader of them, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from auditwatch.config import Ingest, Settings
from auditwatch.ingest import SourceRead, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIMIT = 1024
NAMESPACE = b'xmlns="http://hl7.org/fhir"'


def call(number: int, **more: Any) -> bytes:
    """Return one CloudTrail event."""
    event = {
        "eventVersion": "1.09",
        "eventID": f"E{number}",
        "eventTime": "2026-03-14T09:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "userIdentity": {"type": "IAMUser", "userName": "t1"},
        **more,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def event(number: int, **more: Any) -> bytes:
    """Return one FHIR AuditEvent in JSON."""
    found = {
        "resourceType": "AuditEvent",
        "id": f"E{number}",
        "type": {"code": "rest"},
        "recorded": "2026-03-14T09:00:00Z",
        "agent": [{"altId": "n1", "requestor": True}],
        **more,
    }
    return json.dumps(found, separators=(",", ":")).encode()


def element(number: int, more: bytes = b"") -> bytes:
    """Return one FHIR AuditEvent in XML, without its namespace."""
    return (
        b'<AuditEvent><id value="E%d"/><type><code value="rest"/></type>'
        b'<recorded value="2026-03-14T09:00:00Z"/><agent><altId value="n1"/>'
        b'<requestor value="true"/></agent>%b</AuditEvent>' % (number, more)
    )


def log_file(events: Sequence[bytes]) -> bytes:
    """Return a CloudTrail log file."""
    return b'{"Records":[' + b",".join(events) + b"]}"


def bundle(events: Sequence[bytes]) -> bytes:
    """Return a Bundle in JSON, printed for people."""
    entries = (b'  {"fullUrl": "u", "resource": ' + one + b"}" for one in events)
    return b'{"resourceType": "Bundle", "entry": [\n' + b" ,\n".join(entries) + b"\n]}\n"


def xml_bundle(events: Sequence[bytes]) -> bytes:
    """Return a Bundle in XML."""
    entries = (b"<entry><resource>" + one + b"</resource></entry>\n" for one in events)
    start = b'<?xml version="1.0"?>\n<Bundle ' + NAMESPACE + b"><!-- all -->\n"
    return start + b"".join(entries) + b"</Bundle>\n"


def read_bytes(content: bytes, format_name: str, folder: Path, name: str = "trail") -> SourceRead:
    """Read content as one file, records limited to 1,024 bytes."""
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    path = folder / name
    path.write_bytes(content)
    limits = Settings(ingest=Ingest(record_bytes_max=LIMIT))
    return read_source(path, limits, rules=folder, format_name=format_name)


def account(found: SourceRead) -> dict[str, int]:
    """Return the classes of a source's account that are not empty."""
    row = found.source.to_pylist()[0]
    classes = ("accepted", "rejected", "blank", "header", "duplicate")
    assert row["lines"] == sum(row[one] for one in classes)
    return {one: row[one] for one in classes if row[one]}


def gap_kinds(found: SourceRead) -> list[str]:
    """Return the kinds of a source's gaps."""
    kinds: list[str] = found.gaps["kind"].to_pylist()
    return kinds
