"""The case file of a finding, or of an investigation with the findings that it took in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.clock import zone
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import PAIR_NIGHTS, SOURCES
from auditwatch.core.words import harmless
from auditwatch.findings.lookups import lookups_of_all
from auditwatch.findings.sentences import counted
from auditwatch.report.caserecord import decisions_section, files_section, readers_section
from auditwatch.report.caserules import SENTENCE_MAX, rules_section
from auditwatch.report.chances import odds_among, odds_said, patterns_until
from auditwatch.report.document import Column, Document, Picture, Section, Sentences, Table
from auditwatch.report.evidence import EVIDENCE_COLUMNS, EvidenceMaker
from auditwatch.report.peers import PEERS_LEAST, bands
from auditwatch.report.pictures import nights_strip, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.investigations import Entry
    from auditwatch.findings.journal import Action
    from auditwatch.findings.model import Finding, Piece, Review
    from auditwatch.findings.store import Store
    from auditwatch.report.chances import Patterns
    from auditwatch.report.document import Block

__all__ = ["CaseMatter", "case_evidence", "case_matter", "case_paper"]

OPERATORS_MAX: Final = 12  # with a band of their own; the lookups name all


@dataclass(frozen=True)
class CaseMatter:
    """What a case file is about, read before anybody looks at it.

    Parameters
    ----------
    name : str
        Id of the finding or number of the investigation.
    findings : list of Finding
        The most pressing first.
    pieces, reviews : dict
        finding_id to its evidence and to its decisions.
    entries : list of Entry
        Of the register.
    actions : list of Action
        What people did with these findings so far.
    patterns : Patterns
        What patterns spoke for up to the last night of these findings.
    """

    name: str
    findings: list[Finding]
    pieces: dict[str, list[Piece]]
    reviews: dict[str, list[Review]]
    entries: list[Entry]
    actions: list[Action]
    patterns: Patterns


def case_matter(store: Store, name: str) -> CaseMatter:
    """Return what the store has of a finding or an investigation.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-002`` no finding of that id, ``AW-REPORT-008`` an investigation without one.
    """
    register = store.investigations()
    entries = [one for one in register if one.investigation_id == name]
    ids = [one for entry in entries for one in entry.finding_ids] if entries else [name]
    if not ids:
        raise UsageError(
            "this investigation took in no finding, so there is no evidence to print",
            code="AW-REPORT-008",
            where=name[:40],
            hint="name findings when it is opened: investigations open NUMBER --finding ID",
        )
    findings = sorted((store.finding(one) for one in ids), key=lambda one: -one.priority)
    known = {one.finding_id for one in findings}
    if not entries:
        within = {one.investigation_id for one in register if name in one.finding_ids}
        entries = [one for one in register if one.investigation_id in within]
    return CaseMatter(
        name=name,
        findings=findings,
        pieces={one: store.evidence(one) for one in known},
        reviews={one: store.reviews(one) for one in known},
        entries=entries,
        actions=store.actions(sorted(known)),
        patterns=patterns_until(store, max(one.night for one in findings)),
    )


def case_paper(matter: CaseMatter, lake: Lake, workspace: Workspace, masker: Masker) -> Document:
    """Return the case file as a paper.

    Parameters
    ----------
    matter : CaseMatter
        As `case_matter` returns it.
    lake, workspace : Lake, Workspace
        Where lookups, sources and rules are.
    masker : Masker
        Shows or masks identities; the same for every part of the paper.

    Notes
    -----
    A masked file is the same bytes as long as nothing happens to its findings. A full one follows
    a journaled reveal, and the next one says so.
    """
    maker, evidence = case_evidence(matter, lake, workspace, masker)
    first = matter.findings[0]
    more = len(matter.findings) - 1
    odds = odds_among(matter.patterns, lake, workspace)
    last = max(one.night for one in matter.findings)
    sections = [
        *(
            _why(one, maker, evidence[one.finding_id], odds_said(odds.get(one.finding_id), last))
            for one in matter.findings
        ),
        rules_section(matter, workspace, maker),
        _usual(matter, lake, maker),
        _lookups(matter, evidence, maker),
        files_section(maker),
        decisions_section(matter, maker),
        readers_section(matter, maker),
    ]
    agency = workspace.settings.agency
    return Document(
        kind="case",
        title=f"Case file {matter.name}",
        over=f"{harmless(agency.name, 80)}, {agency.ori} · {'full' if masker.reveal else 'masked'}",
        lede=f"{maker.sentence(first.title, SENTENCE_MAX).rstrip('.')}."
        + (f" And {counted(more, 'finding')} more." if more else "")
        + " A finding is a question put to a person, never a verdict.",
        sections=tuple(sections),
        foot=(
            f"Rules {first.rules_version}; model {first.model_id}.",
            "This copy shows identities: handle it as you would handle the trail itself."
            if masker.reveal
            else "Identities are pseudonyms; words of reasons that may name somebody are hidden.",
        ),
    )


def case_evidence(
    matter: CaseMatter, lake: Lake, workspace: Workspace, masker: Masker
) -> tuple[EvidenceMaker, dict[str, pa.Table]]:
    """Return what shows the evidence of a case, and the lookups of each finding."""
    evidence = lookups_of_all(matter.findings, lake)
    maker = EvidenceMaker(
        zone(workspace.settings.agency.timezone), masker, _sources(lake, evidence.values())
    )
    for rows in evidence.values():
        maker.meet(rows)
    return maker, evidence


def _sources(lake: Lake, tables: Iterable[pa.Table]) -> dict[str, dict[str, Any]]:
    """Return the sources that lookups stand in, by id."""
    wanted = {name for rows in tables for name in rows["source_id"].unique().to_pylist()}
    found = lake.pick(SOURCES, "source_id", wanted) if wanted else SOURCES.empty()
    return {row["source_id"]: row for row in found.to_pylist()}


def _why(finding: Finding, maker: EvidenceMaker, rows: pa.Table, chance: Sequence[str]) -> Section:
    """Return what speaks for and against one finding, and its nights."""
    standing = (
        f"{finding.severity}, priority {finding.priority / 1000:.1f}, {finding.status}; "
        f"{counted(len(finding.event_ids), 'lookup')}, first {maker.time(finding.first_seen)}, "
        f"last {maker.time(finding.last_seen)}."
    )
    blocks: list[Block] = [
        Sentences((standing, *chance)),
        Sentences(tuple(maker.sentence(one, SENTENCE_MAX) for one in finding.reasons), "list"),
    ]
    if finding.counter_evidence:
        blocks.append(Sentences(("What would explain it:",)))
        innocent = tuple(maker.sentence(one, SENTENCE_MAX) for one in finding.counter_evidence)
        blocks.append(Sentences(innocent, "list"))
    nights = _by_night(rows)
    if nights:
        bare, cased = (sum(both[n] for both in nights.values()) for n in (0, 1))
        words = (
            f"{counted(bare + cased, 'lookup')} on {counted(len(nights), 'night')}, "
            f"{min(nights)} to {max(nights)}; {cased:,} with a case number, {bare:,} without."
        )
        axis = span(min(nights), max(nights))
        blocks.append(Picture(nights_strip(nights, axis, words), words))
        rows_of = tuple((night, *nights[night]) for night in sorted(nights))
        columns = (
            Column("night", "Night", short=True),
            Column("without", "Without a case number", number=True),
            Column("with", "With one", number=True),
        )
        name = f"nights {finding.finding_id}"
        blocks.append(Table(name, "Timeline: lookups by night", columns, rows_of))
    title = maker.sentence(finding.title, SENTENCE_MAX)
    return Section(f"why-{finding.finding_id}", f"{finding.finding_id}: {title}", tuple(blocks))


def _by_night(rows: pa.Table) -> dict[str, tuple[int, int]]:
    """Count lookups by night: without and with a case number."""
    names = ("night", "case_id", "event_id", "lookup_id")
    heads = [row for row in rows.select(names).to_pylist() if row["event_id"] == row["lookup_id"]]
    counts = Counter((row["night"], bool(row["case_id"])) for row in heads)
    return {night: (counts[night, False], counts[night, True]) for night, _ in counts}


def _usual(matter: CaseMatter, lake: Lake, maker: EvidenceMaker) -> Section:
    """Return the operators' nights beside those of their peers, and what the model counted."""
    operators = sorted({who for one in matter.findings for who in one.operator_ids})
    nights = lake.nights(PAIR_NIGHTS)
    last = max(one.night for one in matter.findings)
    found = bands(lake, operators[:OPERATORS_MAX], [one for one in nights if one <= last])
    columns = (
        Column("operator", "Operator"),
        Column("role", "Role"),
        Column("counts", "Counted"),
        Column("nights", "Nights", number=True),
        Column("median", "Own median", number=True),
        Column("most", "Own most", number=True),
        Column("peers", "Peers", number=True),
        *(Column(name, f"Peers' {name}", number=True) for name in ("low", "middle", "high")),
    )
    rows = tuple(
        (
            maker.name("operator", one.operator_id),
            harmless(one.role, 40),
            one.counts,
            one.nights,
            one.median,
            one.most,
            one.peers,
            *((one.low, one.middle, one.high) if one.peers >= PEERS_LEAST else ("too few",) * 3),
        )
        for one in found
    )
    caption = (
        f"Nights with a lookup, up to {last}, beside others of the same role: their 5th, 50th and "
        f"95th percentile, where there are {PEERS_LEAST} or more"
    )
    note = len(operators) - OPERATORS_MAX
    more = (
        (Sentences((f"{note:,} more operators stand in the lookups only.",)),) if note > 0 else ()
    )
    return Section("usual", "What is usual", (Table("peers", caption, columns, rows), *more))


def _lookups(matter: CaseMatter, evidence: dict[str, pa.Table], maker: EvidenceMaker) -> Section:
    """Return every lookup with the line of the file that it stands in."""
    rows = tuple(
        row
        for one in matter.findings
        for row in maker.rows(one.finding_id, evidence[one.finding_id])
    )
    shown = sum(one.num_rows for one in evidence.values())
    said = [f"{counted(shown, 'record')} of the trail; machine-made followers name their lookup."]
    for one in matter.findings:
        said += maker.cut_short(one, matter.pieces[one.finding_id])
    table = Table("lookups", "Records, oldest first", EVIDENCE_COLUMNS, rows)
    return Section("lookups", "The lookups", (Sentences(tuple(said)), table))
