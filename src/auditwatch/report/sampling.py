"""The packet that an auditor asks for: lookups drawn at random, and lookups that findings name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from auditwatch.core.clock import zone
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.core.words import harmless
from auditwatch.findings.sentences import counted
from auditwatch.report.document import Column, Document, Section, Sentences, Table
from auditwatch.report.evidence import EVIDENCE_COLUMNS, EvidenceMaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding
    from auditwatch.findings.store import Store
    from auditwatch.report.document import Cell

__all__ = ["sample_paper"]

OPEN: Final = ("open", "reopened")
ASKING: Final = ("policy", "rule", "pattern")

#: Left empty for whoever answers; the sheet is filled in by hand.
BLANKS: Final = (
    Column("justification", "Justification", blank=True),
    Column("purpose_of_use", "Purpose of use", blank=True),
    Column("dissemination", "Given on to", blank=True),
    Column("answered_by", "Answered by, on", blank=True),
)
#: What an auditor's sheet shows of a record, by name.
SHOWN: Final = (
    "time",
    "operator",
    "requester",
    "subject",
    "asked",
    "purpose",
    "reason",
    "case",
    "file",
    "line",
    "record",
)


def sample_paper(
    store: Store,
    lake: Lake,
    workspace: Workspace,
    masker: Masker,
    *,
    nights: Sequence[str],
    at_random: int,
    at_risk: int,
    seed: int,
) -> Document:
    """Return the packet of some nights.

    Parameters
    ----------
    store, lake, workspace : Store, Lake, Workspace
        Where findings and lookups are, and whose.
    masker : Masker
        Shows or masks identities.
    nights : sequence of str
        ISO dates to draw from, in order.
    at_random, at_risk : int
        Lookups to draw from all, and lookups to take from the most pressing findings, one each.
    seed : int
        The same seed, nights and lake give the same packet.

    Raises
    ------
    UsageError
        ``AW-REPORT-009`` when none of these nights has a lookup.

    Notes
    -----
    Drawn are the lookups whose SHA-256 of seed and id is least: every lookup has the same chance,
    the order of files does not matter, and nobody can choose. Rows of the two parts stay apart,
    since only those drawn at random say something about the whole.
    """
    drawn, total = _draw(lake, nights, at_random, seed)
    if not total:
        raise UsageError(
            "no lookup was made on these nights",
            code="AW-REPORT-009",
            where=f"{nights[0]} to {nights[-1]}" if nights else "",
            hint="leave out --from and --to to draw from every night",
        )
    pressing = _pressing(store, set(nights), at_risk)
    wanted = {name for one in pressing for name in one.event_ids} | set(drawn)
    rows = {row["event_id"]: row for row in _rows(lake, wanted, nights).to_pylist()}
    risky = _one_each(pressing, rows)
    sources = {row["source_id"]: row for row in lake.read(SOURCES).to_pylist()}
    agency = workspace.settings.agency
    maker = EvidenceMaker(zone(agency.timezone), masker, sources)
    stretch = f"{nights[0]} to {nights[-1]}"
    return Document(
        kind="sample",
        title=f"Audit sample, {stretch}",
        over=f"{harmless(agency.name, 80)}, {agency.ori} · {'full' if masker.reveal else 'masked'}",
        lede=(
            f"{counted(len(drawn), 'lookup')} drawn at random from {total:,}, and "
            f"{counted(len(risky), 'lookup')} that the most pressing findings name."
        ),
        sections=(
            _part("random", "Drawn at random", maker, [rows[name] for name in drawn], {}),
            _part("risk", "Named by findings", maker, [rows[name] for name in risky], risky),
        ),
        foot=(
            f"Seed {seed}: the same seed, nights and lake draw the same lookups.",
            "Only the part drawn at random says something about all lookups.",
        ),
    )


def _draw(lake: Lake, nights: Sequence[str], number: int, seed: int) -> tuple[list[str], int]:
    """Return the ids of lookups drawn at random, as drawn, and how many lookups there are."""
    least: list[tuple[bytes, str]] = []
    total = 0
    names = ["event_id", "lookup_id", "origin"]
    for batch in lake.batches(LOOKUPS, nights, names):
        heads = [
            row["event_id"]
            for row in batch.to_pylist()
            if row["event_id"] == row["lookup_id"] and row["origin"] == "manual"
        ]
        total += len(heads)
        draws = [(hashlib.sha256(f"{seed}:{name}".encode()).digest(), name) for name in heads]
        least = sorted([*least, *draws])[:number]
    return [name for _, name in least], total


def _pressing(store: Store, nights: set[str], number: int) -> list[Finding]:
    """Return the most pressing open findings with a lookup on these nights."""
    queue = store.findings(statuses=OPEN, kinds=ASKING)
    return [one for one in queue if nights & set(one.days)][:number]


def _one_each(findings: list[Finding], rows: Mapping[str, Any]) -> dict[str, str]:
    """Return the first lookup of each finding that these nights have, with the finding."""
    found: dict[str, str] = {}
    for finding in findings:
        there = [name for name in finding.event_ids if name in rows and name not in found]
        if there:
            found[there[0]] = finding.finding_id
    return found


def _rows(lake: Lake, wanted: Iterable[str], nights: Sequence[str]) -> pa.Table:
    """Return the records of some lookups."""
    return lake.pick(LOOKUPS, "event_id", wanted, nights).cast(LOOKUPS.schema)


def _part(
    name: str, title: str, maker: EvidenceMaker, rows: list[dict[str, Any]], why: dict[str, str]
) -> Section:
    """Return one part of the packet."""
    places = {column.name: place for place, column in enumerate(EVIDENCE_COLUMNS)}
    found: list[tuple[Cell, ...]] = []
    for number, row in enumerate(rows, start=1):
        shown = maker.row(row)
        more = (why[row["event_id"]],) if why else ()
        found.append((number, *(shown[places[one]] for one in SHOWN), *more, *("",) * len(BLANKS)))
    columns = (
        Column("number", "No.", number=True),
        *(EVIDENCE_COLUMNS[places[one]] for one in SHOWN),
        *((Column("finding", "Finding", short=True),) if why else ()),
        *BLANKS,
    )
    note = Sentences(("Fill in the last four columns, from papers of that day.",))
    return Section(name, title, (note, Table(name, title, columns, tuple(found))))
