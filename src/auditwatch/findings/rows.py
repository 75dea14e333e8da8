"""Pieces and findings as database rows and back; tuples are JSON lists in text columns."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select

from auditwatch.core.errors import UsageError
from auditwatch.findings import tables
from auditwatch.findings.derive import home
from auditwatch.findings.model import Finding, Piece

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, RowMapping

__all__ = [
    "finding_from",
    "finding_row",
    "party_rows",
    "piece_from",
    "piece_row",
    "read_decided",
    "read_evidence",
    "read_finding",
]

EVIDENCE_ORDER: Final = tuple(
    tables.evidence.c[name] for name in ("night", "source", "source_id", "suppressed_by")
)
TUPLES: Final = {
    kind: tuple(one.name for one in fields(kind) if str(one.type).startswith("tuple"))
    for kind in (Piece, Finding)
}


def piece_row(piece: Piece) -> dict[str, Any]:
    """Return a piece as a row of `evidence`."""
    return {"finding_id": home(piece), **_columns(piece)}


def piece_from(row: RowMapping) -> Piece:
    """Return the piece that a row of `evidence` keeps."""
    return Piece(**_values(Piece, row))


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a finding as a row of `findings`."""
    return _columns(finding)


def finding_from(row: RowMapping) -> Finding:
    """Return the finding that a row of `findings` keeps."""
    return Finding(**_values(Finding, row))


def read_finding(connection: Connection, finding_id: str) -> Finding:
    """Return one finding.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-002`` when there is none of that id.
    """
    table = tables.findings
    query = select(table).where(table.c.finding_id == finding_id)
    found = connection.execute(query).mappings().first()
    if found is None:
        raise UsageError(
            "no such finding",
            code="AW-FINDINGS-002",
            where=finding_id[:40],
            expected="an id such as F-ABCDEFGH2345",
            hint="see them all: auditwatch findings list",
        )
    return finding_from(found)


def read_evidence(connection: Connection, finding_id: str) -> list[Piece]:
    """Return the evidence of a finding, night by night, in a total order."""
    table = tables.evidence
    query = select(table).where(table.c.finding_id == finding_id)
    ordered = query.order_by(*EVIDENCE_ORDER)
    return [piece_from(row) for row in connection.execute(ordered).mappings()]


def read_decided(
    connection: Connection, weighed: Collection[str]
) -> tuple[dict[str, Finding], dict[str, list[Piece]]]:
    """Return the findings that were ever decided in some way and their evidence, by id.

    Parameters
    ----------
    connection : Connection
        To read from; it is asked twice in all.
    weighed : collection of str
        Dispositions.
    """
    findings, evidence, reviews = tables.findings, tables.evidence, tables.reviews
    decided = select(reviews.c.finding_id).where(reviews.c.disposition.in_(sorted(weighed)))
    rows = connection.execute(select(findings).where(findings.c.finding_id.in_(decided)))
    found = {row["finding_id"]: finding_from(row) for row in rows.mappings()}
    pieces: dict[str, list[Piece]] = {}
    query = select(evidence).where(evidence.c.finding_id.in_(decided)).order_by(*EVIDENCE_ORDER)
    for row in connection.execute(query).mappings():
        pieces.setdefault(row["finding_id"], []).append(piece_from(row))
    return found, pieces


def party_rows(finding: Finding) -> list[dict[str, str]]:
    """Return who is meant in a finding as rows of `parties`."""
    kinds = {"operator": finding.operator_ids, "subject": finding.subject_ids}
    return [
        {"finding_id": finding.finding_id, "kind": kind, "identity": identity}
        for kind, identities in kinds.items()
        for identity in identities
    ]


def _columns(one: Piece | Finding) -> dict[str, Any]:
    """Return the fields of a dataclass with tuples as JSON."""
    tuples = TUPLES[type(one)]
    return {
        field.name: _text(getattr(one, field.name))
        if field.name in tuples
        else getattr(one, field.name)
        for field in fields(one)
    }


def _values(kind: type[Piece | Finding], row: RowMapping) -> dict[str, Any]:
    """Return the fields of a row with JSON as tuples."""
    values = {field.name: row[field.name] for field in fields(kind)}
    for name in TUPLES[kind]:
        values[name] = msgspec.json.decode(values[name], type=tuple[str, ...])
    return values


def _text(values: tuple[str, ...]) -> str:
    """Return a tuple of text as a JSON list."""
    return msgspec.json.encode(values).decode("utf-8")
