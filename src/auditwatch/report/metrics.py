"""Figures for a monitor: Prometheus' text format, no label that names anybody."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from auditwatch.core.clock import zone
from auditwatch.core.schema import SOURCES
from auditwatch.findings.model import SEVERITIES
from auditwatch.report.account import LINES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditwatch.config import Workspace
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.store import Store

__all__ = ["metrics"]

OPEN: Final = ("open", "reopened")
Sample = tuple[dict[str, str], int]


def metrics(store: Store, lake: Lake, workspace: Workspace) -> bytes:
    """Return the figures of a workspace as a file for a textfile collector.

    Notes
    -----
    Labels are severities, kinds, and formats and parts of sources: never operators, subjects or
    names of files. No clock is read, so the same workspace gives the same bytes; how old the last
    night is, the monitor knows.
    """
    nights = list(store.night_tokens())
    findings = store.findings(statuses=OPEN)
    counts = {
        (kind, severity): sum(one.kind == kind and one.severity == severity for one in findings)
        for kind in ("policy", "rule", "pattern", "gap")
        for severity in SEVERITIES
    }
    told = [
        _family("last_night_timestamp_seconds", "Beginning of the last scanned night.",
                [({}, _begins(nights[-1], workspace))] if nights else []),
        _family("nights", "Nights that were scanned.", [({}, len(nights))]),
        _family("last_night_lookups", "Lookups judged on the last night.",
                [({}, store.night(nights[-1]).summary.lookups)] if nights else []),
        _family("open_findings", "Findings that wait for a decision.",
                [({"kind": kind, "severity": severity}, number)
                 for (kind, severity), number in counts.items()]),
        _family("source_lines", "Lines of all sources by where they went.", _lines(lake)),
        _family("journal_sound", "1 when no entry of the journal was changed.",
                [({}, int(store.broken_journal_row() is None))]),
    ]  # fmt: skip
    return "".join(told).encode("utf-8")


def _begins(night: str, workspace: Workspace) -> int:
    """Return when a night began, in seconds since 1970."""
    local = zone(workspace.settings.agency.timezone)
    return int(datetime.combine(datetime.fromisoformat(night), time.min, local).timestamp())


def _lines(lake: Lake) -> list[Sample]:
    """Count the lines of all sources by format and by where they went."""
    rows = lake.read(SOURCES).to_pylist()
    formats = sorted({str(row["format"]) for row in rows})
    return [
        (
            {"format": name, "part": part},
            sum(row[part] for row in rows if row["format"] == name),
        )
        for name in formats
        for part in LINES
    ]


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> str:
    """Return one figure with all its samples."""
    lines = [f"# HELP auditwatch_{name} {meaning}", f"# TYPE auditwatch_{name} gauge"]
    for labels, number in samples:
        inside = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
        lines.append(
            f"auditwatch_{name}{{{inside}}} {number}" if inside else f"auditwatch_{name} {number}"
        )
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    """Return the value of a label as the format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
