"""From bytes to lookups: formats, times, refusals and the account, through the front door."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditwatch.config import Ingest, Settings
from auditwatch.core.errors import (
    AuditwatchError,
    ConfigError,
    InputError,
    IntegrityError,
    UsageError,
)
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.formats import canonical_csv

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = """\
kind: transactions
transactions:
  - {key: RQ, followed_by: [DQ, QV]}
  - {key: DQ, followed_by: [QW]}
  - {key: QW}
  - {key: QV}
"""
HEADER = "event_time,operator_id,system,reason\n"
GOOD = "2026-03-14T02:11:09-07:00,T4471,NLETS,stop\n"


def zipped(text: str) -> bytes:
    """Return text as gzip, the same bytes every time."""
    return gzip.compress(text.encode(), 9, mtime=0)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a rule pack with a small catalogue."""
    folder = tmp_path / "rules"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "catalogue" / "transactions.yml").write_text(CATALOGUE)
    return folder


def read(rules: Path, content: str | bytes, name: str = "trail.csv", **how: Any) -> SourceRead:
    """Read some content as a file."""
    path = rules.parent / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = how.pop("settings", Settings())
    return read_source(path, settings, rules=rules, **how)


def codes(found: SourceRead) -> dict[int, str]:
    """Return reason codes by line."""
    return {row["line"]: row["reason_code"] for row in found.rejects.to_pylist()}


def column(found: SourceRead, name: str) -> list[Any]:
    """Return a column of the lookups."""
    return list(found.lookups[name].to_pylist())


def account(found: SourceRead) -> tuple[int, ...]:
    """Return lines, accepted, rejected, blank, header, duplicate."""
    row = found.source.to_pylist()[0]
    names = ("lines", "accepted", "rejected", "blank", "header", "duplicate")
    return tuple(row[name] for name in names)


@pytest.mark.parametrize(
    ("written", "instant", "quality"),
    [
        ("2026-03-14T02:11:09-07:00", "2026-03-14T09:11:09", "exact"),
        ("2026-03-14T09:11:09Z", "2026-03-14T09:11:09", "exact"),
        ("2026-03-14 09:11:09.25 UTC", "2026-03-14T09:11:09.250000", "exact"),
        ("2026-03-14 14:41:09 +05:30", "2026-03-14T09:11:09", "exact"),
        ("2026-03-14 02:11:09 PDT", "2026-03-14T09:11:09", "exact"),
        ("2026-03-14T02:11", "2026-03-14T09:11:00", "assumed_zone"),
        ("2026-03-14 02:11:09", "2026-03-14T09:11:09", "assumed_zone"),
        ("2026-11-01 01:30:00", "2026-11-01T08:30:00", "ambiguous_fold"),
        ("2026-11-01 01:30:00 PST", "2026-11-01T09:30:00", "exact"),
        ("2026-03-08 02:30:00", "2026-03-08T10:30:00", "skewed"),
        ("2026-06-30T23:59:60Z", "2026-07-01T00:00:00", "exact"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00", "exact"),
    ],
)
def test_a_time_is_read_as_written(rules: Path, written: str, instant: str, quality: str) -> None:
    """Offsets, UTC, abbreviations and the agency's own zone all lead to the right instant."""
    found = read(rules, HEADER + f"{written},T1,NLETS,stop\n")
    wanted = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert (column(found, "event_time"), column(found, "time_quality")) == ([wanted], [quality])


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30T00:00:00Z",
        "2026-03-14",
        "177345428",
        "2026-03-14T24:00:00Z",
        "2026-03-14T10:00:61Z",
        "14.03.2026 10:00",
        "2026-03-14T10:00:00 XYZ",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "2026-03-14T10:00:00+25:00",
    ],
)
def test_what_is_no_time_is_refused(rules: Path, written: str) -> None:
    """A value that is not one clear instant is a reject, and its neighbour is kept."""
    found = read(rules, HEADER + f"{written},T1,NLETS,stop\n" + GOOD)
    assert codes(found) == {2: "bad_time"}
    assert column(found, "line") == [3]


def test_night_hour_and_weekday_are_the_agencys_own(rules: Path) -> None:
    """An instant after midnight UTC belongs to the local evening before."""
    found = read(rules, HEADER + "2026-03-15T06:30:00Z,T1,NLETS,stop\n")
    row = found.lookups.to_pylist()[0]
    assert (row["night"], row["local_hour"], row["local_weekday"]) == ("2026-03-14", 23, 5)


def test_keys_are_normalised_and_text_is_kept(rules: Path) -> None:
    """Codes, case and subject become keys; the reason stays as typed beside its folded words."""
    found = read(
        rules,
        "Event Time,OPERATOR_ID,system,purpose,case id,Subject ID,reason,outcome\n"
        "2026-03-14T09:00:00Z, T1 ,NLETS, c , 26 - 00417,p-1 ,"
        " \uff33\uff34\uff2f\uff30  5th  St,NO RECORD\n",
    )
    row = found.lookups.to_pylist()[0]
    assert row["operator_id"] == "T1"
    assert (row["purpose"], row["case_id"], row["subject_id"]) == ("C", "26-00417", "P-1")
    assert (row["reason"], row["reason_norm"]) == (
        " \uff33\uff34\uff2f\uff30  5th  St",
        "stop 5th st",
    )
    assert row["outcome"] == "no_record"


def test_an_absent_column_is_not_an_empty_one(rules: Path) -> None:
    """The source's row says which fields the source exports at all."""
    found = read(rules, HEADER + "2026-03-14T09:00:00Z,T1,NLETS,\n")
    states = json.loads(found.source["field_states"][0].as_py())
    assert states["reason"] == {"value": 0, "empty": 1, "masked": 0, "placeholder": 0}
    assert states["purpose"] == "not_exported"
    assert column(found, "reason") == [None]


def test_what_every_lookup_must_have_is_refused_when_empty(rules: Path) -> None:
    """Empty time, operator and system each have a reason code of their own."""
    found = read(
        rules,
        HEADER + ",T1,NLETS,\n2026-03-14T09:00:00Z, ,NLETS,\n" + "2026-03-14T09:00:00Z,T1,,\n",
    )
    assert codes(found) == {2: "missing_time", 3: "missing_operator", 4: "missing_system"}


def test_a_stray_quote_takes_no_neighbour_with_it(rules: Path) -> None:
    """Only the damaged line is refused, though later lines hold quotes of their own."""
    quoted = '2026-03-14T02:11:09-07:00,T4471,NLETS,"a, b"\n'
    found = read(rules, HEADER + GOOD + GOOD.replace("stop", '"stop') + quoted + GOOD + quoted)
    assert codes(found) == {3: "stray_quote"}
    assert column(found, "line") == [2, 4, 5, 6]
    assert column(found, "reason") == ["stop", "a, b", "stop", "a, b"]


def test_a_quoted_value_may_span_lines(rules: Path) -> None:
    """A record of three lines is one record with three lines, and bytes that fit."""
    whole = '2026-03-14T02:11:09-07:00,T4471,NLETS,"one\n\nthree"\n'
    found = read(rules, HEADER + whole + GOOD)
    assert column(found, "reason") == ["one\n\nthree", "stop"]
    assert column(found, "line") == [2, 5]
    assert account(found) == (5, 4, 0, 0, 1, 0)
    start, end = column(found, "byte_start")[0], column(found, "byte_end")[0]
    assert (HEADER + whole)[start:end] == whole


def test_a_record_inside_a_quoted_value_is_no_record_but_is_told(rules: Path) -> None:
    """Text that reads as a lookup inside a value cannot forge one, nor hide without a word."""
    found = read(rules, HEADER + GOOD.replace("stop\n", '"x\n') + GOOD + 'end"\n')
    assert len(found.lookups) == 1
    assert found.gaps["kind"].to_pylist() == ["quoted_records"]


def test_a_record_across_blocks_is_read_whole(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader cuts the bytes makes no difference."""
    many = f'2026-03-14T02:11:09-07:00,T4471,NLETS,"one\n{GOOD}\ntwo"\n'
    content = HEADER + (GOOD + many + "\n" + GOOD.replace("stop", 's"top')) * 20
    whole = read(rules, content)
    for size in (7, 64, 200):
        monkeypatch.setattr("auditwatch.ingest.lines.LineReader.__init__.__defaults__", (size,))
        cut = read(rules, content, settings=replace(Settings(), ingest=Ingest()))
        assert cut.lookups.equals(whole.lookups)
        assert cut.rejects.equals(whole.rejects)


def test_odd_lines_are_counted_in_their_class(rules: Path) -> None:
    """Blank lines, a repeated header, CRLF, a byte order mark and a missing last newline."""
    content = "\ufeff" + HEADER + GOOD + "\r\n  \n" + HEADER + GOOD.replace("\n", "\r\n") + GOOD
    found = read(rules, content.rstrip("\n"))
    assert account(found) == (7, 3, 0, 2, 2, 0)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"2026-03-14T02:11:09-07:00,T4471,NLETS\n", "fields_few"),
        (b"2026-03-14T02:11:09-07:00,T4471,NLETS,a,b\n", "fields_many"),
        (b"2026-03-14T02:11:09-07:00,T4471,NL\0ETS,a\n", "nul_byte"),
        (b"2026-03-14T02:11:09-07:00,T4471,NLETS,caf\xe9\n", "not_utf8"),
        (b"2026-03-14T02:11:09-07:00,T4471,NLETS,a\rb\n", "stray_return"),
        (b"2026-03-14T02:11:09-07:00,T4471,NLETS," + b"a" * 2000 + b"\n", "too_long"),
    ],
)
def test_a_damaged_line_is_refused_by_kind(rules: Path, line: bytes, code: str) -> None:
    """Each kind of damage has its code and costs one line."""
    settings = replace(Settings(), ingest=Ingest(record_bytes_max=1024))
    found = read(rules, (HEADER + GOOD).encode() + line + GOOD.encode(), settings=settings)
    assert codes(found) == {3: code}
    assert column(found, "line") == [2, 4]


def test_a_line_longer_than_a_block_is_refused_and_reading_goes_on(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that never ends costs no memory and no neighbour."""
    monkeypatch.setattr("auditwatch.ingest.lines.LineReader.__init__.__defaults__", (4096,))
    settings = replace(Settings(), ingest=Ingest(record_bytes_max=1024))
    found = read(rules, HEADER + GOOD + "x" * 50_000 + "\n" + GOOD, settings=settings)
    assert codes(found) == {3: "too_long"}
    assert account(found) == (4, 2, 1, 0, 1, 0)


def test_a_record_read_twice_is_a_duplicate(rules: Path) -> None:
    """The same id a second time is no second lookup; equal content without an id is."""
    row = "A1,2026-03-14T09:00:00Z,T1,NLETS\n"
    found = read(rules, "event_id,event_time,operator_id,system\n" + row + row)
    assert account(found) == (3, 1, 0, 0, 1, 1)
    assert len(read(rules, HEADER + GOOD + GOOD).lookups) == 2


def test_a_zipped_trail_gives_the_same_lookups(rules: Path) -> None:
    """Gzip changes the source's hash and nothing else, ids included."""
    own = ["source_id"]
    plain = read(rules, HEADER + GOOD + GOOD)
    packed = read(rules, zipped(HEADER + GOOD + GOOD), "trail.csv.gz")
    assert packed.lookups.drop_columns(own).equals(plain.lookups.drop_columns(own))
    assert packed.source["source_id"] != plain.source["source_id"]
    first, second = column(plain, "event_id")
    assert (first[-2:], second) == (":0", first[:-1] + "1")


def test_gzip_of_several_members_is_one_trail(rules: Path) -> None:
    """Rotated pieces that were joined are read to the end."""
    content = zipped(HEADER + GOOD) + zipped(GOOD)
    assert account(read(rules, content)) == (3, 2, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "AW-INGEST-001"),
        (b"PK\x03\x04" + bytes(200), "AW-INGEST-001"),
        ((HEADER + GOOD).encode("utf-16"), "AW-INGEST-001"),
        (bytes(range(256)) * 20, "AW-INGEST-001"),
        (zipped(GOOD)[:-9], "AW-INGEST-002"),
        (zipped(HEADER + GOOD)[:-4] + b"xxxx", "AW-INGEST-002"),
        (gzip.compress(zipped(GOOD), mtime=0), "AW-INGEST-002"),
        (zipped(HEADER + "\n" * 12_000_000), "AW-INGEST-002"),
        (b"PAR1 and then nothing", "AW-INGEST-008"),
    ],
    ids=["empty", "zip", "utf-16", "binary", "cut", "crc", "twice", "bomb", "parquet"],
)
def test_what_is_no_log_is_refused_with_a_code(rules: Path, content: bytes, code: str) -> None:
    """Empty, binary, damaged and exploding files stop with exit code 3."""
    with pytest.raises(InputError) as caught:
        read(rules, content)
    assert (caught.value.code, caught.value.exit_code) == (code, 3)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("event_time,operator,system\n", "AW-INGEST-003", "did you mean 'operator'"),
        ("event_time,operator_id,reason\n", "AW-INGEST-003", "--mapping"),
        ("event_time;operator_id;system\n", "AW-INGEST-003", "delimiter"),
        ("event_time,operator_id,operator id,system\n", "AW-INGEST-004", "rename"),
        ("17,18\n19,20\n", "AW-INGEST-007", "--format"),
        ('{"when": "x", "event_tim": "y"}\n', "AW-INGEST-003", "event_tim"),
    ],
)
def test_a_header_that_cannot_work_is_a_usage_error(
    rules: Path, content: str, code: str, says: str
) -> None:
    """The message names what is missing, what is near, and the way out."""
    with pytest.raises(UsageError) as caught:
        read(rules, content)
    assert caught.value.code == code
    assert caught.value.exit_code == 2
    assert says in str(caught.value)


def test_an_unknown_format_names_the_nearest(rules: Path) -> None:
    """A misspelt --format is answered with the right word."""
    with pytest.raises(UsageError, match="did you mean 'jsonl'"):
        read(rules, HEADER, format_name="jsonll")


def test_two_formats_that_fit_are_not_guessed_between(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader names both and asks."""
    monkeypatch.setattr("auditwatch.ingest.formats.canonical_jsonl.sniff", lambda _: True)
    with pytest.raises(UsageError, match="csv, jsonl"):
        read(rules, HEADER + GOOD)


def test_a_format_that_loses_a_line_stops_the_run(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that does not add up is an integrity error, whoever made the mistake."""
    honest = canonical_csv.rows_chunk

    def losing(*args: Any) -> Any:
        chunk = honest(*args)
        return replace(chunk, records=chunk.records.take(slice(1, None)), columns={})

    monkeypatch.setattr(canonical_csv, "rows_chunk", losing)
    with pytest.raises(IntegrityError) as caught:
        read(rules, HEADER + GOOD + GOOD)
    assert caught.value.code == "AW-INGEST-010"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"event_time": "x", "event_time": "y"}', "duplicate_key"),
        ('{"Event Time": "x", "event_time": "y"}', "duplicate_key"),
        ('{"event_time": NaN}', "not_finite"),
        ("[1]", "not_object"),
        ('{"a": ', "bad_json"),
        ('{"a": ' + "[" * 70 + "]" * 70 + "}", "too_deep"),
        ('{"operator_id": ["T1"]}', "nested_value"),
        ('{"operator_id": "\\ud800"}', "not_utf8"),
        ('{"operator_id": "T\\u0000"}', "nul_byte"),
        ('{"a": ' + '"' + "[" * 70 + '"}', "missing_time"),
    ],
)
def test_a_json_line_is_read_strictly(rules: Path, line: str, code: str) -> None:
    """Every way of being no record has its code; brackets inside text are only text."""
    good = '{"event_time": "2026-03-14T09:00:00Z", "operator_id": 417, "system": "NLETS"}'
    found = read(rules, f"{good}\n{line}\n\n{good}", "trail.jsonl")
    assert codes(found) == {2: code}
    assert column(found, "operator_id") == ["417", "417"]
    assert account(found) == (4, 2, 1, 1, 0, 0)


def test_parquet_rows_stand_for_lines(rules: Path) -> None:
    """A typed time column is read as it is, and the row number is the line."""
    when = [datetime(2026, 3, 14, 9, tzinfo=UTC), None]
    table = pa.table({"event_time": when, "operator_id": [7, 8], "system": ["NLETS", "NLETS"]})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    found = read(rules, sink.getvalue().to_pybytes(), "trail.parquet")
    assert column(found, "operator_id") == ["7"]
    assert column(found, "event_time") == when[:1]
    assert codes(found) == {2: "missing_time"}
    assert account(found) == (2, 1, 1, 0, 0, 0)


MAPPING = """\
format: csv
delimiter: ";"
columns:
  event_time: Search Time
  operator_id: [Officer, "User  Name"]
time:
  layout: "%m/%d/%Y, %I:%M:%S %p"
  zone: Europe/Berlin
constants:
  system: ALPR
"""


def _mapped(rules: Path, mapping: str, content: str) -> SourceRead:
    """Read content with a mapping file."""
    path = rules.parent / "map.yml"
    path.write_text(mapping)
    return read(rules, content, mapping=path)


def test_a_mapping_file_describes_a_foreign_export(rules: Path) -> None:
    """Names, alternatives, delimiter, time layout, zone and constants are all data."""
    found = _mapped(rules, MAPPING, "search_time;USER NAME\n03/14/2026, 10:00:00 AM;T1\n")
    row = found.lookups.to_pylist()[0]
    assert (row["operator_id"], row["system"]) == ("T1", "ALPR")
    assert row["event_time"] == datetime(2026, 3, 14, 9, tzinfo=UTC)
    states = json.loads(found.source["field_states"][0].as_py())
    assert states["system"] == "exported"


@pytest.mark.parametrize(
    ("wrong", "where", "says"),
    [
        (MAPPING.replace("operator_id", "operater_id"), "map.yml:5:3", "operator_id"),
        (MAPPING.replace("format: csv", "format: cvs"), "map.yml:1:1", "did you mean 'csv'"),
        (MAPPING.replace("Europe/Berlin", "Europe/Berlim"), "map.yml:8:3", "time zone"),
        (MAPPING.replace('";"', "tab"), "map.yml:2:1", "one ASCII character"),
        (MAPPING.replace("columns:", "colums:"), "map.yml:3:1", "did you mean 'columns'"),
    ],
)
def test_a_wrong_mapping_file_is_shown_its_place(
    rules: Path, wrong: str, where: str, says: str
) -> None:
    """Errors carry line, column and the nearest word."""
    with pytest.raises(ConfigError) as caught:
        _mapped(rules, wrong, "a;b\n")
    assert where in str(caught.value)
    assert says in str(caught.value)


def test_nested_json_is_named_with_dots(rules: Path) -> None:
    """A dotted name reaches into an object."""
    mapping = "columns: {event_time: at, operator_id: actor.user.name, system: db.name}\n"
    record = {"at": "2026-03-14T09:00:00Z", "actor": {"user": {"name": "T1"}}, "db.name": "R"}
    found = _mapped(rules, mapping, json.dumps(record) + "\n")
    assert (column(found, "operator_id"), column(found, "system")) == (["T1"], ["R"])


def test_no_message_holds_what_a_record_says(rules: Path) -> None:
    """Whatever is wrong, errors never carry the content of a line."""
    hidden = "MUSTERFRAU"
    for content in (f"{hidden},{hidden}\n1,2\n", f"{hidden}\0\0\0\0", f'{{"{hidden}": 1}}\n'):
        with pytest.raises(AuditwatchError) as caught:
            read(rules, content)
        assert hidden not in str(caught.value)
