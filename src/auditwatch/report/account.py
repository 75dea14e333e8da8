"""Was the night complete: what was read, what was refused, what nobody could see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc

from auditwatch.core.clock import silent_before
from auditwatch.core.fieldstates import read_field_states, silences
from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.core.words import harmless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding, NightSummary

__all__ = ["Account", "Share", "SourceLine", "account_of", "verdict_shares"]

FADED: Final = ("masked_values", "one_value")
SILENCES: Final = ("silent_hours", "silent_night")
LINES: Final = ("accepted", "rejected", "blank", "header", "duplicate")

CONTEXT_HIDES: Final = {
    "roster": "who works where, training, own and colleagues' records",
    "cases": "whether a case number is real and open, so that it explains a lookup",
    "duty": "whether a lookup was made on duty",
    "relations": "lookups of family, household and own vehicles",
    "links": "who owns a vehicle",
}

#: Gaps that the list of what a source does not say tells already.
TOLD_BY_SOURCE: Final = ("masked_values", "one_value")

#: Verdicts in the order in which they are shown.
VERDICT_WORDS: Final = {
    "permitted": "permitted",
    "permitted_by_exception": "permitted by an approved exception",
    "no_purpose": "no purpose given",
    "unknown_purpose": "purpose code not known",
    "justification_missing": "justification missing",
    "not_permitted": "no permit covers it",
    "forbidden": "forbidden use",
    "cannot_decide": "could not be decided",
}


@dataclass(frozen=True)
class SourceLine:
    """One source and where its lines went."""

    name: str
    source_id: str
    lines: int
    parts: tuple[int, ...]
    lookups: int
    adds_up: bool
    refused: tuple[tuple[str, int], ...]
    nights: str
    silences: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """One verdict and how many lookups it has."""

    verdict: str
    words: str
    lookups: int


@dataclass(frozen=True)
class Account:
    """All that a reader must know before believing the rest of the page.

    Parameters
    ----------
    sources : tuple of SourceLine
        Files with lookups of this night.
    refused : int
        Lines of these files that could not be read.
    holes : int
        Gaps in the trail with evidence of this night; each is a finding.
    gaps, blind, undecided, unmapped, absent : tuple of str
        Sentences and names of what else is missing; rules that could not decide are gathered by
        reason.
    """

    sources: tuple[SourceLine, ...]
    refused: int
    holes: int
    gaps: tuple[str, ...]
    blind: tuple[tuple[str, str], ...]
    undecided: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    unmapped: tuple[tuple[str, int], ...]
    absent: tuple[tuple[str, str], ...]

    @property
    def complete(self) -> bool:
        """Tell whether every line was read and nothing is known to be missing."""
        sound = all(source.adds_up for source in self.sources)
        return bool(self.sources) and sound and not (self.refused or self.gaps or self.holes)

    @property
    def limited(self) -> bool:
        """Tell whether something could not be seen or decided."""
        return bool(self.blind or self.undecided or self.unmapped or self.absent)


def account_of(night: str, lake: Lake, summary: NightSummary, holes: Sequence[Finding]) -> Account:
    """Return the account of one night.

    Parameters
    ----------
    night : str
        ISO date.
    lake : Lake
        Where sources, rejects and gaps are.
    summary : NightSummary
        What the scan counted.
    holes : sequence of Finding
        Gaps in the trail with evidence of this night.
    """
    used = set(pc.unique(pc.cast(_source_ids(lake, night), "string")).to_pylist())
    rejects = _rejects(lake, used)
    rows = sorted(lake.read(SOURCES).to_pylist(), key=lambda row: (row["name"], row["source_id"]))
    sources = tuple(
        _source(row, rejects.get(row["source_id"], Counter()))
        for row in rows
        if row["source_id"] in used
    )
    silent = silent_before(night, lake.nights(LOOKUPS))
    told = any(one.rule_id in SILENCES for one in holes)
    return Account(
        sources=sources,
        refused=sum(source.parts[LINES.index("rejected")] for source in sources),
        gaps=(*([silent] if silent and not told else []), *_noted(lake, used)),
        holes=len(holes),
        blind=_views_by_reason(summary.blind_views),
        undecided=_by_reason(summary),
        unmapped=_ranked(summary.unmapped),
        absent=tuple((name, CONTEXT_HIDES.get(name, "")) for name in summary.absent_context),
    )


def _noted(lake: Lake, used: set[str]) -> list[str]:
    """Return what the readers of some files noted that is no finding by itself."""
    rows = lake.pick(GAPS, "source_id", used).to_pylist()
    return sorted({harmless(row["detail"], 300) for row in rows if row["kind"] in FADED})


def verdict_shares(summary: NightSummary) -> tuple[Share, ...]:
    """Return every verdict that was given, in a fixed order."""
    known = [*VERDICT_WORDS, *sorted(set(summary.verdicts) - set(VERDICT_WORDS))]
    return tuple(
        Share(verdict, VERDICT_WORDS.get(verdict, harmless(verdict, 80)), summary.verdicts[verdict])
        for verdict in known
        if summary.verdicts.get(verdict)
    )


def _source_ids(lake: Lake, night: str) -> pa.ChunkedArray:
    """Return the sources of a night's records."""
    return lake.read(LOOKUPS, [night], ["source_id"])["source_id"]


def _rejects(lake: Lake, used: set[str]) -> dict[str, Counter[str]]:
    """Count refused lines by source and reason."""
    found: dict[str, Counter[str]] = {}
    rows = lake.pick(REJECTS, "source_id", used, columns=["source_id", "reason_code", "lines"])
    for row in rows.to_pylist():
        found.setdefault(row["source_id"], Counter())[row["reason_code"]] += row["lines"]
    return found


def _source(row: Mapping[str, Any], refused: Counter[str]) -> SourceLine:
    """Return one source's line of the account."""
    parts = tuple(row[name] for name in LINES)
    first, last = row["first_night"], row["last_night"]
    return SourceLine(
        name=harmless(row["name"], 80),
        source_id=row["source_id"],
        lines=row["lines"],
        parts=parts,
        lookups=row["lookups"],
        adds_up=sum(parts) == row["lines"] and refused.total() == parts[LINES.index("rejected")],
        refused=_ranked(refused),
        nights=first if first == last else f"{first} to {last}",
        silences=tuple(
            harmless(told, 300) for told in silences(read_field_states(row["field_states"]))
        ),
    )


def _by_reason(
    summary: NightSummary,
) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Return the rules that could not decide some lookups under each reason why, most first."""
    found: dict[str, dict[str, int]] = {}
    for rule, number in summary.undecided_rules.items():
        for why in summary.blind_rules.get(rule) or ("",):
            found.setdefault(why, {})[rule] = number
    ranked = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    return tuple((harmless(why, 300), _ranked(rules)) for why, rules in ranked)


def _views_by_reason(blind: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the views that could not see, those with one reason together."""
    found: dict[str, list[str]] = {}
    for view, reason in sorted(blind.items()):
        found.setdefault(reason, []).append(harmless(view, 80))
    return tuple((", ".join(views), harmless(reason, 300)) for reason, views in found.items())


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Return names with their counts, most first."""
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ""))
    return tuple((harmless(name or "none", 80), number) for name, number in ranked)
