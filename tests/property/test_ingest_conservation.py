"""Whatever the bytes, every line is accounted for, once, in its place."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.config import Ingest, Settings
from auditwatch.core.errors import AuditwatchError
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.lines import LineReader
from auditwatch.ingest.stream import Stream

HEADER = b"event_id,event_time,operator_id,system,reason\n"
LIMIT = 1024
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))

ends = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])
reasons = st.text(st.sampled_from('ab ,"\n\r\u00e9'), max_size=8)


def _row(number: int, reason: str) -> bytes:
    """Return one record as a careful writer writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(
        [f"E{number}" if number else "", "2026-03-14T09:00:00Z", "T1", "NLETS", reason]
    )
    return out.getvalue().removesuffix("\r\n").encode()


good = st.builds(_row, st.integers(0, 9), reasons)
bad = st.one_of(
    st.sampled_from(
        [
            b"",
            b"  ",
            b"a,b",
            b'"',
            b'""',
            b'x,"y',
            b'","',
            b"\0,1,2,3,4",
            b"\xff\xfe",
            b"1,2,3,4,5,6",
            b"\r",
            HEADER.rstrip(),
            b"E1,never,T1,NLETS,x",
            b"E2,2026-03-14T09:00:00Z,,NLETS,x",
            b'E3,2026-03-14T09:00:00Z,T1,NLETS,"x',
            b'E4,2026-03-14T09:00:00Z,T1,"NLETS,x',
            b'E5,2026-03-14T09:00:00Z,T1,NLETS,x"',
            b"y" * 1100,
        ]
    ),
    st.binary(max_size=12),
)
csv_files = st.builds(
    lambda lines, last: HEADER + b"".join(a + b for a, b in lines) + last,
    st.lists(st.tuples(st.one_of(good, good, bad), ends), max_size=12),
    st.one_of(st.just(b""), good, bad),
)
json_files = st.builds(
    b"\n".join,
    st.lists(
        st.one_of(
            st.just(
                b'{"event_time":"2026-03-14T09:00:00Z","operator_id":"T1","system":"NLETS","n":1}'
            ),
            st.sampled_from([b"", b"{}", b"[", b'{"a":1,"a":2}', b"NaN", b"\xff", b"\0", b"1"]),
            st.binary(max_size=12),
        ),
        max_size=12,
    ),
).map(lambda data: b'{"event_time":"2026-03-14T09:00:00Z","operator_id":"T","system":"N"}\n' + data)
LOG = b"2026-03-14 09:00:00.000 UTC [7] t1@r/psql [local] 6b.1:%d LOG:  "
AUDIT = b"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.p,select 1,<none>,1"
log_files = st.builds(
    lambda lines: (LOG % 1) + AUDIT + b"\n" + b"\n".join(lines),
    st.lists(
        st.one_of(
            st.integers(2, 40).map(lambda n: (LOG % n) + AUDIT),
            st.sampled_from([b"", b"\tcontinued", (LOG % 9) + b"other", (LOG % 9) + b"AUDIT: x"]),
            st.binary(max_size=12),
        ),
        max_size=12,
    ),
)


def _read(content: bytes, format_name: str, folder: Path, name: str = "trail") -> SourceRead:
    """Read content as one file."""
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    path = folder / name
    path.write_bytes(content)
    limits = Settings(ingest=Ingest(record_bytes_max=LIMIT))
    return read_source(path, limits, rules=folder, format_name=format_name)


def _balance(content: bytes, format_name: str) -> None:
    """Check that lines add up, spans fit the bytes, and a second reading gives the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = _read(content, format_name, folder)
        row = found.source.to_pylist()[0]
        classes = ("accepted", "rejected", "blank", "header", "duplicate")
        physical = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
        assert row["lines"] == physical == sum(row[one] for one in classes)
        assert row["rejected"] == sum(found.rejects["lines"].to_pylist())
        assert row["accepted"] == sum(found.record_lines.to_pylist())
        for table in (found.lookups, found.rejects):
            for one in table.to_pylist():
                before = content[: one["byte_start"]]
                assert one["line"] == before.count(b"\n") + 1
                assert one["byte_start"] == 0 or before.endswith(b"\n")
                assert one["byte_end"] == len(content) or content[one["byte_end"] - 1] == 10
        zipped = _read(gzip.compress(content, mtime=0), format_name, folder, "trail.gz")
        own = ["source_id"]
        assert zipped.lookups.drop_columns(own).equals(found.lookups.drop_columns(own))
        assert zipped.rejects.drop_columns(own).equals(found.rejects.drop_columns(own))


@given(csv_files)
@QUICK
def test_every_csv_line_is_accounted_for(content: bytes) -> None:
    """Valid, broken, empty, quoted, zipped: the account adds up and nothing depends on chance."""
    _balance(content, "csv")


@given(json_files)
@FEW
def test_every_json_line_is_accounted_for(content: bytes) -> None:
    """Objects, damaged objects and noise: the account adds up."""
    _balance(content, "jsonl")


@given(log_files)
@FEW
def test_every_log_line_is_accounted_for(content: bytes) -> None:
    """Records, continuation lines and noise: the account adds up."""
    _balance(content, "pgaudit-stderr")


@pytest.mark.long
@given(csv_files)
@LONG
def test_every_csv_line_is_accounted_for_at_length(content: bytes) -> None:
    """The same for ten thousand files."""
    _balance(content, "csv")


@given(st.lists(reasons, max_size=20), ends)
@FEW
def test_a_careful_writers_file_is_read_back_exactly(written: list[str], end: bytes) -> None:
    """Quotes, commas and line breaks inside values come back as they were, none is refused."""
    content = HEADER + b"".join(_row(0, reason) + end for reason in written)
    with tempfile.TemporaryDirectory() as name:
        found = _read(content, "csv", Path(name))
    wanted = [reason if reason.strip() else None for reason in written]
    assert found.lookups["reason"].to_pylist() == wanted
    assert found.rejects.num_rows == 0


@given(
    st.lists(st.text("ab ,", max_size=6), min_size=2, max_size=10),
    st.integers(0, 9),
    st.sampled_from(["front", "inside", "end"]),
)
@FEW
def test_one_stray_quote_costs_one_line(written: list[str], at: int, where: str) -> None:
    """Wherever a single stray quote stands, all other records are kept."""
    at %= len(written)
    lines = [_row(0, f"{n}{reason}") for n, reason in enumerate(written)]
    stray = {"front": b'"%dx', "inside": b'%d"x', "end": b'%dx"'}[where] % at
    lines[at] = b",2026-03-14T09:00:00Z,T1,NLETS," + stray
    content = HEADER + b"".join(line + b"\n" for line in lines)
    with tempfile.TemporaryDirectory() as name:
        found = _read(content, "csv", Path(name))
    assert found.rejects["line"].to_pylist() == [at + 2]
    assert found.lookups["reason"].to_pylist() == [
        f"{n}{reason}" for n, reason in enumerate(written) if n != at
    ]


@given(csv_files, st.integers(1, 200))
@QUICK
def test_blocks_of_lines_put_together_are_the_source(content: bytes, size: int) -> None:
    """However small the pieces, lines and skipped lines rebuild the bytes and their numbers."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with Stream(Path(file.name)) as stream:
            base, line = 0, 1
            for block in LineReader(stream, 64, size):
                if block.overlong:
                    assert (block.overlong.start, block.overlong.line) == (base, line)
                    base, line = block.overlong.end, line + 1
                assert (block.base, block.line) == (base, line)
                assert content[base : base + len(block.data)] == block.data
                base, line = base + len(block.data), line + len(block)
            assert base == len(content)
            assert line == stream.lines + 1


@given(st.binary(max_size=300))
@FEW
def test_any_bytes_are_read_or_refused_with_a_code(content: bytes) -> None:
    """Noise behind a good header is rejects, and noise of no known format a coded refusal."""
    with tempfile.TemporaryDirectory() as name:
        found = _read(HEADER + content, "csv", Path(name))
        assert found.source["header"][0].as_py() >= 1
        with pytest.raises(AuditwatchError) as caught:
            _read(b'{"a":1}\n' + content, "auto", Path(name))
        assert caught.value.code == "AW-INGEST-003"
