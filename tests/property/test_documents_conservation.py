"""Documents of many records: whatever the bytes, every byte has its place and neighbours live."""

from __future__ import annotations

import gzip
import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.documents_fabric import (
    NAMESPACE,
    account,
    bundle,
    call,
    element,
    event,
    gap_kinds,
    log_file,
    read_bytes,
    xml_bundle,
)

from auditwatch.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Maker = Callable[[int], bytes]
    Frame = Callable[[Sequence[bytes]], bytes]

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))


def _array(events: Sequence[bytes]) -> bytes:
    """Return a bare array."""
    return b"\xef\xbb\xbf [" + b",\r\n".join(events) + b"] "


def _printed(events: Sequence[bytes]) -> bytes:
    """Return resources one after another, printed for people."""
    return b"\n".join(json.dumps(json.loads(one), indent=2).encode() for one in events)


def _twice(events: Sequence[bytes]) -> bytes:
    """Return two log files put together."""
    half = len(events) // 2
    return log_file(events[:half]) + log_file(events[half:])


def _roots(events: Sequence[bytes]) -> bytes:
    """Return XML documents one after another."""
    return b"\n".join(one.replace(b"<AuditEvent", b"<AuditEvent " + NAMESPACE) for one in events)


WHOLE: dict[str, tuple[str, Maker, Frame]] = {
    "log file": ("cloudtrail", call, log_file),
    "two log files": ("cloudtrail", call, _twice),
    "array": ("fhir-json", event, _array),
    "printed": ("fhir-json", event, _printed),
    "bundle": ("fhir-json", event, bundle),
    "xml bundle": ("fhir-xml", element, xml_bundle),
    "xml roots": ("fhir-xml", element, _roots),
}
kinds = st.sampled_from(list(WHOLE))
json_junk = st.one_of(
    st.sampled_from(
        [
            b"",
            b"null",
            b"1e400",
            b'"{[,"',
            b"[{}]",
            b"{}",
            b'{"a":NaN}',
            b'{"a":1,"a":2}',
            b"[" * 70 + b"]" * 70,
            b'{"x":' * 70 + b"1" + b"}" * 70,
            b'{"a":"' + b"y\\" * 1200 + b'"}',
            b'{"n":' + b"7" * 5000 + b"}",
            b'{"resource":{"resourceType":"Bundle"}}',
            b'{"a":"\\ud800","resourceType":"AuditEvent"}',
            b"\0",
            b'{"a":"\xff"}',
            b"]",
            b"}",
            b"{",
            b'"',
        ]
    ),
    st.binary(max_size=12),
)
xml_junk = st.one_of(
    st.sampled_from(
        [
            b"",
            b"text",
            b"<entry/>",
            b"<link><url value='x'/></link>",
            b"<entry><resource><Patient/></resource></entry>",
            b"<entry>" + b"<a>" * 70 + b"</a>" * 70 + b"</entry>",
            b"<entry><a value='" + b"y" * 1200 + b"'/></entry>",
            b"<entry>" + b"y" * 1200 + b"</entry>",
            b"<!--" + b"y" * 1200 + b"-->",
            b"<entry>",
            b"</entry>",
            b"<",
            b"&x;",
            b"\0",
            b"\xff",
            b"<?p?>",
            b"<![CDATA[<entry>]]>",
            b"</Bundle>",
        ]
    ),
    st.binary(max_size=12),
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return a format and a document of good records, junk, and perhaps a cut."""
    name, make, frame = WHOLE[draw(st.sampled_from([one for one in WHOLE if one != "printed"]))]
    good = st.integers(0, 9).map(make)
    junk = xml_junk if name == "fhir-xml" else json_junk
    content = frame([make(0), *draw(st.lists(st.one_of(good, good, junk), max_size=8))])
    cut = draw(st.one_of(st.none(), st.integers(1, len(content))))
    return name, content[:cut]


def _balance(name: str, content: bytes) -> None:
    """Check the account and the places, and that gzip changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read_bytes(content, name, Path(folder))
        except InputError as refused:
            if refused.code == "AW-INGEST-001":  # too little is left to be text
                return
            raise
        account(found)
        places = sorted(
            (one["line"], one["byte_start"], one["byte_end"])
            for table in (found.lookups, found.rejects)
            for one in table.to_pylist()
        )
        for line, start, end in places:
            assert line >= 1
            assert 0 <= start < end <= len(content)
        for before, after in pairwise(places):
            assert before[0] < after[0]
            assert before[2] <= after[1]
        for row in found.lookups.to_pylist():
            assert row["event_id"].encode() in content[row["byte_start"] : row["byte_end"]]
        zipped = read_bytes(gzip.compress(content, mtime=0), name, Path(folder), "trail.gz")
        own = ["source_id"]
        assert zipped.lookups.drop_columns(own).equals(found.lookups.drop_columns(own))
        assert zipped.rejects.drop_columns(own).equals(found.rejects.drop_columns(own))


@given(damaged())
@QUICK
def test_every_byte_of_a_document_is_accounted_for(document: tuple[str, bytes]) -> None:
    """Good records, junk and cuts: pieces tile the bytes, records hold what they say."""
    _balance(*document)


@pytest.mark.long
@given(damaged())
@LONG
def test_every_byte_of_a_document_is_accounted_for_at_length(document: tuple[str, bytes]) -> None:
    """The same for ten thousand documents."""
    _balance(*document)


@st.composite
def hurt(draw: st.DrawFn) -> tuple[str, bytes, list[str]]:
    """Return a format, a document with one damaged record, and the ids of all others."""
    kind = draw(kinds)
    name, make, frame = WHOLE[kind]
    count = draw(st.integers(2, 6))
    which = draw(st.integers(0, count - 1))
    events = [make(number) for number in range(count)]
    if kind == "printed":
        events = [_printed([one]) for one in events]
    at = draw(st.integers(1, len(events[which]) - 2))
    lost = draw(st.integers(0, 3))
    put = draw(st.sampled_from([b"", *(bytes([c]) for c in b"\"{}[],:\\<>/&'=a1 \n\0\xff")]))
    events[which] = events[which][:at] + put + events[which][at + lost :]
    others = [f"E{number}" for number in range(count) if number != which]
    return name, (b"\n".join if kind == "printed" else frame)(events), others


def _neighbours_live(name: str, content: bytes, others: list[str]) -> None:
    """Check that all records but the damaged one are kept, in order."""
    with tempfile.TemporaryDirectory() as folder:
        found = read_bytes(content, name, Path(folder))
    kept = found.lookups["event_id"].to_pylist()
    assert [one for one in kept if one in others] == others


@given(hurt())
@example(("cloudtrail", log_file([b"{}" + call(0)[2:], call(1)]), ["E1"]))
@example(("fhir-json", _array([event(0)[:-2], event(1)]), ["E1"]))
@example(("fhir-json", b"{}" + _printed([event(0), event(1)])[1:], ["E1"]))
@QUICK
def test_one_damage_costs_one_record(document: tuple[str, bytes, list[str]]) -> None:
    """Wherever bytes of one record are lost or replaced, all others are kept, in order."""
    _neighbours_live(*document)


@pytest.mark.long
@given(hurt())
@LONG
def test_one_damage_costs_one_record_at_length(document: tuple[str, bytes, list[str]]) -> None:
    """The same for ten thousand documents."""
    _neighbours_live(*document)


@pytest.mark.parametrize("kind", ["two log files", "printed", "bundle", "xml bundle", "xml roots"])
def test_a_document_cut_at_any_byte_keeps_what_was_whole(kind: str, tmp_path: Path) -> None:
    """Cut anywhere: whole records are kept, the rest is one reject, and a gap tells of it."""
    name, make, frame = WHOLE[kind]
    content = frame([make(1), make(2)]).strip(b"\xef\xbb\xbf \n")
    closing = {"bundle": b"}", "xml bundle": b"</resource></entry>"}.get(kind, b"")
    alone = {"printed": _printed, "xml roots": _roots}.get(kind, b"".join)
    records = [alone([make(number)]) + closing for number in (1, 2)]
    ends = [content.index(one) + len(one) for one in records]
    complete = {"printed": ends[:1], "xml roots": ends[:1], "two log files": [ends[0] + 2]}
    about = {end + near for end in (*ends, len(content)) for near in range(-20, 21)}
    for cut in range(1, len(content) + 1):
        if cut % 3 and cut not in about:  # every third byte, and every one about an end
            continue
        found = read_bytes(content[:cut], name, tmp_path)
        assert found.lookups.num_rows == sum(end <= cut for end in ends), cut
        shut = cut == len(content) or content[:cut].rstrip() in [
            content[:end] for end in complete.get(kind, [])
        ]
        assert gap_kinds(found) == ([] if shut else ["cut_off"]), cut
        assert found.rejects["reason_code"].to_pylist() in ([], ["cut_off"])
        assert found.rejects["byte_end"].to_pylist() in ([], [cut])
