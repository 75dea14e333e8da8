"""What a finding says: its title, its reasons, what would explain it. Identities stay in marks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditwatch.core.mask import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.findings.model import Piece

__all__ = [
    "counted",
    "counter_evidence",
    "exceptions",
    "lifted",
    "lookups_behind",
    "reasons",
    "title",
]

TITLE_MAX: Final = 110  # characters, once identities are masked
WORDS_MAX: Final = 56  # of a rule's own words in a title
PLACE_MAX: Final = 20  # of a unit's name in a title
#: Why there is no verdict, by what is missing: a field, a table, or what a table does not say.
MISSING: Final = {
    "field:": "the sources do not give {}",
    "masked:": "{} is masked in them",
    "context:": "no table of {} was given",
    "silent:": "the table of {} does not say enough about them",
    "requirement:": "it cannot be told whether they have what is asked for ({})",
}
MASKED_PAIR: Final = len(": operator-00000000 looked at subject-00000000")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 lookup``, ``1,204 lookups``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def title(story: str, key: tuple[str, ...], strongest: Piece, pieces: Sequence[Piece]) -> str:
    """Return one plain sentence for a finding.

    Parameters
    ----------
    story : str
        The finding's story.
    key : tuple of str
        The finding's key.
    strongest : Piece
        Its strongest evidence.
    pieces : sequence of Piece
        All its evidence.

    Returns
    -------
    str
        At most 110 characters once identities are masked.
    """
    # only a pair's evidence is all of one kind: elsewhere the numbers are of what is named
    own = _of(pieces, (strongest.source, strongest.source_id))
    pieces = pieces if story == "pair" else own
    if strongest.source == "pattern" and (told := _quoted(own).title):
        return told
    about = _clipped(strongest.title)
    lookups = counted(lookups_behind(pieces), "lookup")
    named = len(_union(pieces, "operator_ids"))
    operators = counted(named, "operator") if named else "unknown operators"
    if strongest.source == "gap":
        return _quoted(own).title
    if story == "gap":
        return f"No verdict on {lookups}: {missing_words(key[0])}"
    if story in ("pair", "operator"):
        return (_pair_title if story == "pair" else _operator_title)(key, strongest, pieces)
    if story == "subject":
        days = counted(len(_union(pieces, "days")) or 1, "day")
        lead = f"{about}: " if about else ""
        return f"{lead}{operators} looked at {mark('subject', key[0])} on {days}"
    place = f"{_clipped(key[1], PLACE_MAX)}, " if story == "unit" else ""
    return f"{about or strongest.source_id}: {place}{lookups} by {operators}"


def _pair_title(key: tuple[str, ...], strongest: Piece, pieces: Sequence[Piece]) -> str:
    """Return the title of an operator and a subject."""
    who, whom = mark("operator", key[0]), mark("subject", key[1])
    times = _times(pieces)
    about = _clipped(strongest.title, TITLE_MAX - MASKED_PAIR - len(times))
    lead = f"{about}: " if about else ""
    return f"{lead}{who} looked at {whom}{times}"


def _operator_title(key: tuple[str, ...], strongest: Piece, pieces: Sequence[Piece]) -> str:
    """Return the title of an operator."""
    who, lookups = mark("operator", key[0]), counted(lookups_behind(pieces), "lookup")
    if strongest.title:
        return f"{_clipped(strongest.title)}: {who}, {lookups}"
    subjects = counted(len(_union(pieces, "subject_ids")), "subject")
    return f"{who}: {lookups} of {subjects} stand out ({strongest.source_id})"


def missing_words(item: str) -> str:
    """Return what was missing, in words: ``the sources do not give reason``."""
    for prefix, words in MISSING.items():
        if item.startswith(prefix):
            return words.format(_clipped(item.removeprefix(prefix)))
    return f"the rules could not tell the {_clipped(item)}"


def reasons(pieces: Sequence[Piece], strength: dict[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a sentence for each statement, rule and view, strongest first.

    Parameters
    ----------
    pieces : sequence of Piece
        All evidence of the finding.
    strength : dict
        Milli-decades of each (source, source id), as from `ranking.strengths`.
    """
    return tuple(dict.fromkeys(_reason(_of(pieces, name)) for name in _ranked(strength)))


def counter_evidence(
    pieces: Sequence[Piece], strength: dict[tuple[str, str], int]
) -> tuple[str, ...]:
    """Return what would explain the finding, in the order of its reasons."""
    found = []
    for name in _ranked(strength):
        own = _of(pieces, name)
        # windows of a pattern overlap: only the night that is quoted has true numbers
        quoted = [_quoted(own)] if name[0] == "pattern" else own
        found += [line for piece in quoted for line in piece.against.split("\n") if line.strip()]
    return tuple(dict.fromkeys(line.strip() for line in found))


def exceptions(pieces: Sequence[Piece]) -> str:
    """Return the exceptions that lift some of these pieces, joined by a comma."""
    named = {name for piece in pieces for name in piece.suppressed_by.split(", ") if name}
    return ", ".join(sorted(named))


def lifted(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return a sentence on what exceptions lift of a finding; nothing when they lift nothing."""
    own = [piece for piece in pieces if piece.suppressed_by]
    if not own:
        return ()
    whole = len(own) == len(pieces)
    lookups = counted(lookups_behind(own), "lookup")
    return (f"Lifted by {exceptions(own)}: {'all ' if whole else ''}{lookups}.",)


def _ranked(strength: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    """Return names by strength, strongest first, in a total order."""
    return sorted(strength, key=lambda name: (-strength[name], name))


def _of(pieces: Sequence[Piece], name: tuple[str, str]) -> list[Piece]:
    """Return the evidence of one source, night by night."""
    own = (piece for piece in pieces if (piece.source, piece.source_id) == name)
    return sorted(own, key=lambda piece: (piece.night, piece.story))


def _quoted(own: Sequence[Piece]) -> Piece:
    """Return the piece whose sentence stands for all of one source."""
    if own[0].source == "pattern":
        return max(own, key=lambda piece: (piece.surprise_milli, piece.night))
    return own[-1]


def _reason(own: Sequence[Piece]) -> str:
    """Return one sentence for all evidence of one source, with numbers true to all of it."""
    quoted = _quoted(own)
    says = quoted.says.strip() or f"{quoted.source_id}."
    says = says if says.endswith((".", "!", "?")) else f"{says}."
    if quoted.source == "pattern":
        others = len({piece.night for piece in own}) - 1
        if not others:
            return says
        return f"{says} (As of {quoted.night}; it also stood out on {counted(others, 'night')}.)"
    if quoted.source == "gap":
        others = len({piece.night for piece in own}) - 1
        seen = f" (As of {quoted.night}; also seen on {counted(others, 'night')} before.)"
        return f"{says}{seen if others else ''}"
    count = lookups_behind(own)
    if count == 1:
        dated = not own[0].days or own[0].days[0] in says
        return says if dated else f"{says} ({own[0].days[0]}.)"
    same = not any(piece.varies for piece in own) and len({piece.says for piece in own}) == 1
    return f"{says} ({'' if same else 'One of '}{_extent(own, count)}.)"


def _extent(own: Sequence[Piece], count: int) -> str:
    """Return how much there is of it: lookups, days, operators."""
    days = sorted(_union(own, "days"))
    when = f"on {days[0]}" if len(days) == 1 else f"on {len(days)} days, {days[0]} to {days[-1]}"
    operators = len(_union(own, "operator_ids"))
    who = f", by {operators} operators" if operators > 1 else ""
    return f"{counted(count, 'lookup')} {when}{who}"


def lookups_behind(pieces: Sequence[Piece]) -> int:
    """Return how many lookups stand behind pieces.

    A lookup has one night, so a rule's nights add up; several sources may share lookups, and a
    pattern's windows overlap, so there distinct ids count.
    """
    distinct = len(_union(pieces, "event_ids"))
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for piece in pieces:
        if piece.source != "pattern":
            sums[piece.source, piece.source_id] += piece.lookups
    return max([distinct, *sums.values()])


def _times(pieces: Sequence[Piece]) -> str:
    """Return `` once`` or ``, 3 lookups on 2 days``."""
    days, lookups = len(_union(pieces, "days")) or 1, lookups_behind(pieces)
    if lookups <= 1:
        return " once"
    return f", {counted(lookups, 'lookup')} on {counted(days, 'day')}"


def _union(pieces: Sequence[Piece], name: str) -> set[str]:
    """Return the distinct values of a tuple field over pieces."""
    return {value for piece in pieces for value in getattr(piece, name)}


def _clipped(text: str, longest: int = WORDS_MAX) -> str:
    """Return a rule's own words, cut between words when there are too many."""
    folded = " ".join(text.split()).rstrip(".")
    if len(folded) <= longest:
        return folded
    whole, _, rest = folded[:longest].rpartition(" ")
    return f"{whole if len(whole) > longest // 2 else whole + ' ' + rest[:-1]}…".lstrip()
