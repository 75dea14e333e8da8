"""Findings as bytes for other programs: JSON lines, JSON, CSV; masked unless revealed."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding

__all__ = ["EXPORT_FIELDS", "export_findings", "export_formats"]

#: In this order in every format.
EXPORT_FIELDS: Final = (
    "finding_id",
    "kind",
    "rule_id",
    "severity",
    "priority",
    "night",
    "operator_ids",
    "subject_ids",
    "event_ids",
    "first_seen",
    "last_seen",
    "title",
    "reasons",
    "counter_evidence",
    "rules_version",
    "model_id",
    "status",
    "suppressed_by",
)

#: A spreadsheet runs a cell that begins with one of these.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
SEPARATORS: Final = {"reasons": " | ", "counter_evidence": " | "}


def export_formats() -> tuple[str, ...]:
    """Return the names that `export_findings` takes."""
    return tuple(_WRITERS)


def export_findings(findings: Iterable[Finding], format_name: str, masker: Masker) -> bytes:
    """Return findings as one file.

    Parameters
    ----------
    findings : iterable of Finding
        In the order in which they are to stand, such as from `Store.findings`.
    format_name : str
        ``jsonl``, ``json`` or ``csv``.
    masker : Masker
        Shows or masks operators and subjects, in lists and in sentences; event_ids always stay.

    Returns
    -------
    bytes
        UTF-8 with a newline at the end; the same findings give the same bytes.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-009`` an unknown format.
    """
    if format_name not in _WRITERS:
        raise UsageError(
            "unknown export format",
            code="AW-FINDINGS-009",
            where=format_name[:40],
            expected="one of " + ", ".join(_WRITERS),
        )
    return _WRITERS[format_name]([_shown(finding, masker) for finding in findings])


def _shown(finding: Finding, masker: Masker) -> dict[str, Any]:
    """Return the exported fields of a finding with identities shown or masked."""
    shown: dict[str, Any] = {name: getattr(finding, name) for name in EXPORT_FIELDS}
    for name in ("first_seen", "last_seen"):
        shown[name] = shown[name].replace(".000000Z", "Z")
    shown["title"] = masker.text(finding.title)
    for name in ("reasons", "counter_evidence"):
        shown[name] = [masker.text(sentence) for sentence in shown[name]]
    for name, kind in (("operator_ids", "operator"), ("subject_ids", "subject")):
        shown[name] = [masker.name(kind, identity) for identity in shown[name]]
    return shown


def _json_lines(rows: Sequence[dict[str, Any]]) -> bytes:
    """Write one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


def _json_list(rows: Sequence[dict[str, Any]]) -> bytes:
    """Write one JSON list."""
    return (json.dumps(rows, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """Write a CSV table (RFC 4180) that no spreadsheet takes for formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(EXPORT_FIELDS)
    writer.writerows([_cell(name, row[name]) for name in EXPORT_FIELDS] for row in rows)
    return out.getvalue().encode("utf-8")


def _cell(name: str, value: Any) -> str:
    """Return one value as the text of a cell."""
    many = isinstance(value, (list, tuple))
    text = SEPARATORS.get(name, ";").join(value) if many else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


_WRITERS: Final[dict[str, Callable[[Sequence[dict[str, Any]]], bytes]]] = {
    "jsonl": _json_lines,
    "json": _json_list,
    "csv": _csv,
}
