"""Whatever stands in a journal, every line is accounted for, once, in its place."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.config import Ingest, Settings
from auditwatch.ingest import SourceRead, read_source

CATALOGUE = (
    "transactions: [{key: RQ, followed_by: [DQ]}, {key: DQ, followed_by: [QW]}, {key: QW}]\n"
)
LIMITS = Settings(ingest=Ingest(record_bytes_max=1024))
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
AT = b"2026-03-14T02:11:0%d-07:00"

#: Format to its first line and records, good and damaged.
JOURNALS = {
    "clets-journal": (
        b"txn_id,event_time,ori,terminal,operator_id,mke,subject_kind,name,dob,plate,reason",
        (
            b"1," + AT % 1 + b",CA0990100,M1,T1,RQ,vehicle,,,000ZZZ,stop",
            b"2," + AT % 3 + b',CA0990100,M1,T1,DQ,person,"DOE,A",1988-02-30,,',
            b"," + AT % 3 + b",CA0990100,M1,T1,QW,,***,,,",
            b'3,never,CA0990100,M1,T1,RQ,,,,,"a\nb"',
            b"4," + AT % 1 + b",CA0990100,M1,,,,,,,",
        ),
    ),
    "nc-chri": (
        b"2026-03-14,POE,NC2,QH,C,TQ,,,",
        (
            b'2026-03-14,"DOE, A",NC1,QH,C,TQ,DET X,"CASE 26-00417",',
            b"3/9/2026,,,QR,,MS,,,",
            b"2026-02-30,DOE,NC1,QH,C,TQ,,,",
            b"date_of_inquiry,subject_name,sid_or_fbi,mke,purpose_code,user_initials,attn,attn2,ntn",
        ),
    ),
    "nlets-text": (
        AT % 0 + b" M1 T1 KQ.CA0990100.NV.TXT OLN/A1",
        (
            AT % 1 + b" M1 T1 RQG.CA0990100.NV.TXT LIC/000ZZZ",
            AT % 2 + b" M1 T1 RQ.CA0990100.NV.TXT LIC/000ZZZ",
            AT % 3 + b" M1 T1 RR.NV0990000.CA0990100.TXT LIC/000ZZZ",
            AT % 4 + b" M1 T1 DQ.CA0990100.NV.TXT NAM/DOE,A.NAM/DOE,B",
            b"DQ.CA0990100.NV.TXT NAM/DOE,A.DOB/022988",
            AT % 5 + b" M1 - AM.CA0990100.NV.TXT \xc3\xa9 \r x",
        ),
    ),
    "mobile-chain": (
        b"Time,Action,IP Address,ORI,User Name,Details",
        (
            AT % 1 + b",Vehicle Query,192.0.2.1,CA0990100,T1,LIC/000ZZZ",
            AT % 1 + b",Sent to State,192.0.2.1,CA0990100,T1,LIC/000ZZZ",
            AT % 3 + b',Driver Query,192.0.2.1,CA0990100,T1,"Name: DOE, A; ;; /:="',
            AT % 3 + b",,,,T1,",
        ),
    ),
}  # fmt: skip
NOISE = (b"", b" ", b'"', b"a,b", b"\0", b"\xff", b"\r", b'x,"y', b"z" * 1100, b"{}")


def _content(first: bytes, good: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """Return files that begin well and go on anyhow, cut lines included."""
    record = st.sampled_from(good)
    cut = st.builds(lambda line, at: line[: at % len(line)], record, st.integers(0, 99))
    line = st.one_of(record, record, cut, st.sampled_from([*NOISE, first]), st.binary(max_size=9))
    ended = st.tuples(line, st.sampled_from([b"\n", b"\n", b"\r\n"])).map(b"".join)
    return st.builds(
        lambda lines, last: first + b"\n" + b"".join(lines) + last,
        st.lists(ended, max_size=12),
        st.one_of(st.just(b""), line),
    )


files = st.sampled_from(sorted(JOURNALS)).flatmap(
    lambda name: st.tuples(st.just(name), _content(*JOURNALS[name]))
)


def _read(content: bytes, name: str, path: Path) -> SourceRead:
    """Read content as one file."""
    catalogue = path.parent / "catalogue"
    catalogue.mkdir(exist_ok=True)
    (catalogue / "transactions.yml").write_text(CATALOGUE)
    path.write_bytes(content)
    return read_source(path, LIMITS, rules=path.parent, format_name=name)


def _balance(name: str, content: bytes) -> None:
    """Check that lines add up, spans fit the bytes, and zipping changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        found = _read(content, name, Path(folder, "journal"))
        zipped = _read(gzip.compress(content, mtime=0), name, Path(folder, "journal.gz"))
    row = found.source.to_pylist()[0]
    physical = content.count(b"\n") + (not content.endswith(b"\n"))
    classes = ("accepted", "rejected", "blank", "header", "duplicate")
    assert row["lines"] == physical == sum(row[one] for one in classes)
    assert row["rejected"] == sum(found.rejects["lines"].to_pylist())
    assert row["accepted"] == sum(found.record_lines.to_pylist())
    for one in [*found.lookups.to_pylist(), *found.rejects.to_pylist()]:
        before = content[: one["byte_start"]]
        assert one["line"] == before.count(b"\n") + 1
        assert one["byte_start"] == 0 or before.endswith(b"\n")
        assert one["byte_end"] == len(content) or content[one["byte_end"] - 1] == 10
    for table, same in ((zipped.lookups, found.lookups), (zipped.rejects, found.rejects)):
        assert table.drop_columns(["source_id"]).equals(same.drop_columns(["source_id"]))


@given(files)
@QUICK
def test_every_line_of_a_journal_is_accounted_for(journal: tuple[str, bytes]) -> None:
    """Good, cut, empty, repeated and foreign lines: the account adds up in every format."""
    _balance(*journal)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(JOURNALS))
@given(data=st.data())
@LONG
def test_every_line_of_a_journal_is_accounted_for_at_length(name: str, data: st.DataObject) -> None:
    """The same for ten thousand files of each format."""
    _balance(name, data.draw(_content(*JOURNALS[name])))
