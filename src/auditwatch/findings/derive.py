"""From all evidence of a story to its finding: a pure function, so nights may come in any order."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from auditwatch.findings import sentences
from auditwatch.findings.gaps import is_standing
from auditwatch.findings.identity import finding_id
from auditwatch.findings.model import Finding, Piece
from auditwatch.findings.ranking import priority, strengths, strongest_severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.findings.model import Review

__all__ = ["assemble", "covers", "derive", "home", "status"]


class Covers(msgspec.Struct, frozen=True):
    """How much evidence a reviewer had before them."""

    sources: list[str]
    last_seen: str
    lookups: int
    digest: str


def home(piece: Piece) -> str:
    """Return the id of the finding that a piece belongs to."""
    return finding_id(piece.story, piece.agency, piece.key)


def assemble(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    """Return finding_id to its evidence, both in a total order."""
    groups: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        groups[home(piece)].append(piece)
    return {name: sorted(own, key=_order) for name, own in sorted(groups.items())}


def _order(piece: Piece) -> tuple[str, ...]:
    """Return the total order of evidence."""
    return (piece.night, piece.source, piece.source_id)


def derive(
    name: str, pieces: Sequence[Piece], versions: Mapping[str, tuple[str, str]], last: Review | None
) -> Finding:
    """Return the finding that all its evidence makes.

    Parameters
    ----------
    name : str
        Its id.
    pieces : sequence of Piece
        All its evidence, in the order of `assemble`.
    versions : mapping
        Night to (rules_version, model_id).
    last : Review or None
        The latest review, if any.
    """
    every, pieces = pieces, _standing(pieces)
    strength = strengths(pieces)
    source, source_id = min(strength, key=lambda one: (-strength[one], one))
    strongest = next(p for p in pieces if (p.source, p.source_id) == (source, source_id))
    story, night = pieces[0].story, max(piece.night for piece in pieces)
    rules_version, model_id = versions.get(night, ("", ""))
    return Finding(
        finding_id=name,
        kind="gap" if story == "gap" else source,
        rule_id=source_id,
        severity=strongest_severity(pieces),
        priority=priority(strength),
        night=night,
        operator_ids=_union(pieces, "operator_ids"),
        subject_ids=_union(pieces, "subject_ids"),
        event_ids=_union(pieces, "event_ids"),
        first_seen=min(piece.first_time for piece in pieces),
        last_seen=max(piece.last_time for piece in pieces),
        title=sentences.title(story, pieces[0].key, strongest, pieces),
        reasons=sentences.reasons(pieces, strength),
        counter_evidence=(
            *sentences.lifted(every),
            *sentences.counter_evidence(pieces, strength),
        ),
        rules_version=rules_version,
        model_id=model_id,
        status=status(every, last),
        story=story,
        days=_union(pieces, "days"),
        suppressed_by="" if _asks(every) else sentences.exceptions(every),
    )


def _asks(pieces: Sequence[Piece]) -> bool:
    """Tell whether some evidence is not lifted by an exception."""
    return any(not piece.suppressed_by for piece in pieces)


def _standing(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the evidence that no exception lifts; all of it when there is none."""
    return [piece for piece in pieces if not piece.suppressed_by] or pieces


def status(pieces: Sequence[Piece], last: Review | None) -> str:
    """Return open, decided, or reopened when evidence came that the last review did not cover.

    A finding all of whose evidence is lifted by exceptions is suppressed, whatever was decided.
    """
    if not _asks(pieces):
        return "suppressed"
    pieces = _standing(pieces)
    if last is None or last.disposition == "withdrawn":
        return "open"
    if all(is_standing(piece) for piece in pieces):
        return "decided"
    seen = msgspec.json.decode(last.covers, type=Covers)
    present = _coverage(pieces)
    if present.digest == seen.digest:
        return "decided"
    # a rule that is corrected takes evidence away: that is no reason to ask again
    grown = (
        set(present.sources) - set(seen.sources)
        or present.last_seen > seen.last_seen
        or present.lookups > seen.lookups
    )
    return "reopened" if grown else "decided"


def covers(pieces: Sequence[Piece]) -> str:
    """Return what a review of these pieces covers, as text to keep beside it."""
    return msgspec.json.encode(_coverage(_standing(pieces))).decode("utf-8")


def _coverage(pieces: Sequence[Piece]) -> Covers:
    """Measure the evidence."""
    events = _union(pieces, "event_ids")
    return Covers(
        sources=sorted({f"{piece.source}:{piece.source_id}" for piece in pieces}),
        last_seen=max((piece.last_time for piece in pieces), default=""),
        lookups=len(events),
        digest=hashlib.sha256(msgspec.json.encode(events)).hexdigest(),
    )


def _union(pieces: Sequence[Piece], name: str) -> tuple[str, ...]:
    """Return the sorted distinct values of a tuple field over pieces."""
    return tuple(sorted({value for piece in pieces for value in getattr(piece, name)}))
