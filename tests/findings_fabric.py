"""A fabricated lake and store: small, deterministic, independent of every other room."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from auditwatch.config import Findings, Settings, Workspace
from auditwatch.core import clock
from auditwatch.core.mask import mark
from auditwatch.core.schema import GAPS, HITS, LOOKUPS, REJECTS, SOURCES, SURPRISES, VERDICTS
from auditwatch.engine.lake import Lake
from auditwatch.findings import reviews
from auditwatch.findings.grouping import gather
from auditwatch.findings.model import NightResult, NightSummary, Piece, Review, Run
from auditwatch.findings.rows import read_evidence, read_finding
from auditwatch.findings.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE = "5f" * 32
FIRST = date(2026, 2, 1)
ZONE = ZoneInfo("America/Los_Angeles")
RUN = Run("run-1", "0.1.0", "2026-03-06T03:00:00+00:00")


def night_of(day: int) -> str:
    """Return the ISO date of a day of the fabric, from 0."""
    return (FIRST + timedelta(days=day)).isoformat()


def lookup(
    day: int, number: int, operator: str, subject: str | None, **more: Any
) -> dict[str, Any]:
    """Return one LOOKUPS row that heads itself."""
    local = datetime(FIRST.year, FIRST.month, FIRST.day, 9, 0, tzinfo=ZONE)
    local += timedelta(days=day, minutes=7 * number)
    event_id = f"L{day:02d}-{number:04d}"
    row: dict[str, Any] = dict.fromkeys(LOOKUPS.names)
    row |= {
        "event_id": event_id,
        "event_time": local.astimezone(UTC),
        "time_quality": "exact",
        "local_hour": local.hour,
        "local_weekday": local.weekday(),
        "night": night_of(day),
        "operator_id": operator,
        "operator_role": "officer",
        "operator_unit": "patrol-north",
        "requester_id": operator,
        "agency": "CA0990100",
        "terminal": "MDC-114",
        "system": "NLETS",
        "transaction": "DQ",
        "subject_kind": "person",
        "subject_id": subject,
        "subject_name": "Quillfeather, Odalys",
        "purpose": "C",
        "reason": "traffic stop",
        "reason_norm": "traffic stop",
        "outcome": "hit",
        "origin": "manual",
        "lookup_id": event_id,
        "source_id": SOURCE,
        "line": 2 + 1000 * day + number,
        "byte_start": 0,
        "byte_end": 0,
    }
    return row | more


def follower(head: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the machine-made follow-up of a lookup, five seconds later."""
    return head | {
        "event_id": f"{head['event_id']}f",
        "event_time": head["event_time"] + timedelta(seconds=5),
        "transaction": "QW",
        "origin": "cascade",
        "lookup_id": head["event_id"],
        "line": head["line"] + 500,
        **more,
    }


def verdict(row: dict[str, Any], word: str, **more: Any) -> dict[str, Any]:
    """Return the VERDICTS row of a lookup."""
    return {
        "event_id": row["event_id"],
        "night": row["night"],
        "verdict": word,
        "statement_id": "patrol-field-work",
        "story": "operator",
        "severity": "low",
        "missing": "",
        "says": "Patrol may look up people and vehicles when a reason or a number is given.",
        "place": "rules/permits/patrol.yml:3",
    } | more


def hit(row: dict[str, Any], rule_id: str, **more: Any) -> dict[str, Any]:
    """Return the HITS row of a lookup."""
    who, whom = mark("operator", row["operator_id"]), mark("subject", row["subject_id"])
    return {
        "event_id": row["event_id"],
        "night": row["night"],
        "rule_id": rule_id,
        "title": "Looked up a colleague",
        "story": "pair",
        "severity": "medium",
        "says": f"{who} looked up {whom}, who is on the roster, and gave no case number.",
        "innocent": "A supervisor may have asked for it.\nThe colleague may be party to a case.",
        "place": "rules/detections/colleague.yml:1",
    } | more


def surprise(rows: list[dict[str, Any]], view: str = "pair", **more: Any) -> dict[str, Any]:
    """Return the SURPRISES row of some lookups of one operator and one subject."""
    last = rows[-1]
    who, whom = mark("operator", last["operator_id"]), mark("subject", last["subject_id"])
    days = len({row["night"] for row in rows})
    return {
        "night": last["night"],
        "view": view,
        "story": "pair",
        "operator_id": last["operator_id"],
        "subject_id": last["subject_id"],
        "observed": days,
        "expected_milli": 110,
        "exposure": 1830,
        "surprise_milli": 1400 * days,
        "since": rows[0]["night"],
        "says": f"{who} looked at {whom} on {days} days without a case that explains it; 0.11 "
        "expected from this operator's work and from how often the unit meets this subject.",
        "against": "One other operator of the unit looked at this subject.",
        "event_ids": "\n".join(row["event_id"] for row in rows),
    } | more


def gathered(
    night: str,
    facts: list[dict[str, Any]],
    verdicts: Iterable[dict[str, Any]] = (),
    hits: Iterable[dict[str, Any]] = (),
    surprises: Iterable[dict[str, Any]] = (),
) -> list[Piece]:
    """Gather rows given as dictionaries."""
    return gather(
        night,
        pa.Table.from_pylist(list(verdicts), VERDICTS.schema),
        pa.Table.from_pylist(list(hits), HITS.schema),
        pa.Table.from_pylist(list(surprises), SURPRISES.schema),
        pa.Table.from_pylist(facts, LOOKUPS.schema),
    )


def result(night: str, pieces: Iterable[Piece], **more: Any) -> NightResult:
    """Return a night ready to publish."""
    plain = NightResult(
        night, f"token-{night}", tuple(pieces), "rules-1", "model-1", NightSummary()
    )
    return replace(plain, **more)


def decided(store: Store, finding_id: str, disposition: str, note: str, reviewer: str) -> Review:
    """Put a decision on record by the door that the desk ends in."""
    with store._database.writing() as connection:
        return reviews.follow(
            connection,
            read_finding(connection, finding_id),
            read_evidence(connection, finding_id),
            disposition=disposition,
            note=note,
            reviewer=reviewer,
            at=clock.now().isoformat(timespec="seconds"),
        )


@dataclass(frozen=True)
class Fabric:
    """A workspace with a filled lake and store."""

    workspace: Workspace
    lake: Lake
    store: Store
    night: str


def make_fabric(
    root: Path, rows: list[dict[str, Any]], results: list[NightResult], database: str = ""
) -> Fabric:
    """Write lookups, their source and results into a new workspace; its database may be a URL."""
    workspace = Workspace(root, Settings(findings=Findings(database)))
    lake, store = Lake(workspace.lake), new_store(workspace.database)
    lake.append(LOOKUPS, pa.Table.from_pylist(rows, LOOKUPS.schema), "lookups")
    lake.append(SOURCES, pa.Table.from_pylist([_source(rows)], SOURCES.schema), "sources")
    refused = {
        "source_id": SOURCE,
        "line": 17,
        "lines": 3,
        "byte_start": 0,
        "byte_end": 9,
        "reason_code": "bad_time",
        "excerpt_sha256": "00" * 32,
        "excerpt": b"",
    }
    lake.append(REJECTS, pa.Table.from_pylist([refused], REJECTS.schema), "rejects")
    gap = {
        "source_id": SOURCE,
        "night": results[-1].night,
        "kind": "one_value",
        "detail": "reason: all 1,204 records hold the same value.",
    }
    lake.append(GAPS, pa.Table.from_pylist([gap], GAPS.schema), "gaps")
    store.publish(results, RUN)
    return Fabric(workspace, lake, store, results[-1].night)


def new_store(place: Path | str) -> Store:
    """Open a new findings database; a file is a copy, as making its tables takes longest."""
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_empty_database())
        place.chmod(0o600)
    return Store(place)


@cache
def _empty_database() -> bytes:
    """Return a findings database with empty tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "findings.db"
        Store(path).close()
        return path.read_bytes()


def _source(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the account of the one source: three of its lines were refused."""
    nights = sorted(row["night"] for row in rows)
    times = sorted(row["event_time"] for row in rows)
    return {
        "source_id": SOURCE,
        "name": "cad_export_2026-03-05.csv",
        "format": "csv",
        "bytes": 1,
        "lines": len(rows) + 5,
        "accepted": len(rows),
        "rejected": 3,
        "blank": 1,
        "header": 1,
        "duplicate": 0,
        "records": len(rows),
        "lookups": len(rows),
        "first_time": times[0],
        "last_time": times[-1],
        "first_night": nights[0],
        "last_night": nights[-1],
        "field_states": json.dumps({"reason": "exported"}),
    }
