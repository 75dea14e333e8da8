"""Journals of inquiries: the message switch's, the statutory log's, the archive's, the client's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditwatch.config import Settings
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import COUNTERS
from auditwatch.ingest import NUMBER_COLUMNS, SourceRead, number_rows, read_source
from auditwatch.ingest.identifiers import birth_date, subject_of

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_logs"
JOURNAL = "txn_id,event_time,ori,terminal,operator_id,mke,subject_kind,name,dob,plate,sid\n"
CLIENT = "Date/Time,Action,IP,ORI,User,Details\n"
LOG = "date_of_inquiry,subject_name,sid_or_fbi,mke,purpose_code,user_initials,attn,attn2,ntn\n"
AT = "2026-03-14T02:11:09-07:00"


def read(folder: Path, content: str | bytes, format_name: str = "auto") -> SourceRead:
    """Read some content as a file, with the shipped catalogue."""
    path = folder / "journal"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path, Settings(), rules=ROOT / "rules", format_name=format_name)


def column(found: SourceRead, name: str) -> list[Any]:
    """Return a column of the lookups."""
    return list(found.lookups[name].to_pylist())


def codes(found: SourceRead) -> list[str]:
    """Return the reason codes of the rejects, by line."""
    return list(found.rejects["reason_code"].to_pylist())


def test_a_plate_check_of_the_journal_is_one_lookup_with_its_lines(tmp_path: Path) -> None:
    """Registration, owner's licence and wants check fold, an impossible birth date included."""
    found = read(tmp_path, (SAMPLES / "clets_journal.csv").read_bytes())
    assert column(found, "lookup_id")[:3] == ["CA0990100/2026-03-14T09:11:09Z/RQ/000183"] * 3
    assert column(found, "subject_id")[:3] == ["V-000ZZZ", *["P-DOE,SAMPLE A/1988-02-30"] * 2]


def test_a_counter_that_starts_again_loses_no_lookup(tmp_path: Path) -> None:
    """The same number a second time is a duplicate only at the same second, agency and key."""
    rows = (
        f"1,{AT},CA0990100,M1,T1,RQ,vehicle,,,1ABC234,\n"
        f"1,{AT},CA0990200,M1,T1,RQ,vehicle,,,1ABC234,\n"
        f"1,{AT},CA0990100,M1,T1,QV,vehicle,,,1ABC234,\n"
        f"1,2026-03-14T22:00:00-07:00,CA0990100,M1,T1,RQ,vehicle,,,1ABC234,\n"
        f"1,2026-03-14T09:11:09Z,CA0990100,M1,T1,RQ,vehicle,,,1ABC234,\n"
    )
    found = read(tmp_path, JOURNAL + rows)
    assert found.lookups.num_rows == 4
    assert found.source["duplicate"][0].as_py() == 1


def test_a_journal_that_skips_numbers_is_told(tmp_path: Path) -> None:
    """Numbers are followed through ids that name another second each time."""
    rows = [
        f"{n:06},2026-03-13T18:{n:02}:00Z,CA0990100,M1,T1,RQ,vehicle,,,1ABC234,\n"
        for n in range(60)
        if n != 45
    ]
    found = read(tmp_path, JOURNAL + "".join(rows))
    numbered = number_rows(found.lookups.select(NUMBER_COLUMNS), "2026-03-13", {})
    (gap,) = numbered.gaps("2026-03-13", COUNTERS.empty(), lambda _: found.rejects)
    assert gap.says.startswith("1 running number is missing")


def test_a_masked_subject_of_a_journal_is_no_subject_and_is_told(tmp_path: Path) -> None:
    """What a mask hides gets no key, and the account of the source says so."""
    found = read(tmp_path, JOURNAL + f"1,{AT},CA0990100,M1,T1,QW,person,***,***,,\n")
    assert column(found, "subject_id") == [None]
    assert "masked_values" in found.gaps["kind"].to_pylist()


@pytest.mark.parametrize(
    ("said", "kind", "wanted"),
    [
        ({"name": "Doe , Sample  a", "born": "1988-02-30"}, "", "P-DOE,SAMPLE A/1988-02-30"),
        ({"name": "DOE,SAMPLE A", "born": "19880230"}, "", "P-DOE,SAMPLE A/1988-02-30"),
        ({"name": "DOE,SAMPLE A", "born": "2/30/1988"}, "", "P-DOE,SAMPLE A/1988-02-30"),
        ({"name": "DOE,SAMPLE A", "born": "***", "record": "NC 1"}, "", "P-REC:NC1"),
        ({"name": "DOE,SAMPLE A", "born": "***"}, "", "P-DOE,SAMPLE A"),
        ({"name": "DOE,SAMPLE A", "licence": "a123"}, "", "P-OLN:A123"),
        ({"name": "DOE,SAMPLE A", "plate": "1abc 234"}, "", "P-DOE,SAMPLE A"),
        ({"name": "DOE,SAMPLE A", "plate": "1abc 234"}, "Vehicle", "V-1ABC234"),
        ({"plate": "1AB*"}, "", "V-1AB*"),
        ({"vin": "1sample1"}, "", "V-1SAMPLE1"),
        ({"serial": "x 9"}, "", "G-X9"),
        ({"plate": "[REDACTED]"}, "", "[REDACTED]"),
        ({"plate": "  ", "name": ""}, "", None),
    ],
)
def test_one_subject_has_one_key(said: dict[str, str], kind: str, wanted: str | None) -> None:
    """However a name, a date or a plate is written; a mask stays a mask, nothing stays nothing."""
    assert subject_of(said, kind)[1] == wanted


@pytest.mark.parametrize(
    ("text", "year", "wanted"),
    [
        ("022988", 2026, "1988-02-29"),
        ("010226", 2026, "2026-01-02"),
        ("010227", 2026, "1927-01-02"),
        ("022988", None, "022988"),
        ("UNK", 2026, "UNK"),
    ],
)
def test_two_digits_are_the_last_such_year(text: str, year: int | None, wanted: str) -> None:
    """Nobody is born after the inquiry; without its year nothing is said of the century."""
    assert birth_date(text, year) == wanted


def test_days_without_hours_stay_days(tmp_path: Path) -> None:
    """A log of days has no hour, folds nothing, and tells rules that the hour is not exported."""
    rows = "".join(f'2026-03-14,"DOE,A",NC1,{key},C,TQ,,,\n' for key in ("RQ", "DQ", "QW", "QW"))
    found = read(tmp_path, LOG + rows)
    assert set(column(found, "time_quality")) == {"date_only"}
    assert column(found, "local_hour") == [None] * 4
    assert column(found, "night") == ["2026-03-14"] * 4
    assert column(found, "origin") == ["manual"] * 4
    states = json.loads(found.source["field_states"][0].as_py())
    assert states["local_hour"] == "not_exported"


def test_a_statutory_log_is_read_without_its_header(tmp_path: Path) -> None:
    """With or without the header line, and behind a byte order mark, the inquiries are the same."""
    content = (SAMPLES / "nc_chri.csv").read_bytes()
    whole = read(tmp_path, content)
    bare = read(tmp_path, b"\xef\xbb\xbf" + content.split(b"\n", 1)[1])
    own = ["source_id", "line", "byte_start", "byte_end"]
    assert bare.lookups.drop_columns(own).equals(whole.lookups.drop_columns(own))
    assert bare.source["header"][0].as_py() == 0


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-14,DOE,NC1,QH,C,TQ,,\n",
        "14.03.2026,DOE,NC1,QH,C,TQ,,,\n",
        "2026-03-14,DOE,NC1,inquiry,C,TQ,,,\n",
        "2026-03-14,DOE,NC1,QH,CRIMINAL,TQ,,,\n",
    ],
)
def test_nine_values_alone_make_no_statutory_log(tmp_path: Path, line: str) -> None:
    """Without a header anything that does not look like the list in every part is refused."""
    with pytest.raises(UsageError):
        read(tmp_path, line)


def test_a_log_with_columns_missing_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Named outright, a log with neither subject nor attention keeps what it has."""
    found = read(tmp_path, "date_of_inquiry,mke,user_initials\n2026-03-14,QH,TQ\n", "nc-chri")
    assert (column(found, "transaction"), column(found, "subject_id")) == (["QH"], [None])


def nlets(*messages: str) -> str:
    """Return messages as an archive's lines."""
    return "".join(f"{AT} MDC-14 T4471 {message}\n" for message in messages)


def test_a_regional_query_and_what_becomes_of_it_is_one_lookup(tmp_path: Path) -> None:
    """RQG becomes RQ, also to several states at once; the reply is no lookup."""
    found = read(
        tmp_path,
        nlets(
            "RQG.CA0990100.NV.TXT LIC/000ZZZ.LIY/2026.LIT/PC",
            "RQ.CA0990100.NV.TXT LIC/000ZZZ.LIY/2026.LIT/PC",
            "RQ.CA0990100.OR.TXT LIC/000ZZZ.LIY/2026.LIT/PC",
            "RR.NV0990000.CA0990100.TXT LIC/000ZZZ",
            "DQG.CA0990100.NV.TXT OLN/A1",
        ),
    )
    assert column(found, "transaction") == ["RQ", "RQ", "RQ", "DQ"]
    assert found.source["lookups"][0].as_py() == 1
    assert found.source["header"][0].as_py() == 1


def test_full_stops_inside_values_stay(tmp_path: Path) -> None:
    """A value ends before the next prefix, not at its own full stops; one at the end is dropped."""
    found = read(
        tmp_path, nlets("DQ.CA0990100.NV.*1.TXT NAM/DOE,A. B. JR.DOB/022988.RSN/st. rd. 9.")
    )
    assert column(found, "subject_id") == ["P-DOE,A. B. JR/1988-02-29"]
    assert column(found, "reason") == ["st. rd. 9"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("DQ.CA0990100.NV.TXT OLN/A1", "missing_time"),
        (f"{AT} DQ.CA0990100.NV.TXT OLN/A1", "missing_operator"),
        (f"{AT} MDC-14 - DQ.CA0990100.NV.TXT OLN/A1", "missing_operator"),
        (f"{AT} T4471 DQ.CA0990100.NV.TXT OLN/A1", "no_message"),
        (f"{AT} MDC-14 T4471 logged off", "no_message"),
        (f"{AT} MDC-14 T4471 DQ.CA099.NV.TXT OLN/A1", "no_message"),
        (f"{AT} MDC-14 T4471 DQ.CA0990100.NV.TXT", "message_text"),
        (f"{AT} MDC-14 T4471 DQ.CA0990100.NV.TXT OLN", "message_text"),
        (f"{AT} MDC-14 T4471 DQ.CA0990100.NV.TXT OLN/A1.OLN/A2", "message_text"),
        ("2026-02-30 02:11:09 MDC-14 T4471 DQ.CA0990100.NV.TXT OLN/A1", "bad_time"),
    ],
)
def test_a_message_that_cannot_be_audited_is_refused(tmp_path: Path, line: str, code: str) -> None:
    """Without time, operator, or a text by prefixes a line is a reject; its neighbour is kept."""
    found = read(tmp_path, nlets("KQ.CA0990100.NV.TXT OLN/A1") + line + "\n")
    assert (codes(found), found.lookups.num_rows) == ([code], 1)


def test_the_zone_of_an_archive_is_said_in_a_mapping_file(tmp_path: Path) -> None:
    """Times of the interstate archive are seven hours behind UTC all year."""
    (tmp_path / "archive.yml").write_text("time: {zone: Etc/GMT+7}\n")
    (tmp_path / "archive.txt").write_text(
        "2026-01-14 02:11:09 MDC-14 T4471 KQ.CA0990100.NV.TXT OLN/A1\n"
    )
    found = read_source(
        tmp_path / "archive.txt",
        Settings(),
        rules=ROOT / "rules",
        mapping=tmp_path / "archive.yml",
    )
    assert str(found.lookups["event_time"][0]) == "2026-01-14 09:11:09+00:00"
    assert column(found, "local_hour") == [1]


def test_the_chain_of_a_mobile_client_is_one_lookup(tmp_path: Path) -> None:
    """Query, passing on, owner, wants check: one lookup; a new plate begins another."""
    steps = ["Vehicle Query", "Sent to State", "Driver Query", "Sent to State", "Wanted Query"]
    steps += ["Sent to State", "vehicle  query", "SENT TO STATE"]
    rows = [
        f"2026-03-14 02:11:{n:02},{step},192.0.2.14,CA0990100,T4471,\n"
        for n, step in enumerate(steps)
    ]
    found = read(tmp_path, CLIENT + "".join(rows))
    heads = column(found, "lookup_id")
    assert [heads.index(head) for head in heads] == [0, 0, 0, 0, 0, 0, 6, 6]
    assert column(found, "terminal") == ["192.0.2.14"] * 8


def test_a_chain_is_not_carried_over_to_another_user(tmp_path: Path) -> None:
    """The owner check of another officer seconds later is a lookup of its own."""
    rows = "".join(
        f"2026-03-14 02:11:0{n},{step},192.0.2.1{n},CA0990100,T{n},\n"
        for n, step in enumerate(["Vehicle Query", "Driver Query"])
    )
    assert column(read(tmp_path, CLIENT + rows), "origin") == ["manual", "manual"]


@pytest.mark.parametrize(
    ("details", "wanted"),
    [
        ("LIC/000ZZZ.LIS/NV", "V-000ZZZ"),
        ("Plate: 000 zzz; State: NV", "V-000ZZZ"),
        ('"NAM/DOE,SAMPLE A.DOB/19880229.SEX/M"', "P-DOE,SAMPLE A/1988-02-29"),
        ('"Name: DOE, SAMPLE A; Date of Birth: 02/29/1988"', "P-DOE,SAMPLE A/1988-02-29"),
        ("looked at the usual place", None),
        ("", None),
    ],
)
def test_details_name_the_subject_or_nobody(
    tmp_path: Path, details: str, wanted: str | None
) -> None:
    """Prefixes and labels are understood, free words are not guessed at."""
    row = f"2026-03-14 02:11:09,Vehicle Query,192.0.2.14,CA0990100,T4471,{details}\n"
    assert column(read(tmp_path, CLIENT + row), "subject_id") == [wanted]
