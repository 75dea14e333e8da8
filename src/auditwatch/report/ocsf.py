"""Findings as OCSF Detection Findings (class 2004), for systems that gather alerts of all tools."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from auditwatch import __version__
from auditwatch.core.schema import SOURCES
from auditwatch.core.words import harmless
from auditwatch.findings.lookups import lookups_of_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding
    from auditwatch.findings.store import Store

__all__ = ["OCSF_VERSION", "json_lines", "ocsf_events"]

#: Pinned: attributes move between versions, and who receives them asks for one.
OCSF_VERSION: Final = "1.8.0"
CATEGORY, CLASS = 2, 2004
SENTENCE_MAX: Final = 600
REASONS_MAX: Final = 12
EVIDENCES_MAX: Final = 20
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

CREATE, UPDATE, CLOSE = 1, 2, 3
ACTIVITIES: Final = {CREATE: "Create", UPDATE: "Update", CLOSE: "Close"}
SEVERITIES: Final = {
    "informational": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
STATUSES: Final = {
    "open": (1, "New"),
    "reopened": (2, "In Progress"),
    "suppressed": (3, "Suppressed"),
    "decided": (4, "Resolved"),
}
#: Of the incident profile; informational and low are both its lowest.
PRIORITIES: Final = {
    "informational": (1, "Low"),
    "low": (1, "Low"),
    "medium": (2, "Medium"),
    "high": (3, "High"),
    "critical": (4, "Critical"),
}
#: What reviewers decided; our own word stands under ``unmapped``.
VERDICTS: Final = {
    "cleared_authorised": (5, "Benign"),
    "cleared_explained": (5, "Benign"),
    "explained": (5, "Benign"),
    "cleared_data_error": (1, "False Positive"),
    "withdrawn_rule_error": (1, "False Positive"),
    "not_useful": (3, "Disregard"),
    "duplicate": (10, "Duplicate"),
    "training_issue": (2, "True Positive"),
    "policy_violation": (2, "True Positive"),
    "policy_breach": (2, "True Positive"),
    "criminal_referral": (2, "True Positive"),
    "misuse": (2, "True Positive"),
}
#: Kind of finding to the kind of analytic.
ANALYTICS: Final = {
    "policy": (1, "Rule"),
    "rule": (1, "Rule"),
    "pattern": (3, "Statistical"),
    "gap": (99, "Other"),
}


def ocsf_events(
    store: Store,
    lake: Lake,
    findings: Sequence[Finding],
    masker: Masker,
    *,
    fresh: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Return an event for each finding.

    Parameters
    ----------
    store, lake : Store, Lake
        Where decisions and lookups are.
    findings : sequence of Finding
        In the order in which events are to stand.
    masker : Masker
        Shows or masks identities.
    fresh : iterable of str
        Findings that are told for the first time: created, not updated.

    Notes
    -----
    No clock is read: the time of an event is that of its last lookup, so the same findings and
    decisions give the same events. At most the last twenty records are named as evidence;
    ``related_events_count`` has them all.
    """
    decided = store.dispositions()
    lookups = lookups_of_all(findings, lake) if findings else {}
    sources = {row["source_id"]: row["name"] for row in lake.read(SOURCES).to_pylist()}
    new = set(fresh)
    return [
        _event(
            one,
            decided.get(one.finding_id, ""),
            _evidences(lookups[one.finding_id], sources, masker),
            masker,
            CREATE if one.finding_id in new else UPDATE,
        )
        for one in findings
    ]


def json_lines(events: Iterable[Mapping[str, Any]]) -> bytes:
    """Return events as JSON, one a line, ASCII only: nothing in them can tear or hide a line."""
    return "".join(f"{json.dumps(one, ensure_ascii=True)}\n" for one in events).encode("ascii")


def _event(
    finding: Finding,
    disposition: str,
    evidences: list[dict[str, Any]],
    masker: Masker,
    told: int,
) -> dict[str, Any]:
    """Return one event."""
    closed = finding.status in ("decided", "suppressed")
    activity = CLOSE if closed else told
    severity_id, severity = SEVERITIES[finding.severity]
    status_id, status = STATUSES[finding.status]
    priority_id, priority = PRIORITIES[finding.severity]
    verdict_id, verdict = VERDICTS.get(disposition, (0, "Unknown"))
    first, last = _milliseconds(finding.first_seen), _milliseconds(finding.last_seen)
    title = _said(finding.title, masker)
    return {
        "activity_id": activity,
        "activity_name": ACTIVITIES[activity],
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": 100 * CLASS + activity,
        "type_name": f"Detection Finding: {ACTIVITIES[activity]}",
        "time": last,
        "start_time": first,
        "end_time": last,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "priority_id": priority_id,
        "priority": priority,
        "verdict_id": verdict_id,
        "verdict": verdict,
        "is_alert": activity != CLOSE,
        "message": title,
        "metadata": _metadata(finding, activity),
        "finding_info": _info(finding, title, first, last, masker),
        "resources": [
            {"uid": masker.name("subject", one), "type": "subject of a record"}
            for one in finding.subject_ids[:EVIDENCES_MAX]
        ],
        "evidences": evidences,
        "unmapped": {
            "kind": finding.kind,
            "night": finding.night,
            "priority_milli_decades": finding.priority,
            "disposition": disposition,
            "suppressed_by": finding.suppressed_by,
            "counter_evidence": [
                _said(one, masker) for one in finding.counter_evidence[:REASONS_MAX]
            ],
            "model": finding.model_id,
        },
    }


def _metadata(finding: Finding, activity: int) -> dict[str, Any]:
    """Return what the event is of; its uid is the same whenever it is told again."""
    return {
        "version": OCSF_VERSION,
        "profiles": ["incident"],
        "uid": f"{finding.finding_id}-{finding.night}-{ACTIVITIES[activity].lower()}",
        "product": {"name": "auditwatch", "vendor_name": "auditwatch", "version": __version__},
    }


def _info(finding: Finding, title: str, first: int, last: int, masker: Masker) -> dict[str, Any]:
    """Return what was found, and by what."""
    type_id, type_name = ANALYTICS[finding.kind]
    reasons = [_said(one, masker) for one in finding.reasons[:REASONS_MAX]]
    return {
        "uid": finding.finding_id,
        "title": title,
        "desc": " ".join(reasons),
        "first_seen_time": first,
        "last_seen_time": last,
        "related_events_count": len(finding.event_ids),
        "types": [finding.kind],
        "analytic": {
            "uid": finding.rule_id,
            "name": finding.rule_id,
            "type_id": type_id,
            "type": type_name,
            "version": finding.rules_version,
        },
    }


def _evidences(rows: pa.Table, sources: Mapping[str, str], masker: Masker) -> list[dict[str, Any]]:
    """Return the last records of a finding, each with its file and line."""
    return [
        {
            "uid": row["event_id"],
            "actor": {
                "user": {
                    "uid": masker.name("operator", row["operator_id"]) or "unknown",
                    "type_id": 1,
                    "type": "User",
                }
            },
            "data": {
                "time": _since_epoch(row["event_time"]),
                "file": harmless(sources.get(row["source_id"], ""), 120),
                "line": row["line"],
                "source_sha256": row["source_id"],
            },
        }
        for row in rows.slice(max(rows.num_rows - EVIDENCES_MAX, 0)).to_pylist()
    ]


def _said(text: str, masker: Masker) -> str:
    """Return a sentence as shown."""
    return harmless(masker.text(text), SENTENCE_MAX)


def _milliseconds(at: str) -> int:
    """Return an ISO instant as OCSF writes times."""
    return _since_epoch(datetime.fromisoformat(at))


def _since_epoch(at: datetime) -> int:
    """Return an instant in milliseconds since 1970, exactly."""
    return (at - EPOCH) // timedelta(milliseconds=1)
