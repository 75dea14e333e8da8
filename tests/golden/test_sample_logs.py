"""Every sample log, found by discovery, yields what stands beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditwatch.config import Settings
from auditwatch.ingest import SourceRead, format_names, read_source
from auditwatch.ingest.sheettables import sheet_head
from auditwatch.ingest.sniff import GENERAL, known_formats
from auditwatch.ingest.sources import account_of
from auditwatch.ingest.stream import Stream

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "sample_logs").glob("*.expected.json"))


def _read(expected: Path) -> SourceRead:
    """Read the log that an expectation belongs to."""
    log = expected.with_name(expected.name.removesuffix(".expected.json"))
    mapping = Path(f"{log}.mapping.yml")
    return read_source(
        log, Settings(), rules=ROOT / "rules", mapping=mapping if mapping.exists() else None
    )


def _shown(read: SourceRead) -> dict[str, Any]:
    """Return what a read gives, in the words of the expectations."""
    rows = read.lookups.drop_columns(["source_id"]).to_pylist()
    for row in rows:
        row["event_time"] = row["event_time"].isoformat()
    lookups = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return {
        "account": account_of(read.source, read.staged.reasons),
        "rejects": [[r["line"], r["lines"], r["reason_code"]] for r in read.rejects.to_pylist()],
        "gaps": [[gap["night"], gap["kind"], gap["detail"]] for gap in read.gaps.to_pylist()],
        "cascades": [
            [row["event_id"], row["lookup_id"]]
            for row in lookups
            if row.get("lookup_id") not in {None, row["event_id"]}
        ],
        "lookups": lookups,
    }


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda path: path.name)
def test_a_sample_log_yields_what_stands_beside_it(expected: Path) -> None:
    """A sample gives exactly the account, rejects, gaps, cascades and first lookups expected."""
    wanted = json.loads(expected.read_text("utf-8"))
    found = _shown(_read(expected))
    found["lookups"] = found["lookups"][: len(wanted["lookups"])]
    assert found == wanted


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_claimed_by_its_own_format_alone(expected: Path) -> None:
    """No other format that knows its columns takes a sample for its own."""
    log = expected.with_name(expected.name.removesuffix(".expected.json"))
    if Path(f"{log}.mapping.yml").exists():
        return  # columns that a mapping names belong to no format that knows its own
    wanted = json.loads(expected.read_text("utf-8"))["account"]["format"]
    with Stream(log) as stream:
        head = sheet_head(stream) or stream.head
    claims = {name for name, one in known_formats().items() if one.sniff(head)}
    assert wanted in claims
    assert claims - set(GENERAL) in ({wanted}, set())


def test_every_format_has_a_sample() -> None:
    """No format is without a sample log and its expectation."""
    shown = {json.loads(path.read_text("utf-8"))["account"]["format"] for path in SAMPLES}
    assert shown == set(format_names())


def test_the_three_containers_of_one_trail_hold_the_same_lookups() -> None:
    """One PostgreSQL trail is read alike from plain log, csvlog and jsonlog."""
    own = ["source_id", "line", "byte_start", "byte_end"]
    read = [
        _read(ROOT / "sample_logs" / f"pgaudit.{kind}.expected.json")
        .lookups.drop_columns(own)
        .sort_by("event_id")
        .to_pylist()
        for kind in ("log", "csv", "json")
    ]
    assert read[0] == read[1] == read[2]
    assert len(read[0]) == 13
