"""Who looked at a subject: for the person concerned, redacted for release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.clock import zone
from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.core.words import harmless
from auditwatch.findings.sentences import counted
from auditwatch.report.document import Column, Document, Section, Sentences, Table
from auditwatch.report.evidence import EvidenceMaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.report.document import Cell

__all__ = ["subject_paper"]

COLUMNS: Final = (
    Column("time", "Time", short=True),
    Column("operator", "Operator"),
    Column("requester", "For"),
    Column("unit", "Unit"),
    Column("asked", "Asked"),
    Column("purpose", "Purpose"),
    Column("reason", "Reason", prose=True),
    Column("case", "Case number"),
    Column("how", "Made"),
    Column("records", "Records", number=True),
)


def subject_paper(
    lake: Lake, workspace: Workspace, subject: str, nights: Sequence[str], masker: Masker
) -> Document:
    """Return who looked at a subject on some nights, a row a lookup.

    Parameters
    ----------
    lake, workspace : Lake, Workspace
        Where lookups are, and whose.
    subject : str
        Its key as in the lake.
    nights : sequence of str
        ISO dates in order.
    masker : Masker
        Shows or masks operators and the subject.

    Notes
    -----
    Redacted also where identities are shown: numbers of cases and terminals are left out, and of
    reasons every word that may name somebody. Records that one lookup left are one row; a record
    that a machine made says so.
    """
    found = lake.pick(LOOKUPS, "subject_id", [subject], nights).cast(LOOKUPS.schema)
    order = [(name, "ascending") for name in ("event_time", "source_id", "line", "event_id")]
    folded: dict[str, list[dict[str, Any]]] = {}
    for row in found.sort_by(order).to_pylist():
        folded.setdefault(row["lookup_id"], []).append(row)
    agency = workspace.settings.agency
    sources = {row["source_id"]: row for row in lake.read(SOURCES).to_pylist()}
    maker = EvidenceMaker(zone(agency.timezone), masker, sources)
    rows = tuple(_row(own, maker) for own in folded.values())
    operators = len({own[0]["operator_id"] for own in folded.values()})
    stretch = f"{nights[0]} to {nights[-1]}" if nights else "no night"
    return Document(
        kind="subject",
        title=f"Lookups of {maker.name('subject', subject)}",
        over=f"{harmless(agency.name, 80)}, {agency.ori}",
        lede=(
            f"{counted(len(rows), 'lookup')} by {counted(operators, 'operator')}, "
            f"{counted(len(nights), 'night')} with a trail, {stretch}."
        ),
        sections=(
            Section(
                "lookups",
                "Who looked, when, for whom",
                (
                    Sentences((
                        "A lookup is no sign of misuse: most are work, such as a stop or a call.",
                        "Case numbers, terminals and words that may name others are left out.",
                    )),
                    Table("lookups", "Oldest first", COLUMNS, rows),
                ),
            ),
        ),
        foot=("Only nights of which a trail was read can show a lookup.",),
    )  # fmt: skip


def _row(own: Sequence[dict[str, Any]], maker: EvidenceMaker) -> tuple[Cell, ...]:
    """Return one lookup by its first record."""
    first = own[0]
    return (
        maker.clock(first),
        maker.name("operator", first["operator_id"]),
        maker.name("operator", first["requester_id"]),
        harmless(first["operator_unit"] or "", 80),
        maker.asked(first),
        maker.redacted(first["purpose"], first, short=3),
        maker.redacted(first["reason"], first),
        "given" if first["case_id"] else "none",
        first["origin"] or "",
        len(own),
    )
