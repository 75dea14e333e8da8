"""A night from files to findings, through the command line alone."""

from __future__ import annotations

import gzip
import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from shutil import copytree

from tests.desk_fabric import PASSWORD
from tests.e2e.conftest import City, auditwatch, export

FIELDS = [
    "finding_id", "kind", "rule_id", "severity", "priority", "night", "operator_ids",
    "subject_ids", "event_ids", "first_seen", "last_seen", "title", "reasons",
    "counter_evidence", "rules_version", "model_id", "status",
]  # fmt: skip


def test_an_export_has_a_line_a_finding_in_priority_order(scanned: Path) -> None:
    """Every line has the documented fields; the most pressing comes first."""
    lines = [json.loads(line) for line in export(scanned).splitlines()]
    assert lines
    assert all(set(FIELDS) <= set(line) for line in lines)
    priorities = [line["priority"] for line in lines]
    assert priorities == sorted(priorities, reverse=True)
    assert len({line["finding_id"] for line in lines}) == len(lines)
    assert all(line["reasons"] and line["title"] and line["event_ids"] for line in lines)


def test_a_week_has_what_is_pressing_and_a_tenth_by_lot(scanned: Path) -> None:
    """Eighteen of twenty are the top of the queue, two are drawn from all others."""
    told = auditwatch("-w", scanned, "findings", "week", "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    asking = [one for one in map(json.loads, export(scanned).splitlines()) if one["kind"] != "gap"]
    names = [one["finding_id"] for one in found["read"]]
    assert names[:18] == [one["finding_id"] for one in asking[:18]]
    assert [one["why"] for one in found["read"]] == ["pressing"] * 18 + ["by lot"] * 2
    assert found["drawn_so_far"]["decided"] == 0
    plain = auditwatch("-w", scanned, "findings", "week")
    assert len(plain.out.splitlines()) == 21
    assert "of those whose lot came up none is decided yet" in plain.err


def test_the_same_scan_again_changes_no_byte(city: City, scanned: Path) -> None:
    """A repeated night says so and leaves every finding as it was."""
    before = export(scanned)
    told = auditwatch("-w", scanned, "scan", city.trail, *city.context)
    assert told.code == 0
    assert "nothing changed" in told.out
    assert "read before" in told.err
    assert export(scanned) == before


def test_nights_scanned_one_by_one_give_what_one_scan_gives(
    city: City, scanned: Path, tmp_path: Path
) -> None:
    """No lookup is judged by its future: delivery in pieces, even late ones, changes nothing."""
    header, *lines = city.trail.read_text().splitlines(keepends=True)
    nights = sorted({_local_day(line) for line in lines})
    early, late = nights[len(nights) // 3], nights[2 * len(nights) // 3]
    pieces = [
        [line for line in lines if _local_day(line) < early],
        [line for line in lines if _local_day(line) >= late],
        [line for line in lines if early <= _local_day(line) < late],
    ]
    workspace = tmp_path / "w"
    auditwatch("init", workspace)
    for number, piece in enumerate(pieces):
        path = tmp_path / f"{number}.csv.gz"
        path.write_bytes(gzip.compress((header + "".join(piece)).encode(), mtime=0))
        assert auditwatch("-w", workspace, "scan", path, *city.context).code == 0
    assert export(workspace) == export(scanned)


def _local_day(line: str) -> str:
    """Return the local date of a trail's line."""
    return line.split(",")[1].strip('"')[:10]


def test_the_three_containers_of_one_trail_give_equal_findings(
    city: City, scanned: Path, tmp_path: Path
) -> None:
    """CSV, JSON lines and Parquet are the same trail."""
    for form in ("jsonl", "parquet"):
        folder = tmp_path / form
        auditwatch("sample", folder, "--seed", 11, "--operators", 40, "--days", 8, "--format", form)
        workspace = tmp_path / f"w-{form}"
        auditwatch("init", workspace)
        told = auditwatch("-w", workspace, "scan", folder / f"trail.{form}", *city.context)
        assert told.code == 0, told.err
        assert export(workspace) == export(scanned)


def test_an_export_masks_identities_until_asked_with_a_reason(city: City, scanned: Path) -> None:
    """Operators and subjects appear only after a reveal, which needs a reason and is journaled."""
    roster = (city.folder / "roster.csv").read_text().splitlines()[1:]
    operators = [line.split(",")[0].strip('"') for line in roster]
    masked = export(scanned)
    assert not [name for name in operators if re.search(rf"\b{re.escape(name)}\b", masked)]
    refused = auditwatch("-w", scanned, "findings", "export", "--format", "jsonl", "--reveal")
    assert refused.code == 2
    shown = auditwatch(
        "-w", scanned, "findings", "export", "--format", "jsonl", "--reveal", "--reason", "IA 12"
    )
    assert any(name in shown.out for name in operators)


def reviewing(workspace: Path) -> tuple[str, ...]:
    """Make accounts for two people; return how the first one reviews."""
    review = ("-w", str(workspace), "review", "--password-stdin", "--as")
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    add = ("user", "add")
    auditwatch(
        *review, "ada", *add, "ada", "--role", "administrator", "--no-operator", typed=PASSWORD
    )
    for name in ("rita", "lena"):
        made = auditwatch(
            *review, "ada", *add, name, "--role", "lead", "--no-operator", typed=twice
        )
        assert made.code == 0, made.err
    return (*review, "rita")


def test_a_finding_can_be_shown_decided_and_taken_back(scanned: Path, tmp_path: Path) -> None:
    """A decision needs a note, moves the finding out of the open queue, and can be reopened."""
    workspace = copytree(scanned, tmp_path / "w")
    listed = auditwatch("-w", workspace, "findings", "list", "--json")
    first = json.loads(listed.out)[0]["finding_id"]
    shown = auditwatch("-w", workspace, "findings", "show", first)
    assert first in shown.out
    decide = reviewing(workspace)
    assert auditwatch(*decide, "decide", first, "cleared_explained", typed=PASSWORD).code == 2
    outcome = ("decide", first, "withdrawn_rule_error", "--quality", "wrong_hit")
    told = auditwatch(*decide, *outcome, "--note", "tried on a task order", typed=PASSWORD)
    assert told.code == 0, told.err
    approve = ("approve", first, "--note", "read it, and I agree")
    auditwatch(*(part if part != "rita" else "lena" for part in decide), *approve, typed=PASSWORD)
    still = json.loads(auditwatch("-w", workspace, "findings", "list", "--json").out)
    assert first not in [finding["finding_id"] for finding in still]
    again = ("act", first, "reopen", "--note", "it was the wrong one")
    assert auditwatch(*decide, *again, typed=PASSWORD).code == 0
    again = json.loads(auditwatch("-w", workspace, "findings", "list", "--json").out)
    assert again[0]["finding_id"] == first


def test_verify_says_what_is_sound_and_finds_a_changed_decision(
    scanned: Path, tmp_path: Path
) -> None:
    """The chain and the accounts are recomputed; an edited entry ends with 5."""
    workspace = copytree(scanned, tmp_path / "w")
    first = json.loads(auditwatch("-w", workspace, "findings", "list", "--json").out)[0]
    name = first["finding_id"]
    decide = reviewing(workspace)
    outcome = ("decide", name, "withdrawn_rule_error", "--quality", "wrong_hit")
    auditwatch(*decide, *outcome, "--note", "tried on a task order", typed=PASSWORD)
    approve = ("approve", name, "--note", "read it, and I agree")
    auditwatch(*(part if part != "rita" else "lena" for part in decide), *approve, typed=PASSWORD)
    told = auditwatch("-w", workspace, "verify")
    assert (told.code, "BROKEN" in told.out, "trail.csv" in told.out) == (0, False, True)
    with sqlite3.connect(workspace / "findings.db") as store:
        store.execute("UPDATE reviews SET disposition = 'cleared_authorised'")
    assert auditwatch("-w", workspace, "verify").code == 5
    with sqlite3.connect(workspace / "findings.db") as store:
        store.execute("UPDATE reviews SET disposition = 'withdrawn_rule_error'")
    assert auditwatch("-w", workspace, "verify").code == 0
    with sqlite3.connect(workspace / "findings.db") as store:
        changed = store.execute(
            "UPDATE journal SET detail = replace(detail, 'task', 'tusk')"
        ).rowcount
    store.close()
    assert changed > 0
    told = auditwatch("-w", workspace, "verify")
    assert (told.code, "BROKEN" in told.out) == (5, True)


def test_rules_are_tried_on_their_samples(tmp_path: Path) -> None:
    """The shipped samples hold; a wrong expectation is named with its place and ends with 1."""
    workspace = tmp_path / "w"
    auditwatch("init", workspace)
    told = auditwatch("-w", workspace, "rules", "test")
    assert (told.code, told.out.endswith(" 0 failed\n")) == (0, True)
    path = workspace / "rules" / "detections" / "self-lookup.yml"
    path.write_text(path.read_text().replace("fires: true", "fires: false", 1))
    told = auditwatch("-w", workspace, "rules", "test")
    assert (told.code, "self-lookup.yml:" in told.out) == (1, True)


def test_a_timer_need_not_repeat_the_roster(city: City, scanned: Path) -> None:
    """Context that was given once stays in use: a scan without it judges nothing again."""
    told = auditwatch("-w", scanned, "scan")
    assert told.code == 0
    assert "nothing changed" in told.out
    assert "roster, cases" in told.err
    assert city.folder.exists()


def test_output_that_nobody_reads_is_no_failure(scanned: Path) -> None:
    """A pipe that closes early ends with 0; a full disk is said and ends with 3."""
    command = [sys.executable, "-m", "auditwatch", "-w", str(scanned), "findings", "export"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    full = Path("/dev/full")
    if full.exists():
        with full.open("wb") as sink:
            done = subprocess.run(command, stdout=sink, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 3
        assert b"No space left" in done.stderr


def test_an_unknown_finding_is_a_clear_error(scanned: Path) -> None:
    """A wrong id gets a message and code 2."""
    told = auditwatch("-w", scanned, "findings", "show", "F-NOSUCHTHING")
    assert (told.code, "F-NOSUCHTHING" in told.err) == (2, True)


def test_ingest_prints_an_account_that_adds_up(city: City, tmp_path: Path) -> None:
    """For every source, lines = accepted + rejected + blank + header + duplicate."""
    auditwatch("init", tmp_path / "w")
    told = auditwatch("-w", tmp_path / "w", "ingest", city.trail, "--json")
    (source,) = json.loads(told.out)["sources"]
    parts = ("accepted", "rejected", "blank", "header", "duplicate")
    assert source["lines"] == sum(source[part] for part in parts)
    assert source["lines"] == len(city.trail.read_bytes().splitlines())
    assert source["lookups"] <= source["accepted"]


def test_a_pgaudit_log_yields_findings_in_all_three_containers(
    realdata: Path, tmp_path: Path
) -> None:
    """A real database log goes through reading, rules and scoring without roster or cases."""
    exports = []
    for name in ("pg.log", "pg.csv", "pg.json"):
        workspace = tmp_path / name
        auditwatch("init", workspace)
        told = auditwatch("-w", workspace, "scan", realdata / "pgaudit_generated" / name, "--json")
        assert told.code == 0, told.err
        exports.append(export(workspace))
    assert exports[0] == exports[1] == exports[2]
    assert exports[0]


def test_a_threshold_turns_findings_into_exit_code_1(city: City, tmp_path: Path) -> None:
    """--fail-on speaks of new and grown findings only: the repeat is quiet."""
    auditwatch("init", tmp_path / "w")
    scan = ("-w", tmp_path / "w", "scan", city.trail, *city.context, "--fail-on", "low")
    assert auditwatch(*scan).code == 1
    assert auditwatch(*scan).code == 0


def test_a_trail_in_parts_gives_the_same_findings(
    city: City, scanned: Path, tmp_path: Path
) -> None:
    """Cut in the middle of a night, zipped, overlapping, and the later part first."""
    header, *rows = city.trail.read_bytes().splitlines(keepends=True)
    middle = len(rows) // 2
    parts = [tmp_path / "later.csv.gz", tmp_path / "earlier.csv"]
    parts[0].write_bytes(gzip.compress(header + b"".join(rows[middle:]), mtime=0))
    parts[1].write_bytes(header + b"".join(rows[: middle + 50]))
    auditwatch("init", tmp_path / "w")
    told = auditwatch("-w", tmp_path / "w", "scan", *parts, *city.context)
    assert told.code == 0, told.err
    assert export(tmp_path / "w") == export(scanned)


def test_an_interrupted_scan_says_so_and_the_next_one_finishes_it(
    city: City, scanned: Path, tmp_path: Path
) -> None:
    """ctrl-C ends with 130 and one message; the same command then gives the same findings."""
    workspace = tmp_path / "w"
    auditwatch("init", workspace)
    scan = ["-w", str(workspace), "scan", str(city.trail), *map(str, city.context)]
    process = subprocess.Popen(
        [sys.executable, "-m", "auditwatch", *scan], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while not (workspace / "lake" / "sources").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().strip().count("\n") == 0
    assert "interrupted" in said.decode()
    assert auditwatch(*scan).code == 0
    assert export(workspace) == export(scanned)


def test_a_second_scan_beside_the_first_is_told_to_wait(city: City, tmp_path: Path) -> None:
    """The second ends with 75 and names the first; the first is not disturbed."""
    workspace, trail = tmp_path / "w", tmp_path / "trail.csv"
    auditwatch("init", workspace)
    trail.write_text("".join(city.trail.read_text().splitlines(keepends=True)[:99]))
    scan = ["-w", str(workspace), "scan", str(trail), *map(str, city.context)]
    first = subprocess.Popen(
        [sys.executable, "-m", "auditwatch", *scan], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while not (workspace / ".lock").exists():
        assert first.poll() is None
        time.sleep(0.01)
    told = auditwatch(*scan)
    assert (told.code, str(first.pid) in told.err) == (75, True)
    first.communicate(timeout=250)
    assert first.returncode == 0


def test_help_leaves_heavy_libraries_alone() -> None:
    """--help answers at once: no column store, engine or statistics library is imported."""
    code = (
        "import sys\nfrom auditwatch.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pyarrow', 'numpy', 'duckdb', 'ibis', 'sklearn', 'sigma', 'sqlalchemy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_rules_are_looked_over_without_pandas(repository: Path) -> None:
    """It takes longer to import than the pack to look over; who makes a frame later still can."""
    code = (
        "import sys\nimport pyarrow as pa\nfrom auditwatch.cli import main\n"
        f"try:\n    main(['rules', 'lint', {str(repository / 'rules')!r}])\n"
        "except SystemExit as stop:\n    print('ENDED', stop.code)\n"
        "print('PANDAS', 'pandas' in sys.modules)\n"
        "print(pa.table({'a': [1, 2]}).to_pandas()['a'].sum())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-3:] == ["ENDED 0", "PANDAS False", "3"]
