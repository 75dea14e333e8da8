"""Gaps in the trail as the night report shows them: apart from what asks about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.words import harmless
from auditwatch.findings.gaps import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding

__all__ = ["Hole", "holes_of", "is_hole"]

SENTENCE_MAX: Final = 600
TITLE_MAX: Final = 160


@dataclass(frozen=True)
class Hole:
    """One gap in the trail, ready to be laid out.

    Parameters
    ----------
    finding_id, title, severity : str
        As in the finding, made harmless.
    tag : str
        ``new``, ``grown``, ``decided`` or nothing.
    says, innocent : tuple of str
        What is missing, and what would explain it.
    """

    finding_id: str
    title: str
    severity: str
    tag: str
    says: tuple[str, ...]
    innocent: tuple[str, ...]


def is_hole(finding: Finding) -> bool:
    """Tell a gap in the trail from a gap in what the rules could decide."""
    return finding.kind == "gap" and finding.rule_id in KINDS


def holes_of(
    findings: Sequence[Finding], masker: Masker, new: Collection[str], grown: Collection[str]
) -> list[Hole]:
    """Return gaps in the trail in the order of their findings.

    Parameters
    ----------
    findings : sequence of Finding
        Those that are no gap in the trail are left out.
    masker : Masker
        Shows or masks identities.
    new, grown : collection of str
        Ids of findings that the night brought or added to.
    """
    return [
        Hole(
            finding_id=one.finding_id,
            title=harmless(masker.text(one.title), TITLE_MAX),
            severity=one.severity,
            tag=_tag(one, new, grown),
            says=tuple(harmless(masker.text(said), SENTENCE_MAX) for said in one.reasons),
            innocent=tuple(harmless(said, SENTENCE_MAX) for said in one.counter_evidence),
        )
        for one in findings
        if is_hole(one)
    ]


def _tag(finding: Finding, new: Collection[str], grown: Collection[str]) -> str:
    """Return what a reader must notice first."""
    if finding.status == "decided":
        return "decided"
    return "new" if finding.finding_id in new else "grown" if finding.finding_id in grown else ""
