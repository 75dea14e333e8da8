"""Sources made to break the reader: refused or read, never a crash, a hang or a full memory."""

from __future__ import annotations

import gzip
import resource
import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import AuditwatchError, ConfigError, InputError
from auditwatch.engine.lake import Lake
from auditwatch.ingest import read_source, staging, store_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditwatch.ingest import SourceRead

HEADER = "event_time,operator_id,terminal,system,transaction,subject_id,reason\n"
STAMP = "2026-03-01 10:00:00.000 UTC"
AUDIT = 'AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.person,"select 1",<none>'


@pytest.fixture
def rules(repository: Path) -> Path:
    """The shipped rule pack."""
    return repository / "rules"


def row(minute: int, when: str = "2026-03-01T10:{:02}:00Z", reason: str = "stop") -> str:
    """Return a line of a trail without ids of its own."""
    return f"{when.format(minute)},T1,TM,NLETS,RQ,V{minute},{reason}\n"


def read(path: Path, rules: Path, content: bytes | str = b"", **how: object) -> SourceRead:
    """Write some content and read it."""
    if content:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path, Settings(), rules=rules, **how)  # type: ignore[arg-type]


def codes(found: SourceRead) -> list[str]:
    """Return the reasons for which records were refused."""
    return found.rejects["reason_code"].to_pylist()


def csvlog(number: str, message: str = AUDIT) -> str:
    """Return a record of a csvlog whose line has this number."""
    quoted = message.replace('"', '""')
    return (
        f'{STAMP},"t1","db",1,"10.0.0.1:1",5f.1,{number},"SELECT",{STAMP},1/1,0,LOG,00000,'
        f'"{quoted}",,,,,,,,,"app","client backend",,0\n'
    )


@pytest.mark.parametrize(
    "when",
    [
        "0000-01-01T00:00:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:60",
        "9999-12-31 23:59:60 PST",
        "0001-01-01 00:00:00 PST",
    ],
)
def test_a_time_at_the_end_of_the_calendar_is_one_bad_line(
    tmp_path: Path, rules: Path, when: str
) -> None:
    """A local time that no calendar can move by a zone is refused, and its neighbour is kept."""
    found = read(tmp_path / "t.csv", rules, HEADER + row(1) + row(2, when))
    assert (found.lookups.num_rows, codes(found)) == (1, ["bad_time"])


@pytest.mark.parametrize("number", ["²", "٣", "1" * 5000])
def test_numbers_in_a_server_log_that_are_none(tmp_path: Path, rules: Path, number: str) -> None:
    """A superscript, foreign or endless number neither stops the reading nor makes a gap."""
    rows = csvlog("9", f"{AUDIT},{number}")
    found = read(tmp_path / "pg.csv", rules, csvlog("1") + csvlog(number) + rows)
    assert found.lookups.num_rows == 3
    assert found.lookups["outcome"].to_pylist() == [None, None, None]


def test_a_prefix_made_to_be_slow(tmp_path: Path, rules: Path) -> None:
    """A line of many @ and / is refused in time that does not grow with the cube of its length."""
    good = f"{STAMP} [1] t1@db/app 10.0.0.1 5f.1:1 LOG:  {AUDIT}\n"
    began = time.process_time()
    found = read(tmp_path / "pg.log", rules, good + f"{STAMP} [1] {'@/' * 3000}\n")
    assert found.lookups.num_rows <= 1
    assert time.process_time() - began < 5


def test_a_flood_of_lookups_within_one_second(tmp_path: Path, rules: Path) -> None:
    """Twenty thousand records of one operator at one instant are folded in linear time."""
    lines = "".join(row(0, reason=f"r{n}") for n in range(20_000))
    began = time.process_time()
    found = read(tmp_path / "t.csv", rules, HEADER + lines)
    assert found.lookups.num_rows == 20_000
    assert time.process_time() - began < 5


def test_empty_lines_take_no_more_memory_than_text(tmp_path: Path, rules: Path) -> None:
    """Two and a half million empty lines of JSON lines are counted within 200 MB."""
    record = (
        '{"event_time":"2026-03-01T10:00:00Z","operator_id":"T1","system":"N","transaction":"RQ"}'
    )
    path = tmp_path / "t.jsonl"
    path.write_bytes(record.encode() + b"\n" * 2_500_000)
    read(tmp_path / "small.jsonl", rules, record)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(path, rules)
    assert found.source["blank"].to_pylist() == [2_499_999]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_quote_left_open_before_many_short_lines(tmp_path: Path, rules: Path) -> None:
    """Blocks that are cut short still lose no line and find the record that spans them."""
    content = HEADER + row(1, reason='"open') + "\n" * 300_000 + row(2)
    found = read(tmp_path / "t.csv", rules, content)
    account = found.source.to_pylist()[0]
    assert account["lines"] == 300_003
    assert (codes(found), found.lookups.num_rows) == (["stray_quote"], 1)


def test_a_flood_of_refused_lines(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source of garbage is refused as a whole before its refusals fill the memory."""
    monkeypatch.setattr(staging, "REJECTS_MAX", 100)
    with pytest.raises(InputError, match="more than 100 records") as caught:
        read(tmp_path / "t.csv", rules, HEADER + "x\n" * 101)
    assert caught.value.code == "AW-INGEST-011"
    assert len(codes(read(tmp_path / "t.csv", rules, HEADER + "x\n" * 100))) == 100


def test_gzip_of_very_many_empty_members_and_padding(tmp_path: Path, rules: Path) -> None:
    """Members without content and blocks of padding cost no copy of all that follows them."""
    content = gzip.compress((HEADER + row(1)).encode()) + gzip.compress(b"") * 100_000
    began = time.process_time()
    found = read(tmp_path / "t.csv.gz", rules, content + b"\0" * 3_000_000)
    assert found.lookups.num_rows == 1
    assert time.process_time() - began < 2


def parquet(path: Path, rows: int, **more: object) -> Path:
    """Write a Parquet trail of equal rows, dictionaries kept."""
    values = {
        "event_time": "2026-03-01T10:00:00Z",
        "operator_id": "T1",
        "system": "N",
        "transaction": "RQ",
        **more,
    }
    code = pa.repeat(pa.scalar(0, pa.int32()), rows)
    table = {k: pa.DictionaryArray.from_arrays(code, [v]) for k, v in values.items()}
    pq.write_table(pa.table(table), path)
    return path


@pytest.mark.parametrize(("rows", "reason"), [(5_000_000, "x"), (20_000, "r" * 1_000_000)])
def test_parquet_that_unpacks_to_far_more_than_its_size(
    tmp_path: Path, rules: Path, rows: int, reason: str
) -> None:
    """Millions of equal rows, or one huge value in each row, are refused before they unpack."""
    path = parquet(tmp_path / "t.parquet", rows, reason=reason)
    with pytest.raises(InputError, match="unpacks") as caught:
        read(path, rules)
    assert caught.value.code == "AW-INGEST-008"


def test_parquet_text_with_a_nul(tmp_path: Path, rules: Path) -> None:
    """Such a row is refused as in every other format, and its neighbours are kept."""
    path = tmp_path / "t.parquet"
    names = ["T1", "T\0", "T2"]
    times = ["2026-03-01T10:00:00Z"] * 3
    pq.write_table(pa.table({"event_time": times, "operator_id": names, "system": names}), path)
    found = read(path, rules)
    assert (found.lookups["line"].to_pylist(), codes(found)) == ([1, 3], ["nul_byte"])


def test_parquet_with_a_column_name_that_is_no_text(tmp_path: Path, rules: Path) -> None:
    """Bytes in a damaged footer that are no UTF-8 are a damaged file (found by fuzzing)."""
    content = parquet(tmp_path / "t.parquet", 3).read_bytes()
    with pytest.raises(InputError) as caught:
        read(tmp_path / "t.parquet", rules, content.replace(b"system", b"s\x8fstem"))
    assert caught.value.code == "AW-INGEST-008"


def test_parquet_that_says_another_number_of_rows(tmp_path: Path, rules: Path) -> None:
    """A footer that promises rows which are not there is a damaged file (found by fuzzing)."""
    content = parquet(tmp_path / "t.parquet", 3).read_bytes()
    body, footer = content[:-8], content[-8:]
    start = len(body) - int.from_bytes(footer[:4], "little")
    about = body[start:]
    at = about.index(b"\x16\x06\x19")  # the file's number of rows, before the list of groups
    changed = about[:at] + b"\x16\x08" + about[at + 2 :]
    with pytest.raises(InputError) as caught:
        read(tmp_path / "t.parquet", rules, body[:start] + changed + footer)
    assert caught.value.code == "AW-INGEST-008"


@pytest.mark.parametrize("name", ["\udcff.csv", "\x1b[31mred.csv", "a\nb.csv"])
def test_a_file_name_that_no_table_can_hold(tmp_path: Path, rules: Path, name: str) -> None:
    """Bytes that are no text and control characters of a name are replaced where it is kept."""
    found = read(tmp_path / name, rules, HEADER + row(1))
    kept = found.source["name"][0].as_py()
    assert kept.isprintable()
    assert kept.endswith(".csv")


def test_a_log_that_grew_and_one_that_was_rotated(tmp_path: Path, rules: Path) -> None:
    """Records without ids that were read before are duplicates, wherever they now stand."""
    lake = Lake(tmp_path / "lake")
    for first, after in ((0, 10), (0, 20), (5, 25)):
        lines = "".join(row(n) for n in range(first, after))
        stored = store_source(read(tmp_path / "t.csv", rules, HEADER + lines), lake)
    assert (stored.account["accepted"], stored.account["duplicate"]) == (5, 15)


def test_equal_records_of_one_file_are_not_one(tmp_path: Path, rules: Path) -> None:
    """Two equal lines without ids are two lookups, and stay two when the file is read again."""
    found = read(tmp_path / "t.csv", rules, HEADER + row(1) + row(2) + row(1))
    ids = found.lookups["event_id"].to_pylist()
    assert len(set(ids)) == 3
    again = read(tmp_path / "u.csv", rules, HEADER + row(1) + row(1))
    assert again.lookups["event_id"].to_pylist() == [ids[0], ids[2]]


def test_a_file_read_with_the_wrong_mapping_can_be_read_again(tmp_path: Path, rules: Path) -> None:
    """A source of which nothing could be used leaves no trace that would bar the right reading."""
    lake, path = Lake(tmp_path / "lake"), tmp_path / "t.csv"
    wrong = tmp_path / "m.yml"
    wrong.write_text('time: {layout: "%d.%m.%Y %H:%M:%S"}\n')
    refused = store_source(read(path, rules, HEADER + row(1), mapping=wrong), lake)
    assert (refused.account["rejected"], refused.fresh) == (1, True)
    assert store_source(read(path, rules), lake).account["accepted"] == 1


@pytest.mark.parametrize("layout", ["%Y %Y", "%Q", "%", "x", "%H:%M", "%d.%m.%Y"])
def test_a_layout_that_reads_no_time(tmp_path: Path, rules: Path, layout: str) -> None:
    """It is refused with its place, before a single line is."""
    mapping = tmp_path / "m.yml"
    mapping.write_text(f'time: {{layout: "{layout}"}}\n')
    with pytest.raises(ConfigError, match="layout") as caught:
        read(tmp_path / "t.csv", rules, HEADER + row(1), mapping=mapping)
    assert caught.value.where.endswith("m.yml:1:8")


def test_a_path_longer_than_any_system_allows(tmp_path: Path, rules: Path) -> None:
    """It is refused with a message that one can read."""
    with pytest.raises(AuditwatchError) as caught:
        read(tmp_path / ("x" * 5000), rules)
    assert caught.value.code == "AW-FILES-001"
    assert len(str(caught.value)) < 1000


@pytest.mark.timeout(20)
def test_a_record_longer_than_a_block(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quoted value over many blocks is read on until it closes, not read again for ever."""
    monkeypatch.setattr("auditwatch.ingest.lines.LineReader.__init__.__defaults__", (128,))
    value = "word\n" * 200
    found = read(tmp_path / "t.csv", rules, HEADER + row(1) + row(2, reason=f'"{value}"') + row(3))
    assert found.lookups["reason"].to_pylist() == ["stop", value, "stop"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-16-le"])
def test_another_encoding_is_refused_and_named(tmp_path: Path, rules: Path, encoding: str) -> None:
    """Text that is not UTF-8 is not guessed at: the whole file is refused, with or without mark."""
    with pytest.raises(AuditwatchError) as caught:
        read(tmp_path / "t.csv", rules, (HEADER + row(1)).encode(encoding))
    assert caught.value.code in {"AW-INGEST-001", "AW-INGEST-007"}


def test_single_bytes_of_another_encoding_cost_their_lines(tmp_path: Path, rules: Path) -> None:
    """Windows text, overlong forms and half surrogates are refused line by line."""
    odd = [b"caf\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]
    lines = b"".join(row(n).encode().replace(b"stop", one) for n, one in enumerate(odd))
    found = read(tmp_path / "t.csv", rules, (HEADER + row(9)).encode() + lines)
    assert (found.lookups.num_rows, codes(found)) == (1, ["not_utf8"] * 4)


def test_lines_that_end_in_a_return_alone_are_one_line(tmp_path: Path, rules: Path) -> None:
    """A file of old line ends has no lines that could be told apart: it is refused whole."""
    with pytest.raises(AuditwatchError) as caught:
        read(tmp_path / "t.csv", rules, (HEADER + row(1) + row(2)).replace("\n", "\r"))
    assert caught.value.code in {"AW-INGEST-003", "AW-INGEST-004", "AW-INGEST-005", "AW-INGEST-007"}


RECORD = '{"event_time":"2026-03-01T10:00:00Z","operator_id":"T1","system":"N"%s}'


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (',"a":' + "[" * 100_000 + "]" * 100_000, "too_deep"),
        (',"a":{"b":1,"b":2}', "duplicate_key"),
        (',"operator_id":"T2"', "duplicate_key"),
        (',"a":NaN', "not_finite"),
        (',"a":-Infinity', "not_finite"),
        (',"reason":["x"]', "nested_value"),
        ("," + ",".join(f'"k{n}":1' for n in range(1001)), "too_many_keys"),
        (',"reason":"\\ud800"', "not_utf8"),
        (',"reason":"\\u0000"', "nul_byte"),
        (',"a":', "bad_json"),
    ],
)
def test_an_object_made_to_mislead_costs_its_line(
    tmp_path: Path, rules: Path, more: str, code: str
) -> None:
    """Depth, doubled keys, numbers that are none: each has its reason, and its neighbours stay."""
    content = "\n".join([RECORD % "", RECORD % more, RECORD % ""])
    found = read(tmp_path / "t.jsonl", rules, content)
    assert (found.lookups["line"].to_pylist(), codes(found)) == ([1, 3], [code])


@pytest.mark.parametrize("number", ["1e400", "9" * 5000, "-0", "1.10"])
def test_a_number_is_kept_as_it_is_written(tmp_path: Path, rules: Path, number: str) -> None:
    """Neither rounded nor made infinite, however large."""
    content = RECORD % "" + "\n" + RECORD % f',"case_id":{number}'
    found = read(tmp_path / "t.jsonl", rules, content)
    assert found.lookups["case_id"].to_pylist() == [None, number.upper()]


def test_one_line_of_very_many_bytes(tmp_path: Path, rules: Path) -> None:
    """It is refused without being held, and reading goes on at the next line."""
    path = tmp_path / "t.csv"
    with path.open("wb") as file:
        file.write((HEADER + row(1)).encode())
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + row(2).encode())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(path, rules)
    assert (found.lookups["line"].to_pylist(), codes(found)) == ([2, 4], ["too_long"])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64_000


def whole_gzip() -> bytes:
    """Return a sound gzip of a trail."""
    return gzip.compress((HEADER + "".join(row(n % 60) for n in range(500))).encode(), mtime=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:-9], "cut off"),
        (lambda data: data[:-6] + b"\x00\x00" + data[-4:], "damaged"),
        (gzip.compress, "gzip inside gzip"),
        (lambda data: data + gzip.compress(b"\0" * 50_000_000), "grows too much"),
        (lambda data: data + b"junk", "damaged"),
    ],
    ids=["truncated", "bad sum", "nested", "bomb", "junk behind"],
)
def test_a_gzip_that_is_not_sound(
    tmp_path: Path, rules: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    """Nothing of it is read: the trail may go on behind what can be read."""
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path / "t.csv.gz", rules, change(whole_gzip()))
    assert caught.value.code == "AW-INGEST-002"
