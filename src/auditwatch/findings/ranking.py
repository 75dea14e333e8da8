"""Priority: one integer in milli-decades, the one order of the one queue."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Final

from auditwatch.findings.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditwatch.findings.model import Piece

__all__ = [
    "pattern_severity",
    "priority",
    "strengths",
    "strongest_severity",
    "worth",
]

#: Milli-decades of one hit of a rule or a statement, by severity. One medium hit stands where a
#: pattern stands that one operator in 300 reaches on a night: at 3000 a few rules of single
#: lookups, most of them honest work, took a quarter of the reviewers' week from what goes on.
BY_SEVERITY: Final = {
    "informational": 500,
    "low": 1500,
    "medium": 2500,
    "high": 5000,
    "critical": 7000,
}
#: The same of a gap in the trail: gaps have an order among themselves and stand below whatever asks
#: about a person, so that a broken export cannot push misuse out of the reviewers' week. The night
#: report shows them apart.
BY_GAP: Final = {"informational": 50, "low": 100, "medium": 200, "high": 300, "critical": 400}
REPEAT_MAX: Final = 1500

#: What a soft matter of a whole unit or agency is worth less than one of a person, milli-decades: a
#: habit of many is a fault of a process, and its owner mends it once.
OF_MANY: Final = 1000
SOFT: Final = ("informational", "low", "medium")
LEAST_WORTH: Final = 300

#: What a view's word is worth beside its number, before any decision, in milli-decades; never more
#: than 700 either way. A trickle without cases is how many honest posts work.
BY_VIEW: Final = {"harvest": -700}

#: Least milli-decades of a pattern's severity, strongest first.
PATTERN_FLOORS: Final = ((8000, "critical"), (5000, "high"), (3000, "medium"), (2000, "low"))


def pattern_severity(surprise_milli: int) -> str:
    """Return the severity word of a surprise in milli-decades."""
    for floor, severity in PATTERN_FLOORS:
        if surprise_milli >= floor:
            return severity
    return "informational"


def worth(story: str, severity: str, stories: int) -> int:
    """Return the milli-decades of one piece of a rule or a statement.

    Parameters
    ----------
    story, severity : str
        Of the piece.
    stories : int
        In how many stories this rule or statement speaks that night.

    Notes
    -----
    A severity says how bad it is if true, not how often it is. What one night says of ten operators
    is worth a decade less than what it says of one: most of it is what is usual here. So no rule
    fills the queue, however many it fires on, and no other night is looked at.
    """
    whole = BY_SEVERITY[severity] - OF_MANY * (story in ("unit", "agency") and severity in SOFT)
    return max(whole - round(1000 * log10(max(stories, 1))), min(whole, LEAST_WORTH))


def strengths(pieces: Iterable[Piece]) -> dict[tuple[str, str], int]:
    """Return the milli-decades of each (source, source id) over all its nights.

    Notes
    -----
    A pattern counts as its strongest night: its windows overlap, so nights do not add up.
    A rule or statement counts by severity, and log10 of its distinct nights on top: at most 1.5
    decades and at most half of the severity itself. For an operator, a unit or an agency only
    what is high or critical gains by repetition: whoever works much repeats every soft matter.
    The number of lookups does not count at all.
    """
    nights: dict[tuple[str, str], set[str]] = {}
    best: dict[tuple[str, str], int] = {}
    for piece in pieces:
        name = (piece.source, piece.source_id)
        best[name] = max(best.get(name, 0), _single(piece))
        nights.setdefault(name, set()).update([piece.night] if _gains(piece) else [])
    return {name: value + _repeats(value, len(nights[name])) for name, value in best.items()}


def _gains(piece: Piece) -> bool:
    """Tell whether repetition makes this evidence stronger."""
    narrow = piece.story in ("pair", "subject") or piece.severity in ("high", "critical")
    return narrow and piece.source not in ("pattern", "gap")


def _single(piece: Piece) -> int:
    """Return the milli-decades of one piece by itself."""
    if piece.source == "gap":
        return BY_GAP[piece.severity]
    if piece.story == "gap":
        return 0
    if piece.source == "pattern":
        return max(piece.surprise_milli + BY_VIEW.get(piece.source_id, 0), 0)
    return piece.surprise_milli or worth(piece.story, piece.severity, 1)


def _repeats(base: int, nights: int) -> int:
    """Return what repetition adds, in milli-decades."""
    return min(round(1000 * log10(max(nights, 1))), REPEAT_MAX, base // 2)


def priority(strength: dict[tuple[str, str], int]) -> int:
    """Return best plus half of the best of another family, in milli-decades.

    Parameters
    ----------
    strength : dict
        As from `strengths`.

    Notes
    -----
    All rules are one family, so is the policy; each view is one of its own. Two rules on the same
    act are one observation, two views are two.
    """
    families: dict[str, int] = {}
    for (source, source_id), value in strength.items():
        family = f"pattern:{source_id}" if source == "pattern" else source
        families[family] = max(families.get(family, 0), value)
    first, *rest = sorted(families.values(), reverse=True)
    return first + (rest[0] // 2 if rest else 0)


def strongest_severity(pieces: Sequence[Piece]) -> str:
    """Return the strongest severity word among pieces."""
    return max((piece.severity for piece in pieces), key=SEVERITIES.index)
