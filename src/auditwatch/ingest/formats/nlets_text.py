"""Nlets messages as text, a message a line behind the time, terminal and operator of the archive.

``TYPE.ORI.DEST.[control].TXT PREFIX/value.PREFIX/value``: the message itself names no operator, so
that an archive without the switch's own prefix cannot be audited and its lines are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditwatch.ingest.identifiers import subject_of
from auditwatch.ingest.jsontext import LineError
from auditwatch.ingest.recordwise import read_text_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "nlets-text"
SAYS: Final = "Nlets messages as text, a message a line behind time, terminal and operator"
FIELDS: Final = (
    "event_time",
    "operator_id",
    "requester_id",
    "agency",
    "terminal",
    "system",
    "transaction",
    "subject_kind",
    "subject_id",
    "subject_name",
    "purpose",
    "reason",
)
ZONE: Final = r"(?: ?(?:Z|[+-]\d\d:?\d\d|[A-Z]{2,4})(?=\s))?"
TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?" + ZONE
MESSAGE: Final = (
    r"(?P<type>[A-Z]{2,5})\.(?P<ori>[A-Z0-9]{9})\.(?P<to>[A-Z0-9]{2,9}(?:,[A-Z0-9]{2,9}){0,9})\."
    r"(?:(?P<control>[^.\s]{1,40})\.)?TXT(?:\s+|\Z)(?P<text>.*)"
)
PLACE: Final = r"(?P<terminal>\S{1,64})\s+(?P<operator>\S{1,64})\s+"
LINE: Final = re.compile(rf"\s*(?:(?P<time>{TIME})\s+(?:{PLACE})?)?{MESSAGE}", re.ASCII)
#: A value ends at a full stop before the next prefix: names and reasons hold full stops too.
NEXT: Final = re.compile(r"\.\s*(?=[A-Z]{3}/)")
PAIR: Final = re.compile(r"([A-Z]{3})/(.*)", re.ASCII)
#: A regional query goes on its way as the plain one: one kind of lookup under two names.
REGIONAL: Final = {"RQG": "RQ", "DQG": "DQ"}
#: Answers are no lookups; messages between people are, without a subject.
REPLIES: Final = frozenset({"DR", "KR", "RR", "IR", "FR", "AR", "CWR", "ACR", "AVR", "NIR", "NAR"})
FREE: Final = {"AM": "message", "YQ": "message", "YR": "message", "NLQ": "audit", "NFQ": "audit"}
SAID: Final = {
    "name": "NAM",
    "born": "DOB",
    "licence": "OLN",
    "social": "SOC",
    "plate": "LIC",
    "vin": "VIN",
}
RECORDS: Final = ("SID", "FBI")
NOBODY: Final = "-"


def sniff(head: bytes) -> bool:
    """Tell whether the first line that is not empty holds a message behind its time."""
    lines = (line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip())
    found = LINE.match(next(lines, b"").decode("utf-8", "replace"))
    return found is not None


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the queries of an archive; arguments and errors as for `read_text_rows`."""
    return read_text_rows(stream, request, FIELDS, _take)


def _take(line: str) -> dict[str, str | None] | None:
    """Return the fields of one message; None for an answer."""
    found = LINE.match(line)
    if not found:
        raise LineError("no_message")
    kind = found["type"]
    if kind in REPLIES:
        return None
    row = {
        "event_time": found["time"],
        "operator_id": _known(found["operator"]),
        "terminal": _known(found["terminal"]),
        "agency": found["ori"],
        "system": "NLETS",
        "transaction": REGIONAL.get(kind, kind),
    }
    if kind in FREE:
        return {**row, "subject_kind": FREE[kind]}
    said = _pairs(found["text"])
    year = int(found["time"][:4]) if found["time"] else None
    return {**row, **_about(said, year)}


def _known(word: str | None) -> str | None:
    """Return a word of the prefix; a dash stands for nobody."""
    return None if word == NOBODY else word


def _pairs(text: str) -> dict[str, str]:
    """Return the values of a message by their prefix."""
    said: dict[str, str] = {}
    for part in NEXT.split(text.strip()):
        pair = PAIR.fullmatch(part)
        if not pair or pair[1] in said:
            raise LineError("message_text")
        said[pair[1]] = pair[2].removesuffix(".")
    return said


def _about(said: dict[str, str], year: int | None) -> dict[str, str | None]:
    """Return whom or what a message asks about, for whom and why."""
    identifiers = {name: said.get(prefix) for name, prefix in SAID.items()}
    identifiers["record"] = next((said[one] for one in RECORDS if said.get(one)), None)
    kind, key = subject_of(identifiers, year=year)
    return {
        "subject_kind": kind,
        "subject_id": key,
        "subject_name": said.get("NAM"),
        "requester_id": said.get("ATN"),
        "purpose": said.get("PUR"),
        "reason": said.get("RSN"),
    }
