"""Lookups as rows of evidence: shown or masked, each with its file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.words import (
    MASKED,
    harmless,
    local_day,
    local_time,
    masked_reason,
    name_words,
)
from auditwatch.findings.sentences import lookups_behind
from auditwatch.report.document import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    import pyarrow as pa

    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding, Piece
    from auditwatch.report.document import Cell

__all__ = ["EVIDENCE_COLUMNS", "EvidenceMaker"]

CELL_MAX: Final = 2000
WORDS: Final = re.compile(r"[^\W_]+")

EVIDENCE_COLUMNS: Final = (
    Column("time", "Time", short=True),
    Column("operator", "Operator"),
    Column("requester", "For"),
    Column("subject", "Subject"),
    Column("asked", "Asked"),
    Column("purpose", "Purpose"),
    Column("reason", "Reason", prose=True),
    Column("case", "Case"),
    Column("terminal", "Terminal"),
    Column("answer", "Answer"),
    Column("made", "Made"),
    Column("file", "File"),
    Column("line", "Line", number=True),
    Column("record", "Record"),
    Column("lookup", "Of lookup"),
    Column("finding", "Finding", short=True),
)


@dataclass(frozen=True)
class EvidenceMaker:
    """Shows what a case file is made of, the same way in every part of it.

    Parameters
    ----------
    zone : ZoneInfo
        The agency's clock.
    masker : Masker
        Shows or masks identities.
    sources : mapping
        source_id to its row of SOURCES.
    """

    zone: ZoneInfo
    masker: Masker
    sources: Mapping[str, Mapping[str, Any]]
    _met: set[str] = field(default_factory=set)

    def name(self, kind: str, identity: str | None) -> str:
        """Return one identity as shown."""
        return harmless(self.masker.name(kind, identity), 60)

    def sentence(self, text: str, longest: int) -> str:
        """Return a sentence with its marks shown or masked."""
        return harmless(self.masker.text(text), longest)

    def time(self, at: str) -> str:
        """Return an ISO instant on the agency's clock."""
        return local_time(datetime.fromisoformat(at), self.zone)

    def meet(self, rows: pa.Table) -> None:
        """Learn the names of those concerned, to hide them in what people wrote about them."""
        names = ("subject_name", "subject_id", "operator_id", "requester_id", "case_id", "terminal")
        for name in names:
            self._met.update(name_words(rows[name].unique().to_pylist()))

    def note(self, text: str, longest: int) -> str:
        """Return what a reviewer wrote; in a masked copy without the names of those concerned."""
        shown = harmless(self.masker.text(text), longest)
        if self.masker.reveal:
            return shown
        return WORDS.sub(lambda one: MASKED if one[0].lower() in self._met else one[0], shown)

    def rows(self, finding_id: str, lookups: pa.Table) -> Iterator[tuple[Cell, ...]]:
        """Yield the records of a finding as rows of `EVIDENCE_COLUMNS`."""
        for batch in lookups.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                yield (*self.row(row), finding_id)

    def cut_short(self, finding: Finding, pieces: Sequence[Piece]) -> list[str]:
        """Say how many lookups stand behind a finding that does not name them all."""
        behind, named = lookups_behind(pieces), len(finding.event_ids)
        if behind <= named:
            return []
        return [f"{finding.finding_id} stands on {behind:,} lookups; it names {named:,} of them."]

    def clock(self, row: Mapping[str, Any]) -> str:
        """Return when a record was made, without an hour where the source keeps none."""
        told = local_day if row["time_quality"] == "date_only" else local_time
        return told(row["event_time"], self.zone)

    def asked(self, row: Mapping[str, Any]) -> str:
        """Return what was asked, where."""
        return harmless(" · ".join(filter(None, (row["system"], row["transaction"]))), CELL_MAX)

    def redacted(self, text: str | None, row: Mapping[str, Any], short: int = 0) -> str:
        """Return free text of a record without words that may name someone.

        A code of at most `short` characters stays.
        """
        given = text or ""
        shown = harmless(given, CELL_MAX)
        if len(given) <= short and given.isalnum():
            return shown
        who = (row["subject_name"], row["subject_id"], row["operator_id"], row["requester_id"])
        return masked_reason(shown, name_words(who))

    def row(self, row: Mapping[str, Any]) -> tuple[Cell, ...]:
        """Return one record as cells of `EVIDENCE_COLUMNS` but for the finding."""
        source = self.sources.get(row["source_id"], {"name": row["source_id"]})
        follows = row["lookup_id"] != row["event_id"]
        return (
            self.clock(row),
            self.name("operator", row["operator_id"]),
            self.name("operator", row["requester_id"]),
            self.name("subject", row["subject_id"]),
            self.asked(row),
            self._free(row["purpose"], row, short=3),
            self._free(row["reason"], row),
            self.name("case", row["case_id"]),
            self.name("terminal", row["terminal"]),
            row["outcome"] or "",
            row["origin"] or "",
            harmless(source["name"], 120),
            row["line"],
            harmless(row["event_id"], 120),
            harmless(row["lookup_id"], 120) if follows else "",
        )

    def _free(self, text: str | None, row: Mapping[str, Any], short: int = 0) -> str:
        """Return free text of a record as shown."""
        if self.masker.reveal:
            return harmless(text or "", CELL_MAX)
        return self.redacted(text, row, short)
