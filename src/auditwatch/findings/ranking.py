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

#: Milli-decades of one hit of a rule or a statement, by severity. Half a decade less than a view
#: would need for the same word: a view has been measured against recent nights, a rule has not, and
#: its single lookups, most of them honest work, took a quarter of the reviewers' week from what
#: goes on.
BY_SEVERITY: Final = {
    "informational": 300,
    "low": 1000,
    "medium": 2000,
    "high": 4500,
    "critical": 6500,
}
#: The same of a gap in the trail: gaps have an order among themselves and stand below whatever asks
#: about a person, so that a broken export cannot push misuse out of the reviewers' week. The night
#: report shows them apart.
BY_GAP: Final = {"informational": 50, "low": 100, "medium": 200, "high": 300, "critical": 400}
#: Decades of nights beyond which repetition adds nothing more: about a month.
TENFOLDS_MAX: Final = 1.5

#: What a soft matter of a whole unit or agency is worth less than one of a person, milli-decades: a
#: habit of many is a fault of a process, and its owner mends it once.
OF_MANY: Final = 1000
SOFT: Final = ("informational", "low", "medium")
LEAST_WORTH: Final = 300

#: What a view's word is worth beside its number, before any decision, in milli-decades; never more
#: than a decade either way. Of findings that a view led on invented cities of development, one in
#: four of the pair view was misuse, one in ninety of the harvest view: a trickle without cases is
#: how many honest posts work, coming back to one person without a case is how few do. More than a
#: quarter for it costs views that find other misuse their place. A crowd of one night is mostly
#: news or a broadcast. Rare transactions and workups of one person are what detectives do before
#: there is a number, and took more of the week than any other habit. Of names tried in a row five
#: findings in eleven were misuse.
BY_VIEW: Final = {
    "harvest": -1000,
    "mix": -1000,
    "burst": -1000,
    "dossier": -500,
    "tie": -250,
    "pair": 250,
    "search": 500,
}
#: What each tenfold of nights adds to a view's word, milli-decades, for 1.5 tenfolds at most: what
#: goes on is seldom chance. A post that works like a harvest does so every night, and so does one
#: with rare transactions; half so, one that works through lists. Broadcasts are over in a day,
#: curiosity trickles in; who is called out once seldom is again and again without a case.
LASTING: Final = {
    "harvest": 0,
    "mix": 0,
    "run": 500,
    "burst": 2500,
    "shift": 2000,
}
LASTING_OTHERWISE: Final = 1000
#: What it adds to a pair that its lookups ask for the person under several records, such as the
#: person one day and the car another: one in two of these was misuse, one in seven of the others.
SEVERAL: Final = 900
#: What a story of many operators loses, milli-decades for each tenfold of them.
SPREAD: Final = 500

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
    whole = BY_SEVERITY[severity]
    if story in ("unit", "agency") and severity in SOFT:
        whole = max(whole - OF_MANY, whole // 5)  # the words keep their order
    return max(whole - round(1000 * log10(max(stories, 1))), min(whole, LEAST_WORTH))


def strengths(pieces: Iterable[Piece]) -> dict[tuple[str, str], int]:
    """Return the milli-decades of each (source, source id) over all its nights.

    Notes
    -----
    Each counts as its strongest night, and log10 of its distinct nights on top, at most 1.5
    decades: what goes on is seldom chance. The windows of a pattern overlap, so its surprises are
    not added up. A rule or statement gains at most half of its severity. For an operator, a unit
    or an agency only what is high or critical gains: whoever works much repeats every soft matter.

    In a story of a unit or an agency, nights count for each operator, and the more operators it
    has, the less it weighs: one clerk who does it on thirty nights is a person, thirty who did it
    once each are a habit. The number of lookups does not count at all.
    """
    own: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        own.setdefault((piece.source, piece.source_id), []).append(piece)
    return {name: _strength(of_one) for name, of_one in own.items()}


def _strength(pieces: Sequence[Piece]) -> int:
    """Return the milli-decades of all evidence of one source."""
    base = max(map(_single, pieces))
    nights = len({piece.night for piece in pieces if _gains(piece)})
    if pieces[0].source == "pattern":
        return base + _pattern_gain(pieces, nights)
    many = 1
    if pieces[0].story in ("unit", "agency") and pieces[0].source != "gap":
        many = max(1, len({name for piece in pieces for name in piece.operator_ids}))
        base = max(base - round(SPREAD * log10(many)), min(base, LEAST_WORTH))
    return base + min(_tenfolds(nights / many, 1000), base // 2)


def _pattern_gain(pieces: Sequence[Piece], nights: int) -> int:
    """Return what nights, and several records of one person, add to a view's word."""
    view, story = pieces[0].source_id, pieces[0].story
    gain = _tenfolds(nights, LASTING.get(view, LASTING_OTHERWISE))
    subjects = {name for piece in pieces for name in piece.subject_ids}
    return gain + SEVERAL * (view == "pair" and story == "pair" and len(subjects) > 1)


def _tenfolds(times: float, each: int) -> int:
    """Return so many milli-decades for each tenfold, for a decade and a half at most."""
    return round(each * min(log10(max(times, 1)), TENFOLDS_MAX))


def _gains(piece: Piece) -> bool:
    """Tell whether repetition makes this evidence stronger."""
    narrow = piece.story in ("pair", "subject") or piece.severity in ("high", "critical")
    return piece.source == "pattern" or (narrow and piece.source != "gap")


def _single(piece: Piece) -> int:
    """Return the milli-decades of one piece by itself."""
    if piece.source == "gap":
        return BY_GAP[piece.severity]
    if piece.story == "gap":
        return 0
    if piece.source == "pattern":
        return max(piece.surprise_milli + BY_VIEW.get(piece.source_id, 0), 0)
    return piece.surprise_milli or worth(piece.story, piece.severity, 1)


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
