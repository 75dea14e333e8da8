"""Database and cloud logs: whatever the bytes, every line is accounted for, once."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.config import Ingest, Settings
from auditwatch.ingest import SourceRead, read_source

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ROOT = Path(__file__).parents[2]
FORMATS = {
    "databricks": "databricks.jsonl",
    "elasticsearch-audit": "elasticsearch_audit.log",
    "m365": "m365.jsonl",
    "mariadb-audit": "mariadb_audit.log",
    "mongodb": "mongodb.jsonl",
    "ocsf": "ocsf.jsonl",
    "salesforce": "salesforce.jsonl",
    "snowflake": "snowflake.jsonl",
    "teleport": "teleport.jsonl",
}
LIMIT = 2048
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
NOISE = [b"", b"  ", b"{}", b"[", b"null", b'{"a":1,"a":2}', b"\xff", b"\0", b"{" * 99, b"y" * 2100]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def _sample(name: str) -> list[bytes]:
    """Return the lines of a format's sample."""
    return (ROOT / "sample_logs" / FORMATS[name]).read_bytes().splitlines()


@st.composite
def _changed(draw: st.DrawFn, line: bytes) -> bytes:
    """Return a line with a value of another type, with a key less, wrapped, or cut."""
    how = draw(st.sampled_from(["value", "less", "wrapped", "cut", "byte"]))
    at = draw(st.integers(0, max(0, len(line) - 1)))
    try:
        found: Any = json.loads(line)
    except ValueError:
        found = None
    if how == "cut" or (how != "byte" and not isinstance(found, dict)):
        return line[:at]
    if how == "byte":
        return line[:at] + draw(st.binary(min_size=1, max_size=2)) + line[at + 1 :]
    if how == "wrapped":
        return json.dumps({"event": found}).encode()
    place = found
    key = draw(st.sampled_from(sorted(place)))
    if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
        place = place[key]
        key = draw(st.sampled_from(sorted(place)))
    if how == "less":
        del place[key]
    else:
        place[key] = draw(anything)
    return json.dumps(found).encode()


def _files(name: str) -> SearchStrategy[bytes]:
    """Return files that mix lines of a sample, changed ones and noise."""
    good = st.sampled_from(_sample(name))
    line = st.one_of(
        good, good, good.flatmap(_changed), st.sampled_from(NOISE), st.binary(max_size=9)
    )
    ends = st.sampled_from([b"\n", b"\n", b"\r\n"])
    return st.builds(
        # a first line that is one: what begins as noise is refused as a whole
        lambda first, lines, last: first + b"\n" + b"".join(a + b for a, b in lines) + last,
        st.just(_sample(name)[1]),
        st.lists(st.tuples(line, ends), max_size=12),
        st.one_of(st.just(b""), good),
    )


anyfile = st.sampled_from(sorted(FORMATS)).flatmap(lambda one: st.tuples(st.just(one), _files(one)))


def _read(content: bytes, name: str, folder: Path, file: str) -> SourceRead:
    """Read content as one file."""
    (folder / "catalogue").mkdir(exist_ok=True)
    (folder / "catalogue" / "transactions.yml").write_text("transactions: []\n")
    path = folder / file
    path.write_bytes(content)
    limits = Settings(ingest=Ingest(record_bytes_max=LIMIT))
    return read_source(path, limits, rules=folder, format_name=name)


def _balance(name: str, content: bytes) -> None:
    """Check that lines add up, spans fit the bytes, and a zipped reading gives the same."""
    with tempfile.TemporaryDirectory() as folder:
        found = _read(content, name, Path(folder), "trail")
        zipped = _read(gzip.compress(content, mtime=0), name, Path(folder), "trail.gz")
    row = found.source.to_pylist()[0]
    physical = content.count(b"\n") + (not content.endswith(b"\n"))
    classes = ("accepted", "rejected", "blank", "header", "duplicate")
    assert row["lines"] == physical == sum(row[one] for one in classes)
    assert row["rejected"] == found.rejects.num_rows
    lines = content.split(b"\n")
    for one in [*found.lookups.to_pylist(), *found.rejects.to_pylist()]:
        span = content[one["byte_start"] : one["byte_end"]]
        assert span.removesuffix(b"\n") == lines[one["line"] - 1]
    for table, other in ((found.lookups, zipped.lookups), (found.rejects, zipped.rejects)):
        assert table.drop_columns(["source_id"]).equals(other.drop_columns(["source_id"]))


@given(anyfile)
@QUICK
def test_every_line_of_a_database_log_is_accounted_for(file: tuple[str, bytes]) -> None:
    """Valid, changed, wrapped, cut and foreign lines: the account adds up, nothing breaks."""
    _balance(*file)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(FORMATS))
@given(st.data())
@LONG
def test_every_line_is_accounted_for_at_length(name: str, data: st.DataObject) -> None:
    """The same for ten thousand files of each format."""
    _balance(name, data.draw(_files(name)))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_log_cut_at_any_byte_keeps_what_was_whole(name: str, tmp_path: Path) -> None:
    """A transfer that stopped costs the last line at most."""
    lines = [line + b"\n" for line in _sample(name)[:3]]
    whole = _read(b"".join(lines), name, tmp_path, "trail").lookups["line"].to_pylist()
    before = lines[0] + lines[1]
    for at in range(0, len(lines[2]) + 1, len(lines[2]) // 20):
        found = _read(before + lines[2][:at], name, tmp_path, "trail")
        assert found.lookups["line"].to_pylist()[: sum(n < 3 for n in whole)] == [
            n for n in whole if n < 3
        ]
