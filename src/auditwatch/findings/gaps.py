"""Gaps: what is missing from the trail or was altered in it, as evidence of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.findings.model import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KINDS", "Gap", "Kind", "gap_pieces", "is_standing"]


@dataclass(frozen=True)
class Kind:
    """A kind of gap.

    Parameters
    ----------
    title : str
        What happened, in a few words; followed by the place.
    severity : str
        One of `SEVERITIES`.
    innocent : str
        What would explain it without anyone having done wrong.
    standing : bool
        A property of a source rather than an event: once decided it is not asked again because
        the next file has it too.
    """

    title: str
    severity: str
    innocent: str
    standing: bool = False


#: Every kind of gap that becomes a finding. What none of these names is listed and no finding.
KINDS: Final = {
    "missing_number": Kind(
        "Running numbers are missing",
        "medium",
        "A transaction that was begun and not finished, or a restart of the system that numbers, "
        "may use a number up. Compare with the system's own list.",
    ),
    "missing_lines": Kind(
        "Lines of a session are missing",
        "medium",
        "The log may have been filtered, or its middle rotated into a file that was not delivered.",
    ),
    "numbers_not_ours": Kind(
        "Running numbers are missing every night",
        "informational",
        "The source seems to number records that it does not export, such as those of other "
        "agencies. Ask who else its counter counts.",
        standing=True,
    ),
    "number_jump": Kind(
        "Running numbers jump",
        "low",
        "The counter may have been set anew, or a second one taken into use.",
        standing=True,
    ),
    "silent_hours": Kind(
        "Silent hours",
        "medium",
        "A holiday, a closed office, planned maintenance or a line that was down.",
    ),
    "silent_night": Kind(
        "Silent nights",
        "medium",
        "Nobody worked, or the export of those nights has not come yet.",
    ),
    "vanished_file": Kind(
        "Delivered files are gone",
        "medium",
        "Somebody may tidy the drop folder; what the files held is kept.",
    ),
    "shrunk_file": Kind(
        "A delivered file shrank",
        "high",
        "A log may have been begun anew under its old name; what it held before is kept.",
    ),
    "replaced_file": Kind(
        "A delivered file was changed",
        "high",
        "An export may have been corrected and delivered again; what it held before is kept.",
    ),
    "reordered_file": Kind(
        "A delivered file was put in another order",
        "low",
        "The export may sort its records by another column now.",
    ),
    "backdated_file": Kind(
        "A file came late with old records",
        "medium",
        "Devices that were offline deliver late, and somebody may have loaded an older trail.",
    ),
    "future_records": Kind(
        "Records are dated after their file",
        "medium",
        "The clock of the source, or of the machine that holds the file, may be wrong.",
    ),
    "overlapping_file": Kind(
        "Files overlap",
        "informational",
        "Exports cut at local midnight but stamped in UTC overlap by some hours.",
        standing=True,
    ),
    "overdue_source": Kind(
        "A source is overdue",
        "medium",
        "The export may run later than it is due; overdue_hours in auditwatch.toml says when.",
    ),
    "stopped_column": Kind(
        "A column is no longer exported",
        "medium",
        "The vendor may have renamed it: then the mapping needs the new name.",
    ),
    "clock_skew": Kind(
        "Two clocks differ",
        "low",
        "One of the two may log when it passes a lookup on, not when it was made.",
        standing=True,
    ),
    "quoted_records": Kind(
        "Records inside a quoted value",
        "medium",
        "Two stray quotes, or a text that was copied from another log.",
    ),
    "contradicting_copies": Kind(
        "Copies of one record contradict each other",
        "medium",
        "An export may have been corrected between the two, or its ids may not be unique.",
    ),
    "faded_column": Kind(
        "A column says less than before",
        "medium",
        "Whoever released the log may have had to mask it from now on.",
    ),
}


@dataclass(frozen=True)
class Gap:
    """One gap as one night sees it.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    about : tuple of str
        With the kind, what makes it this story and no other: nights that see the same go into one
        finding.
    place : str
        Which source, or which of its systems; completes the title.
    says : str
        One plain sentence with its numbers.
    first_time, last_time : str
        What it spans, ISO 8601 in UTC; empty for the night itself.
    """

    kind: str
    about: tuple[str, ...]
    place: str
    says: str
    first_time: str = ""
    last_time: str = ""


def gap_pieces(night: str, gaps: Iterable[Gap]) -> list[Piece]:
    """Return the evidence that gaps of one night are, one piece for each story.

    Parameters
    ----------
    night : str
        Agency-local date on which they were judged, ISO.
    gaps : iterable of Gap
        In any order; of several with one story the last in sort order stands for the night.
    """
    stories = {(gap.kind, *gap.about): gap for gap in sorted(gaps, key=lambda gap: gap.says)}
    return [_piece(night, key, gap) for key, gap in sorted(stories.items())]


def _piece(night: str, key: tuple[str, ...], gap: Gap) -> Piece:
    """Return one piece; it has no lookups: what is missing has no row."""
    kind = KINDS[gap.kind]
    midnight = f"{night}T00:00:00.000000Z"
    return Piece(
        night=night,
        story="gap",
        agency="",
        key=key,
        source="gap",
        source_id=gap.kind,
        severity=kind.severity,
        says=gap.says,
        against=kind.innocent,
        lookups=0,
        event_ids=(),
        operator_ids=(),
        subject_ids=(),
        days=(night,),
        first_time=gap.first_time or midnight,
        last_time=gap.last_time or midnight,
        title=f"{kind.title}: {gap.place}" if gap.place else kind.title,
    )


def is_standing(piece: Piece) -> bool:
    """Tell whether evidence is of a gap that stays: no reason to ask again after a decision."""
    return piece.source == "gap" and KINDS[piece.source_id].standing
