"""One search in several files: each adds what it knows, in whatever order they come."""

from __future__ import annotations

import random
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from auditwatch.config import find_workspace, make_workspace
from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.engine.lake import Lake
from auditwatch.findings.store import Store
from auditwatch.ingest import Followers, read_followers, read_source, storing
from auditwatch.ingest.completing import complete
from auditwatch.ingest.storing import store_source
from auditwatch.night import Request, run_scan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditwatch.config import Workspace

STAMP = '"03/14/2026, {:02d}:13:55 AM UTC"'
#: What anybody who shares cameras sees: neither who searched nor for what.
NETWORK = "ID,Org Name,Total Networks Searched,Time Frame,Reason,Search Time"
#: What the organisation itself sees.
OWN = "ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Search Time"


def network(numbers: Sequence[int]) -> str:
    """Return a network audit of some searches."""
    rows = [f"S{n},Example PD,6,x,stolen,{STAMP.format(n)}" for n in numbers]
    return "\n".join([NETWORK, *rows, ""])


def own(numbers: Sequence[int]) -> str:
    """Return an organisation audit of some searches."""
    rows = [
        f"S{n},S. Sam,Example PD,6,x,9ZZ{n:03d},stolen veh,26-0{n},{STAMP.format(n)}"
        for n in numbers
    ]
    return "\n".join([OWN, *rows, ""])


def new_place(folder: Path) -> Workspace:
    """Make a workspace."""
    return find_workspace(make_workspace(folder), folder)


def scanned(
    folder: Path, deliveries: Sequence[Sequence[Path]]
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Scan deliveries one after the other in a new workspace; return its lookups and findings."""
    place = new_place(folder)
    for files in deliveries:
        run_scan(place, Request(files=tuple(files), format_name="flock-audit"), lambda *_: None)
    with Store(place.database) as store:
        found = [(one.finding_id, one.title, one.reasons) for one in store.findings()]
    rows = Lake(place.lake).read(LOOKUPS).to_pylist()
    return sorted(rows, key=lambda row: row["event_id"]), sorted(found)


def test_the_fuller_audit_completes_the_poorer_one(tmp_path: Path) -> None:
    """Whichever is read first: the same lookups with operator and plate, the same findings."""
    files = [tmp_path / "network.csv", tmp_path / "own.csv"]
    files[0].write_text(network(range(1, 7)))
    files[1].write_text(own(range(3, 9)))
    rows, findings = scanned(tmp_path / "a", [files[:1], files[1:]])
    assert scanned(tmp_path / "b", [files[::-1]]) == (rows, findings)
    told = {row["event_id"]: (row["operator_id"], row["subject_id"], row["reason"]) for row in rows}
    assert len(told) == 8
    assert told["S1"] == ("Example PD", None, "stolen")
    assert all(
        told[f"S{n}"] == ("S. Sam (Example PD)", f"V-9ZZ{n:03d}", "stolen veh") for n in (3, 6, 8)
    )
    assert findings


def test_two_audits_in_one_file_are_one_too(tmp_path: Path) -> None:
    """Stacked in one file, what the poorer part lacks comes from the other."""
    for name, text in (("a", network([1, 2]) + own([2])), ("b", own([2]) + network([1, 2]))):
        path = tmp_path / f"{name}.csv"
        path.write_text(text)
        place = new_place(tmp_path / name)
        read = read_source(path, place.settings, rules=place.rules, format_name="flock-audit")
        rows = {row["event_id"]: row for row in read.lookups.to_pylist()}
        assert sorted(rows) == ["S1", "S2"]
        assert (rows["S2"]["operator_id"], rows["S2"]["case_id"]) == (
            "S. Sam (Example PD)",
            "26-02",
        )


def stored(folder: Path, files: Sequence[str]) -> list[dict[str, Any]]:
    """Store texts one after the other; return what the lake says of each record."""
    place = new_place(folder)
    lake = Lake(place.lake)
    followers = Followers(read_followers(place.rules), 90)
    for number, text in enumerate(files):
        path = folder / f"{number}.csv"
        path.write_text(text)
        store_source(read_source(path, place.settings, rules=place.rules), lake, followers)
    rows = lake.read(LOOKUPS).to_pylist()
    return sorted(rows, key=lambda row: str(row["event_id"]))


CELLS = ("", "", "a", "b", "cc", "***", "n/a")
FIELDS = ("operator_id", "reason", "case_id", "subject_id", "origin")
PLACE = ("source_id", "line", "byte_start", "byte_end")


def canonical(columns: set[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a file with some of the columns."""
    names = [name for name in FIELDS if name in columns | {"operator_id"}]
    lines = [f"event_id,event_time,system,transaction,{','.join(names)}"]
    for number, row in enumerate(rows):
        values = dict(zip(FIELDS, row, strict=True))
        values["operator_id"] = values["operator_id"].replace("n/a", "") or "T1"
        values["origin"] = "batch" if values["origin"] == "a" else ""
        told = ",".join(values[name] for name in names)
        lines.append(f"E{number},2026-03-14T20:00:0{number}Z,NLETS,RQ,{told}")
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("seed", range(10))
def test_any_copies_in_any_order_are_the_same_records(tmp_path: Path, seed: int) -> None:
    """Fields, masks, blanks, columns left out: the lake does not tell which file came first."""
    draw = random.Random(seed)
    texts = [
        canonical(
            set(draw.sample(FIELDS[1:], draw.randint(0, 4))),
            [tuple(draw.choices(CELLS, k=5)) for _ in range(draw.randint(0, 4))],
        )
        for _ in range(3 if seed < 2 else 2)
    ]
    found = [stored(tmp_path / str(n), order) for n, order in enumerate(permutations(texts))]
    for row in (row for rows in found for row in rows):
        for name in PLACE:  # of two files that tell the same fields the first stays
            row.pop(name)
    for one in found[1:]:
        assert one == found[0]


def test_copies_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    """One id and time, another operator and case: a finding of its night, in either order alike."""
    names = {"operator_id", "reason", "case_id"}
    texts = {
        "a.csv": canonical(names, [("T1", "stop", "26-1", "", ""), ("T1", "stop", "26-1", "", "")]),
        "b.csv": canonical(
            names, [("T2", "stop", "26-9", "", ""), ("T1", "traffic stop", "", "", "")]
        ),
    }
    files = [tmp_path / name for name in texts]
    for path in files:
        path.write_text(texts[path.name])
    told = []
    for number, order in enumerate((files, files[::-1])):
        place = new_place(tmp_path / str(number))
        accounts = run_scan(place, Request(files=tuple(order)), lambda *_: None).accounts
        assert [one.get("contradicting", 0) for one in accounts] == [0, 1]
        with Store(place.database) as store:
            found = [one for one in store.findings() if "contradict" in one.title]
        told.append([(one.finding_id, one.reasons) for one in found])
    assert told[0] == told[1]
    ((_, reasons),) = told[0]
    says = "1 record of 2026-03-14 is told twice and its copies contradict each other in a.csv and "
    assert says + "b.csv: operator_id in 1, case_id in 1" in str(reasons)


def test_a_file_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    """The record is kept once; that its two lines differ is a gap of the file."""
    text = canonical({"operator_id", "reason"}, [("T1", "stop", "", "", "")])
    path = tmp_path / "a.csv"
    path.write_text(text + text.splitlines()[1].replace("stop", "theft") + "\n")
    place = new_place(tmp_path / "w")
    found = read_source(path, place.settings, rules=place.rules)
    (gap,) = found.gaps.to_pylist()
    assert (gap["kind"], gap["night"]) == ("contradicting_copies", "2026-03-14")
    assert "contradict each other in a.csv: reason in 1;" in gap["detail"]


def test_what_a_stopped_run_left_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the fuller file counts as read, before its knowledge is in the lake."""
    poor = "event_id,event_time,operator_id,system\nE1,2026-03-14T20:00:00Z,T1,NLETS\n"
    rich = poor.replace("system\n", "system,reason\n").replace("NLETS\n", "NLETS,stop\n")
    with monkeypatch.context() as patch:
        patch.setattr(storing, "complete", lambda *_: None)
        rows = stored(tmp_path / "w", [poor, rich])
    assert [row["reason"] for row in rows] == [None]
    place = find_workspace(tmp_path / "w", tmp_path / "w")
    lake = Lake(place.lake)
    for _ in range(2):
        complete(lake, Followers(read_followers(place.rules), 90))
        assert lake.read(LOOKUPS)["reason"].to_pylist() == ["stop"]
    assert sum(row["duplicate"] for row in lake.read(SOURCES).to_pylist()) == 1
