"""From verdicts, hits and surprises of one night to pieces of evidence, one for each story."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.errors import IntegrityError
from auditwatch.core.redaction import is_mask
from auditwatch.findings.gaps import gap_pieces
from auditwatch.findings.model import SEVERITIES, Piece
from auditwatch.findings.ranking import pattern_severity, worth

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from auditwatch.findings.gaps import Gap

__all__ = ["FACT_COLUMNS", "UNMAPPED", "gather"]

#: Columns of LOOKUPS that gathering reads.
FACT_COLUMNS: Final = (
    "event_id",
    "event_time",
    "night",
    "operator_id",
    "operator_unit",
    "agency",
    "subject_id",
)

#: What `missing` says of a lookup whose transaction no catalogue knows: counted, never a finding.
UNMAPPED: Final = "transaction"
#: What `missing` begins with where a field or a whole table is not there, for all agencies alike.
WITHOUT: Final = ("field:", "context:")
EVENT_IDS_MAX: Final = 10_000  # of one piece; its count of lookups stays true
GAP_EVENT_IDS_MAX: Final = 100  # a gap concerns whole sources: examples are enough

TITLES: Final = {
    "forbidden": "Forbidden use",
    "not_permitted": "No permit covers it",
    "justification_missing": "Justification missing",
    "unknown_purpose": "Purpose code not known",
    "no_purpose": "No purpose given",
    "cannot_decide": "No verdict possible",
}


class Fact(NamedTuple):
    """What gathering needs to know of one lookup."""

    event_id: str
    time: str
    night: str
    operator: str
    unit: str
    agency: str
    subject: str


@dataclass(frozen=True)
class Row:
    """One verdict or hit, in the shape in which both are gathered."""

    fact: Fact
    story: str
    key: tuple[str, ...]
    source: str
    source_id: str
    severity: str
    says: str
    against: str
    title: str
    suppressed_by: str


def gather(
    night: str,
    verdicts: pa.Table,
    hits: pa.Table,
    surprises: pa.Table,
    facts: pa.Table,
    *,
    gaps: Iterable[Gap] = (),
) -> list[Piece]:
    """Group one night's results into pieces of evidence by the story each declares.

    Parameters
    ----------
    night : str
        Agency-local date, ISO.
    verdicts, hits, surprises : pa.Table
        Rows of that night; permitted verdicts may be left in.
    facts : pa.Table
        LOOKUPS rows (at least `FACT_COLUMNS`) of every event_id referred to.
    gaps : iterable of Gap
        What that night is missing.

    Returns
    -------
    list of Piece
        In a total order: the same results give the same list whatever their row order.

    Raises
    ------
    IntegrityError
        ``AW-FINDINGS-001`` when a result names a lookup that `facts` does not have.

    Notes
    -----
    An unmapped transaction is counted in the night's summary and never becomes a finding. What
    cannot be decided is one gap for each missing field or table, else for each agency and item.
    """
    known = _facts(facts)
    rows = [*_policy_rows(verdicts, known), *_rule_rows(hits, known)]
    pieces = [
        *_grouped(night, rows),
        *_patterns(night, surprises, known),
        *gap_pieces(night, gaps),
    ]
    # a view may look through several windows: the strongest stands for the night
    pieces.sort(key=lambda p: (p.surprise_milli, p.says, p.event_ids))
    found = {(p.story, p.agency, p.key, p.source, p.source_id, p.suppressed_by): p for p in pieces}
    return _weighed([found[name] for name in sorted(found)])


def _weighed(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces in which a rule or a statement weighs less the more it speaks that night."""
    speaks = Counter((piece.source, piece.source_id) for piece in pieces)
    return [
        replace(
            piece,
            surprise_milli=worth(
                piece.story, piece.severity, speaks[piece.source, piece.source_id]
            ),
        )
        if piece.source in ("policy", "rule") and piece.story != "gap"
        else piece
        for piece in pieces
    ]


def _facts(table: pa.Table) -> dict[str, Fact]:
    """Return facts by event_id."""
    columns = [table[name].to_pylist() for name in FACT_COLUMNS]
    found = {}
    for event_id, time, night, operator, unit, agency, subject in zip(*columns, strict=True):
        found[event_id] = Fact(
            event_id,
            _iso(time),
            night,
            "" if is_mask(operator) else operator,
            unit or "unknown",
            agency or "",
            subject or "",
        )
    return found


def _iso(time: datetime) -> str:
    """Return an instant as ISO 8601 in UTC, always of one length, so that text order is time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _known(event_id: str, facts: Mapping[str, Fact]) -> Fact:
    """Return the facts of a lookup that a result refers to."""
    if event_id not in facts:
        raise IntegrityError(
            "a result names a lookup that is not in the lake",
            code="AW-FINDINGS-001",
            where=event_id[:80],
            hint="run the scan again; if it stays, run auditwatch verify",
        )
    return facts[event_id]


def _policy_rows(verdicts: pa.Table, facts: Mapping[str, Fact]) -> Iterator[Row]:
    """Yield the verdicts that ask for a person."""
    word = pc.cast(verdicts["verdict"], pa.string())
    missing = pc.fill_null(pc.cast(verdicts["missing"], pa.string()), "")
    settled = pc.equal(word, "permitted")
    unmapped = pc.and_(pc.equal(word, "cannot_decide"), pc.equal(missing, UNMAPPED))
    asking = verdicts.filter(pc.invert(pc.or_(settled, unmapped)))
    for row in asking.to_pylist():
        fact = _known(row["event_id"], facts)
        # what an exception lifts is gathered as what it would be without
        verdict, lacks = row["lifted"] or row["verdict"], row["missing"] or "unknown"
        if verdict == "cannot_decide":
            # what no source tells, or nobody gave, is one question whosever lookups they are
            whose = "" if lacks.startswith(WITHOUT) else fact.agency
            yield Row(
                fact._replace(agency=whose),
                "gap",
                (lacks,),
                "policy",
                f"missing:{lacks}",
                "informational",
                row["says"] or "",
                "",
                TITLES[verdict],
                row["suppressed_by"] or "",
            )
            continue
        statement, says = row["statement_id"] or "", row["says"] or ""
        source_id = statement if verdict == "forbidden" else f"{statement}:{verdict}".lstrip(":")
        story, key = _story(row["story"], source_id, fact)
        title = f"{TITLES[verdict]} ({statement})"
        if verdict == "forbidden":
            title = says.partition(". ")[0]
        lifted = row["suppressed_by"] or ""
        yield Row(fact, story, key, "policy", source_id, row["severity"], says, "", title, lifted)


def _rule_rows(hits: pa.Table, facts: Mapping[str, Fact]) -> Iterator[Row]:
    """Yield the hits."""
    for row in hits.to_pylist():
        fact = _known(row["event_id"], facts)
        rule_id, innocent = row["rule_id"], row["innocent"] or ""
        story, key = _story(row["story"], rule_id, fact)
        says, title = row["says"] or "", row["title"] or rule_id
        lifted = row["suppressed_by"] or ""
        yield Row(fact, story, key, "rule", rule_id, row["severity"], says, innocent, title, lifted)


def _story(story: str, source_id: str, fact: Fact) -> tuple[str, tuple[str, ...]]:
    """Return the story and key of one lookup; half a pair is the operator's story.

    A masked operator is no person: what one rule asks of all of them is one question.

    One question is one finding: what two rules ask of one operator are two stories, unless both
    are about one subject.
    """
    if story == "pair" and fact.subject and fact.operator:
        return "pair", (fact.operator, fact.subject)
    if story == "subject" and fact.subject:
        return "subject", (fact.subject,)
    if story == "unit":
        return "unit", (source_id, fact.unit)
    if story == "agency":
        return "agency", (source_id,)
    return "operator", (fact.operator, source_id)


def _grouped(night: str, rows: Iterable[Row]) -> Iterator[Piece]:
    """Yield one piece for each story and source."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        name = (row.story, row.fact.agency, row.source, row.source_id, row.suppressed_by)
        groups[*name, *row.key].append(row)
    for members in groups.values():
        # the strongest first, then the earliest: its sentence stands for the others
        members.sort(key=lambda r: (-SEVERITIES.index(r.severity), r.fact.time, r.fact.event_id))
        first = members[0]
        yield _piece(
            {row.fact for row in members},
            night=night,
            story=first.story,
            key=first.key,
            source=first.source,
            source_id=first.source_id,
            severity=first.severity,
            says=first.says,
            against=_lines(row.against for row in members),
            title=first.title,
            suppressed_by=first.suppressed_by,
            varies=any(row.says != first.says for row in members),
        )


def _patterns(night: str, surprises: pa.Table, facts: Mapping[str, Fact]) -> Iterator[Piece]:
    """Yield one piece for each surprise."""
    for row in surprises.to_pylist():
        story = row["story"]
        operator, subject = row["operator_id"] or "", row["subject_id"] or ""
        keys = {
            "pair": (operator, subject),
            "subject": (subject,),
            "operator": (operator, row["view"]),
        }
        names = [name for name in (row["event_ids"] or "").split("\n") if name]
        surprise = row["surprise_milli"]
        yield _piece(
            {_known(name, facts) for name in names},
            night=night,
            story=story,
            key=keys[story],
            source="pattern",
            source_id=row["view"],
            severity=pattern_severity(surprise),
            says=row["says"] or "",
            against=row["against"] or "",
            surprise_milli=surprise,
            title=row["title"] or "",
        )


def _piece(
    facts: Collection[Fact], *, night: str, story: str, key: tuple[str, ...], **more: Any
) -> Piece:
    """Put a piece together from its lookups."""
    gap = story == "gap"
    times = sorted((fact.time, fact.event_id) for fact in facts)
    limit = GAP_EVENT_IDS_MAX if gap else EVENT_IDS_MAX
    operators = {fact.operator for fact in facts} | ({key[0]} if story in _OPERATOR_KEY else set())
    subjects = {fact.subject for fact in facts if fact.subject} | set(_named_subjects(story, key))
    midnight = f"{night}T00:00:00.000000Z"  # a pattern may have no lookup of its own
    return Piece(
        night=night,
        story=story,
        agency=min((fact.agency for fact in facts if fact.agency), default=""),
        key=key,
        lookups=len(facts),
        event_ids=tuple(sorted(name for _, name in times[:limit])),
        operator_ids=() if gap else tuple(sorted(filter(None, operators))),
        subject_ids=() if gap else tuple(sorted(subjects)),
        days=tuple(sorted({fact.night for fact in facts})),
        first_time=times[0][0] if times else midnight,
        last_time=times[-1][0] if times else midnight,
        **more,
    )


_OPERATOR_KEY: Final = ("pair", "operator")


def _named_subjects(story: str, key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the subject that a key names, if it names one."""
    return key[-1:] if story in ("pair", "subject") else ()


def _lines(texts: Iterable[str]) -> str:
    """Join the distinct lines of several texts, in the order in which they first appear."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.split("\n") if line))
