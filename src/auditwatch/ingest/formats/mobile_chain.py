"""A mobile client's own log: a row for each step that one typed query makes the client take.

``Vehicle Query``, ``Sent to State``, ``Driver Query`` and so on follow each other within seconds,
all under the officer's name; `rules/catalogue/transactions.yml` says which may follow which, and
folding makes one lookup of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.ingest.identifiers import subject_of
from auditwatch.ingest.namedcsv import header_names, read_named_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.ingest.request import Request
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["NAME", "SAYS", "read", "sniff"]

NAME: Final = "mobile-chain"
SAYS: Final = "a mobile client's own log in CSV: time, action, IP address, ORI, user, details"
NAMES: Final = {
    "event_time": ("time", "date/time", "date time", "timestamp"),
    "transaction": ("action",),
    "terminal": ("ip", "ip address"),
    "agency": ("ori",),
    "operator_id": ("user", "user name", "username"),
    "details": ("details", "detail"),
}
#: The catalogue's word for it: which system was asked is not told.
SYSTEM: Final = "MOBILE"
#: Words of details, which are message prefixes (``LIC/000ZZZ``) or labels (``Plate: 000ZZZ``).
PREFIXES: Final = {
    "name": ("NAM", "NAME"),
    "born": ("DOB", "BIRTH DATE", "DATE OF BIRTH"),
    "record": ("SID", "FBI"),
    "licence": ("OLN", "LICENSE", "DRIVER LICENSE"),
    "social": ("SOC", "SSN"),
    "plate": ("LIC", "PLATE", "LICENSE PLATE"),
    "vin": ("VIN",),
}
MEANINGS: Final = {word: name for name, words in PREFIXES.items() for word in words}
PART: Final = re.compile(r"([A-Za-z][A-Za-z ]{0,30}?)\s*[:=/]\s*(.*)")
APART: Final = re.compile(r"\s*;\s*|\.\s*(?=[A-Z]{3}/)")


def sniff(head: bytes) -> bool:
    """Tell whether the header has every column of a client's log."""
    names = header_names(head)
    folded = [{one.replace(" ", "_") for one in words} for words in NAMES.values()]
    return all(names & words for words in folded)


def read(stream: Stream, request: Request) -> Iterator[Chunk]:
    """Yield the steps of a client's log; arguments and errors as for `read_named_csv`."""
    return read_named_csv(stream, request, NAMES, _complete, {})


def _complete(columns: Mapping[str, pa.Array]) -> Mapping[str, pa.Array]:
    """Return the fields of each step."""
    found = {name: values for name, values in columns.items() if name != "details"}
    nothing = pa.nulls(len(columns["event_time"]), pa.string())
    details = columns.get("details", nothing).to_pylist()
    said = [_said(text or "") for text in details]
    pairs = [subject_of(one) for one in said]
    kinds, keys = zip(*pairs, strict=True) if pairs else ((), ())
    words = pc.utf8_trim_whitespace(columns["transaction"])
    return {
        **found,
        "system": pa.repeat(pa.scalar(SYSTEM), len(details)),
        "transaction": pc.replace_substring_regex(words, r"\s+", " "),
        "subject_kind": pa.array(kinds, pa.string()),
        "subject_id": pa.array(keys, pa.string()),
        "subject_name": pa.array([one.get("name") for one in said], pa.string()),
    }


def _said(details: str) -> dict[str, str | None]:
    """Return what the details say of the subject; nothing where they cannot be told."""
    found: dict[str, str | None] = {}
    for part in APART.split(details.strip()):
        pair = PART.fullmatch(part)
        name = MEANINGS.get(" ".join(pair[1].upper().split())) if pair else None
        if pair and name:
            found.setdefault(name, pair[2])
    return found
