"""Plate-reader audits and event logs: header eras, stacked tables, masks, shifted columns."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import auditwatch

from auditwatch.config import Agency, Settings
from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.redaction import ABSENT, is_mask
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.sniff import choose_format
from auditwatch.ingest.stream import Stream

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(agency=Agency(name="Example CA PD"))
ELEVEN = "ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Filters"
ELEVEN += ",Search Time,Search Type\n"
SEARCH = {
    "ID": "11111111-2222-4333-8444-555555555501",
    "Name": "S. Sam",
    "Org Name": "Example CA PD",
    "Total Networks Searched": "631",
    "Total Devices Searched": "0",
    "Time Frame": "03/07/2026, 02:00:00 AM UTC\n03/14/2026, 02:00:00 AM UTC",
    "License Plate": "9ZZZ999",
    "Reason": "stolen veh",
    "Case #": "26-00417",
    "Filters": "california",
    "Search Time": "03/14/2026, 09:13:55 AM UTC",
    "Search Type": "lookup - Mobile",
    "Text Prompt": "",
    "Moderation": "",
}


def table(header: str, *rows: dict[str, str]) -> str:
    """Return rows as CSV under a header; a cell that a row does not name is the usual one."""
    names = next(csv.reader([header]))
    lines = [header.rstrip("\n")]
    for row in rows:
        cells = ({**SEARCH, **row}.get(name.strip(), "") for name in names)
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Return a reader of text as one file."""

    def reader(text: str, **how: Any) -> SourceRead:
        path = tmp_path / "audit.csv"
        path.write_bytes(text.encode())
        return read_source(path, SETTINGS, rules=ROOT / "rules", **how)

    return reader


def one(found: SourceRead) -> dict[str, Any]:
    """Return the only lookup of a read."""
    (row,) = found.lookups.to_pylist()
    return dict(row)


def codes(found: SourceRead) -> dict[int, str]:
    """Return reason codes by line."""
    return {row["line"]: row["reason_code"] for row in found.rejects.to_pylist()}


def gaps(found: SourceRead) -> dict[str, str]:
    """Return sentences of gaps by kind."""
    return {row["kind"]: row["detail"] for row in found.gaps.to_pylist()}


def states(found: SourceRead) -> dict[str, str]:
    """Return which fields the source exports."""
    return dict(json.loads(found.source["field_states"][0].as_py()))


@pytest.mark.parametrize(
    "header",
    [
        ELEVEN,
        ELEVEN.rstrip() + ",Text Prompt,Moderation\n",
        (
            "ID,Name,Org Name,Total Networks Searched,Total Devices Searched,Time Frame,"
            "License Plate,Reason,Case #,Filters,Search Time,Search Type,Text Prompt,Moderation\n"
        ),
        "Search Time,REASON,license plate,Case Number,id,time_frame,NAME,org_name,Search Type\n",
        (
            "\ufeff ID , Name , Organization Name ,Networks Searched,License Plate,Reason,Case #,"
            "Search Time,Search Type\n"
        ),
    ],
)
def test_columns_are_found_by_name_in_every_era(read: Any, header: str) -> None:
    """Order, case, spaces and a byte order mark of the header change nothing."""
    names = {"case number": "26-00417", "license plate": "9ZZZ999", "REASON": "stolen veh"}
    names |= {"id": SEARCH["ID"], "NAME": "S. Sam", "org_name": "Example CA PD"}
    names |= {"Case Number": "26-00417", "Organization Name": "Example CA PD"}
    row = one(read(table(header, {**names, "\ufeff ID": SEARCH["ID"]})))
    assert row["event_time"].isoformat() == "2026-03-14T09:13:55+00:00"
    assert (row["event_id"], row["operator_id"]) == (SEARCH["ID"], "S. Sam")
    assert (row["subject_id"], row["reason"], row["case_id"]) == (
        "V-9ZZZ999",
        "stolen veh",
        "26-00417",
    )
    assert (row["system"], row["transaction"]) == ("ALPR", "PLATE.LOOKUP")


@pytest.mark.parametrize(
    ("day", "time", "instant"),
    [
        ("03/14/2026", "09:13:55 AM UTC", "2026-03-14T09:13:55+00:00"),
        ("3/14/2026", "9:13:55 AM", "2026-03-14T16:13:55+00:00"),
        ("2026-03-14", "09:13:55 UTC", "2026-03-14T09:13:55+00:00"),
        ("03/14/2026", "03/14/2026, 09:13:55 AM UTC", "2026-03-14T09:13:55+00:00"),
    ],
)
def test_date_and_time_may_stand_apart(read: Any, day: str, time: str, instant: str) -> None:
    """Two columns are one instant; without UTC it is the agency's own clock."""
    header = ELEVEN.replace("Search Time", "Search Date,Search Time")
    row = one(read(table(header, {"Search Date": day, "Search Time": time})))
    assert row["event_time"].isoformat() == instant


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("03/14/2026, 12:00:01 AM UTC", "2026-03-14T00:00:01+00:00"),
        ("03/14/2026, 12:00:01 PM UTC", "2026-03-14T12:00:01+00:00"),
        ("3/4/2026, 1:02:03\u202fPM UTC", "2026-03-04T13:02:03+00:00"),
        ("3/14/2026 21:13", "2026-03-15T04:13:00+00:00"),
        ("03/14/2026, 02:13:55 AM PDT", "2026-03-14T09:13:55+00:00"),
        ("2026-03-14T09:13:55.120Z", "2026-03-14T09:13:55.120000+00:00"),
        ("46095.25", "2026-03-14T13:00:00+00:00"),
    ],
)
def test_search_times_are_read_as_written(read: Any, written: str, instant: str) -> None:
    """Midnight, noon, browser spaces, hand-saved forms and day numbers lead to the instant."""
    row = one(read(table(ELEVEN, {"Search Time": written})))
    assert row["event_time"].isoformat() == instant


@pytest.mark.parametrize(
    "written", ["14/03/2026, 09:13:55 AM UTC", "03/14/2026, 13:00:00 PM UTC", "03/14/26 9:13", "x"]
)
def test_what_is_no_search_time_is_refused(read: Any, written: str) -> None:
    """Day before month, an hour that no clock shows, two digits of a year: never guessed."""
    found = read(table(ELEVEN, {"Search Time": written}, {}))
    assert codes(found) == {2: "bad_time"}
    assert found.lookups.num_rows == 1


def test_every_portal_header_is_read(read: Any, realdata: Path) -> None:
    """Each header that published portal files carry, and the printed one, is claimed and read."""
    with (realdata / "flock_portal_aggregates" / "header_variants.csv").open() as file:
        headers = [row["columns"].replace("|", ",") for row in csv.DictReader(file)]
    assert len(headers) == 7
    values = {
        "id": SEARCH["ID"],
        "userId": "AAAAAAAA-0000-4000-8000-000000000001",
        "searchDate": "2026-03-14T09:13:55.000Z",
        "networkCount": "631",
        "reason": "10851",
        "caseNumber": "26-00417",
        "offenseType": "Motor Vehicle Theft/Stolen",
    }
    for header in headers:
        found = read(table(header, values))
        row = one(found)
        assert found.source["format"][0].as_py() == "flock-audit"
        assert row["operator_id"] == values["userId"]
        assert row["transaction"] == "PLATE"
        assert (row["case_id"] is not None) == ("caseNumber" in header)
        assert states(found)["subject_id"] == "not_exported"
        told = "reason" in header or "offenseType" in header
        assert (states(found)["reason"] != "not_exported") == told


@pytest.mark.parametrize(
    ("typed", "chosen", "reason"),
    [
        ("26-00417", "Immigration (civil/administrative)", True),
        ("", "Robbery", "Robbery"),
        ("bolo", "Other", "bolo"),
        ("bolo", "", "bolo"),
        (" . ", "", " . "),
    ],
)
def test_reason_and_offense_are_both_kept(
    read: Any, typed: str, chosen: str, reason: str | bool
) -> None:
    """What was typed stays as written, and no chosen offence hides behind it."""
    header = ELEVEN.rstrip() + ",Offense Type\n"
    row = one(read(table(header, {"Reason": typed, "Offense Type": chosen})))
    assert row["reason"] == (f"{typed}; {chosen}" if reason is True else reason)


@pytest.mark.parametrize(
    ("plate", "key"),
    [
        ("9zzz 999", "V-9ZZZ999"),
        ("1QQ*", "V-1QQ*"),
        ("***", None),
        ("REDACTED", None),
        ("[REDACTED]", None),
        ("* * *", None),
        ("###", None),
        (".", None),
        ("n/a", None),
        ("test", None),
        ("F.S. 119.071", None),
        ("ABC123, XYZ999", None),
        ("", None),
    ],
)
def test_only_one_plate_is_a_subject(read: Any, plate: str, key: str | None) -> None:
    """Masks, placeholders, statute numbers and lists of plates are no subject, and are counted."""
    found = read(table(ELEVEN, {"License Plate": plate}))
    assert one(found)["subject_id"] == key
    assert states(found)["subject_id"] != "not_exported"
    assert ("unread_plates" in gaps(found)) == (key is None and plate != "" and not is_mask(plate))
    assert ("masked_values" in gaps(found)) == is_mask(plate)


@pytest.mark.parametrize(
    ("kind", "transaction", "origin"),
    [
        ("search", "PLATE.SEARCH", "manual"),
        ("Lookup - Mobile", "PLATE.LOOKUP", "manual"),
        ("multiGeo", "PLATE.MULTIGEO", "manual"),
        ("", "PLATE", "manual"),
        ("apiLookup", "PLATE.APILOOKUP", "batch"),
        ("apiV1", "PLATE.APIV1", "batch"),
        ("hotlist", "PLATE.HOTLIST", "hotlist"),
    ],
)
def test_a_search_type_is_a_transaction(
    read: Any, kind: str, transaction: str, origin: str
) -> None:
    """What was asked is told apart, and what another program asked is no person's lookup."""
    row = one(read(table(ELEVEN, {"Search Type": kind})))
    assert (row["transaction"], row["origin"]) == (transaction, origin)


def test_a_blocked_search_was_denied(read: Any) -> None:
    """Moderation that blocks is a denied outcome; a warning is none."""
    header = ELEVEN.rstrip() + ",Moderation\n"
    rows = [{"ID": str(n), "Moderation": word} for n, word in enumerate(["allow", "warn", "Block"])]
    found = read(table(header, *rows))
    assert found.lookups["outcome"].to_pylist() == [None, None, "denied"]


def test_people_of_other_organisations_are_not_mixed_up(read: Any) -> None:
    """One label in two organisations is two operators; own people keep the roster's name."""
    rows = [
        {"ID": "1"},
        {"ID": "2", "Org Name": "Sampletown CA PD"},
        {"ID": "3", "Org Name": "Sampletown CA PD", "Name": "***"},
        {"ID": "4", "Name": ""},
    ]
    found = read(table(ELEVEN, *rows))
    assert found.lookups["operator_id"].to_pylist() == [
        "S. Sam",
        "S. Sam (Sampletown CA PD)",
        "Sampletown CA PD",
        "Example CA PD",
    ]
    assert gaps(found)["other_organisations"].startswith("2 of 4 ")
    assert gaps(found)["unnamed_operators"].startswith("2 of 4 ")


def test_an_audit_without_names_and_plates_does_not_export_them(read: Any) -> None:
    """Since December 2025 network audits lack these columns: not exported, which is not empty."""
    header = "ID,Org Name,Total Networks Searched,Time Frame,Reason,Case #,Search Time\n"
    found = read(table(header, {}))
    assert one(found)["operator_id"] == "Example CA PD"
    missing = ("operator_id", "subject_id", "outcome")
    assert [states(found)[name] for name in missing] == ["not_exported"] * 3
    assert states(found)["reason"] != "not_exported"


def test_a_second_table_has_columns_of_its_own(read: Any) -> None:
    """A header with other columns counts from there on, and what only one table has is told."""
    other = "Reason,Search Time,Total Networks Searched,ID,Org Name,Name\n"
    found = read(table(ELEVEN, {}) + table(other, {"ID": "2", "Reason": "bolo"}))
    assert found.lookups["reason"].to_pylist() == ["stolen veh", "bolo"]
    assert found.lookups["subject_id"].to_pylist() == ["V-9ZZZ999", None]
    assert found.source["header"][0].as_py() == 2
    subjects: Any = states(found)["subject_id"]
    assert (subjects["value"], subjects["not_exported"]) == (1, 1)
    assert found.lookups["case_id"].to_pylist() == ["26-00417", ABSENT]
    assert states(found)["terminal"] == "not_exported"
    assert "without Case #, Filters, License Plate" in gaps(found)["header_changed"]


def test_each_record_is_judged_by_the_columns_of_its_own_table(tmp_path: Path) -> None:
    """Two exports in one file: where plates and people stand they count, elsewhere nobody knows."""
    silent = "ID,Org Name,Total Networks Searched,Time Frame,Search Time\n"
    alone = ({"ID": f"o{n}", "Reason": "x"} for n in range(2))
    path, workspace = tmp_path / "audit.csv", tmp_path / "w"
    path.write_text(table(silent, {"ID": "n1"}, {"ID": "n2"}) + table(ELEVEN, *alone))
    found = read_source(path, SETTINGS, rules=ROOT / "rules")
    assert found.lookups["operator_id"].to_pylist() == [ABSENT, ABSENT, "S. Sam", "S. Sam"]
    assert found.lookups["reason"].to_pylist() == [ABSENT, ABSENT, "x", "x"]
    assert auditwatch("init", workspace).code == 0
    told = auditwatch("-w", workspace, "ingest", path).err
    assert "operator_id is not exported for 2 of 4 records" in told, told


def test_a_repeated_header_is_no_record_and_no_gap(read: Any) -> None:
    """The same header again, with a byte order mark or without, changes nothing."""
    again = table(ELEVEN, {"ID": "2"})
    found = read(table(ELEVEN, {}) + "\ufeff" + again + again.upper().replace("UTC", "UTC"))
    assert found.source["header"][0].as_py() == 3
    assert "header_changed" not in gaps(found)
    assert found.rejects.num_rows == 0


def test_titles_are_headers_and_records_without_one_are_refused(read: Any) -> None:
    """Lines with few values above a header are titles; a record there says nothing for sure."""
    headless = table(ELEVEN, {}).split("\n", 1)[1]
    found = read("Network Audit,March 2026,,,,\n\n" + headless + table(ELEVEN, {"ID": "2"}))
    assert codes(found) == {3: "no_header", 4: "no_header"}
    assert found.source.select(["header", "blank", "accepted"]).to_pylist() == [
        {"header": 2, "blank": 1, "accepted": 2}
    ]


def test_a_header_typed_into_a_reason_re_maps_nothing(read: Any) -> None:
    """Text inside a quoted value is text, even when it reads as a header."""
    forged = "bolo\n" + ELEVEN.replace("Name,Org Name", "Org Name,Name") + "end"
    found = read(table(ELEVEN, {"Reason": forged}, {"ID": "2", "Org Name": "Sampletown CA PD"}))
    assert found.lookups["reason"].to_pylist() == [forged, "stolen veh"]
    assert found.lookups["agency"].to_pylist() == ["Example CA PD", "Sampletown CA PD"]
    assert found.source["header"][0].as_py() == 1


def test_a_stray_quote_before_a_second_header_takes_nothing_with_it(read: Any) -> None:
    """The broken line is refused, the header behind it counts, its neighbours are kept."""
    broken = '9,S. Sam,Example CA PD,1,,9ZZZ999,"stolen,,,x,lookup\n'
    other = "Reason,Search Time,Total Networks Searched,ID,Org Name,Name\n"
    found = read(table(ELEVEN, {}) + broken + table(other, {"ID": "2", "Reason": "bolo"}))
    assert codes(found) == {4: "stray_quote"}
    assert found.lookups["reason"].to_pylist() == ["stolen veh", "bolo"]


@pytest.mark.parametrize(
    "cells",
    [
        {"License Plate": SEARCH["Time Frame"]},
        {"License Plate": "03/07/2026, 02:00:00 AM UTC to 03/14/2026, 02:00:00 AM UTC"},
        {"Total Networks Searched": "Example CA PD"},
        {"Name": "2026-03-14T09:13:55Z"},
        {"Search Type": SEARCH["Search Time"], "Search Time": "california"},
        {"ID": "03/14/2026 09:13:55 AM UTC"},
    ],
)
def test_values_under_the_wrong_header_are_refused(read: Any, cells: dict[str, str]) -> None:
    """A time where a plate should be, or a name where a count should be, is never read as one."""
    found = read(table(ELEVEN, cells, {"ID": "2"}))
    assert list(codes(found).values()) == ["columns_shifted"]
    assert found.lookups["event_id"].to_pylist() == ["2"]


def test_masked_counts_are_no_sign_of_shifted_columns(read: Any) -> None:
    """A count may be empty, masked or written with commas."""
    rows = [
        {"ID": str(n), "Total Networks Searched": count}
        for n, count in enumerate(["", "***", "1,209", " 0 "])
    ]
    assert read(table(ELEVEN, *rows)).lookups.num_rows == 4


def test_one_search_is_one_lookup_whatever_the_case_of_its_id(read: Any) -> None:
    """An id in capitals or braces is the same id."""
    rows = [{"ID": "{" + SEARCH["ID"].upper() + "}"}, {}]
    found = read(table(ELEVEN, *rows))
    assert found.lookups.num_rows == 1
    assert found.source["duplicate"][0].as_py() == 2


def test_a_column_named_twice_and_a_foreign_mapping_are_refused(read: Any, tmp_path: Path) -> None:
    """Two Reason columns cannot both be the reason; this format needs no mapping of columns."""
    with pytest.raises(UsageError) as twice:
        read(table(ELEVEN.replace("Filters", "reason"), {}))
    assert twice.value.code == "AW-INGEST-004"
    mapping = tmp_path / "m.yml"
    mapping.write_text("format: flock-audit\ncolumns: {event_time: Search Time}\n")
    with pytest.raises(InputError) as mapped:
        read(table(ELEVEN, {}), mapping=mapping)
    assert mapped.value.code == "AW-INGEST-012"


def test_a_file_without_any_header_is_refused_by_name(read: Any) -> None:
    """Nothing says what the columns are: code 005, no guess."""
    headless = table(ELEVEN, {}).split("\n", 1)[1]
    with pytest.raises(InputError) as caught:
        read(headless, format_name="flock-audit")
    assert caught.value.code == "AW-INGEST-005"


EVENTS = "Timestamp,User,Event Type,Entity Type,Entity Details,Event Id\n"


@pytest.mark.parametrize(
    ("event", "entity", "details", "lookup"),
    [
        ("create", "Hot List Entry", "License Plate: 9zzz999\nReason: stolen", "HOTLIST.CREATE"),
        ("Updated", "CustomHotlistItem", "Plate: 9ZZZ999", "HOTLIST.UPDATE"),
        ("alert", "Hotlist", "License Plate: 9ZZZ999", "HOTLIST.ALERT"),
        ("create", "Custom Hot List", "Name: night shift", None),
        ("delete", "Hot List Entry", "License Plate: 9ZZZ999", None),
        ("update", "User", "Name: S. Sam\nRole: admin", None),
        ("create", "Camera", "License Plate: 9ZZZ999", None),
    ],
)
def test_a_hot_list_entry_is_a_lookup_and_administration_is_none(
    read: Any, event: str, entity: str, details: str, lookup: str | None
) -> None:
    """Who enters a plate looks for it; lists, users and cameras are nobody's subject."""
    text = f'{EVENTS}2026-03-14T09:00:00Z,s.sam,{event},{entity},"{details}",E1\n'
    found = read(text)
    rows = found.lookups.to_pylist()
    assert [row["transaction"] for row in rows] == ([lookup] if lookup else [])
    lines = details.count("\n") + 1
    assert found.source["header"][0].as_py() == 1 + (0 if lookup else lines)
    for row in rows:
        assert row["subject_id"] == "V-9ZZZ999"
        assert row["origin"] == ("hotlist" if event == "alert" else "manual")


def test_each_sample_is_claimed_by_its_own_format_alone() -> None:
    """No two formats but the general ones claim one of the plate-reader samples."""
    for name, wanted in (
        ("flock_network_audit.csv", "flock-audit"),
        ("flock_organization_audit.xlsx", "flock-audit"),
        ("flock_portal.csv", "flock-audit"),
        ("flock_events.csv", "flock-events"),
        ("canonical.csv", "csv"),
        ("canonical.xlsx", "xlsx"),
        ("plate_reader.csv", "flock-audit"),
    ):
        with Stream(ROOT / "sample_logs" / name) as stream:
            found = choose_format(stream, "auto").NAME
        assert found == wanted


def test_an_agency_without_a_name_mixes_nobody_up(tmp_path: Path) -> None:
    """Until agency.name is set, every operator is written with the organisation."""
    path = tmp_path / "audit.csv"
    path.write_text(table(ELEVEN, {}))
    settings = replace(SETTINGS, agency=Agency(name=""))
    found = read_source(path, settings, rules=ROOT / "rules")
    assert one(found)["operator_id"] == "S. Sam (Example CA PD)"
