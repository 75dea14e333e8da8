"""One finding as a card: the question, why it asks, what would explain it, the lookups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.words import harmless
from auditwatch.findings.shown import LookupShower, given_case
from auditwatch.report.pictures import nights_strip, span

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

    import pyarrow as pa
    from markupsafe import Markup

    from auditwatch.core.mask import Masker
    from auditwatch.findings.model import Finding
    from auditwatch.findings.shown import LookupLine

__all__ = ["Card", "CardMaker"]

LINES_MAX: Final = 10
REASONS_MAX: Final = 8
SENTENCE_MAX: Final = 600
TITLE_MAX: Final = 110


@dataclass(frozen=True)
class Card:
    """One finding, ready to be laid out.

    Parameters
    ----------
    rank : int
        Place in the queue, from 1.
    finding_id, title, severity, status : str
        As in the finding, masked and made harmless.
    tags : tuple of str
        What a reader must notice first: new tonight, grown tonight, decided before.
    decades : str
        Priority in decades with one decimal.
    reasons, counter_evidence : tuple of str
        Sentences.
    more_reasons : int
        Sentences that are left out.
    strip : Markup
        Picture of the nights.
    strip_words, first_axis, last_day : str
        The same in words, and the ends of its axis.
    drawn, axis_nights : int
        Nights with a lookup, and nights that the axis spans.
    lines : tuple of LookupLine
        The latest lookups, newest last.
    more_lines : int
        Lookups that are left out.
    shows_operator, shows_subject : bool
        Whether the rows differ in them.
    """

    rank: int
    finding_id: str
    title: str
    severity: str
    status: str
    tags: tuple[str, ...]
    decades: str
    reasons: tuple[str, ...]
    more_reasons: int
    counter_evidence: tuple[str, ...]
    strip: Markup
    strip_words: str
    drawn: int
    axis_nights: int
    first_axis: str
    last_day: str
    lines: tuple[LookupLine, ...]
    more_lines: int
    shows_operator: bool
    shows_subject: bool


@dataclass(frozen=True)
class CardMaker:
    """Makes cards for one night's report.

    Parameters
    ----------
    night : str
        The night that the report is about.
    zone : ZoneInfo
        The agency's clock.
    masker : Masker
        Shows or masks identities.
    new, grown : collection of str
        Ids of findings that this night brought or added to.
    """

    night: str
    zone: ZoneInfo
    masker: Masker
    new: Collection[str]
    grown: Collection[str]

    def card(self, rank: int, finding: Finding, lookups: pa.Table) -> Card:
        """Return the card of a finding with its lookups, as from `lookups_of`."""
        rows = lookups.to_pylist()
        heads = [row for row in rows if row["event_id"] == row["lookup_id"]]
        nights = _by_night(heads)
        words = _strip_words(nights)
        axis = span(min(nights, default=finding.night), max([finding.night, *nights]))
        return Card(
            rank=rank,
            finding_id=finding.finding_id,
            title=self.title(finding),
            severity=finding.severity,
            status=finding.status,
            tags=self.tags(finding),
            decades=f"{finding.priority / 1000:.1f}",
            reasons=self._sentences(finding.reasons[:REASONS_MAX]),
            more_reasons=max(len(finding.reasons) - REASONS_MAX, 0),
            counter_evidence=self._sentences(finding.counter_evidence[:REASONS_MAX]),
            strip=nights_strip(nights, axis, words),
            strip_words=words,
            axis_nights=len(axis),
            drawn=len(nights),
            first_axis=axis[0],
            last_day=axis[-1],
            lines=tuple(self.lines(lookups)[-LINES_MAX:]),
            more_lines=max(len(heads) - LINES_MAX, 0),
            shows_operator=len(finding.operator_ids) > 1,
            shows_subject=len(finding.subject_ids) > 1,
        )

    def lines(self, lookups: pa.Table) -> list[LookupLine]:
        """Return all lookups of a finding as shown, as from `lookups_of`."""
        return LookupShower(self.zone, self.masker).lines(lookups)

    def title(self, finding: Finding) -> str:
        """Return a finding's title as shown."""
        return harmless(self.masker.text(finding.title), TITLE_MAX)

    def tags(self, finding: Finding) -> tuple[str, ...]:
        """Return what a reader must notice first."""
        found = []
        if finding.finding_id in self.new:
            found.append("new")
        if finding.finding_id in self.grown:
            found.append("grown")
        if finding.status == "reopened":
            found.append("decided before, new evidence since")
        return tuple(found)

    def _sentences(self, sentences: Collection[str]) -> tuple[str, ...]:
        """Return sentences as shown."""
        return tuple(harmless(self.masker.text(one), SENTENCE_MAX) for one in sentences)


def _by_night(heads: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Count lookups by night: without and with a case number."""
    counts = Counter((row["night"], given_case(row) != "none") for row in heads)
    nights = sorted({night for night, _ in counts})
    return {night: (counts[night, False], counts[night, True]) for night in nights}


def _strip_words(nights: Mapping[str, tuple[int, int]]) -> str:
    """Say in words what the strip shows."""
    bare, cased = (sum(both[n] for both in nights.values()) for n in (0, 1))
    total = bare + cased
    lookups = "1 lookup" if total == 1 else f"{total:,} lookups"
    days = "1 night" if len(nights) == 1 else f"{len(nights):,} nights"
    return f"{lookups} on {days}; {cased:,} with a case number, {bare:,} without"
