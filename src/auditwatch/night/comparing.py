"""Two rule sets on one history: which findings come, which go, which say something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.findings.derive import assemble, derive
from auditwatch.night.replay import replay_both

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.check import Ruleset
    from auditwatch.findings.model import Finding, Piece
    from auditwatch.findings.past import Past
    from auditwatch.night.history import History

__all__ = ["ADDED", "CHANGED", "REMOVED", "Change", "Comparison", "compare"]

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"
#: What is compared of a finding that both sets make, and how it is called.
COMPARED: Final = {
    "severity": "severity",
    "event_ids": "lookups",
    "title": "title",
    "reasons": "reasons",
    "counter_evidence": "counter-evidence",
}


@dataclass(frozen=True)
class Change:
    """One finding that is not the same under both sets.

    Parameters
    ----------
    what : str
        `ADDED`, `REMOVED` or `CHANGED`.
    finding : Finding
        As the set has it that has it; the new one has its say when both do.
    sources : tuple of str
        Rules and statements whose evidence differs.
    parts : tuple of str
        Of a changed one, what differs, in words.
    lifted : bool
        Removed, because exceptions of the new set lift all of it.
    past : Past or None
        What became of it; None when no scan made it.
    lost : bool
        It was confirmed, and the new set would not have asked about it; no pattern keeps it.
    """

    what: str
    finding: Finding
    sources: tuple[str, ...]
    parts: tuple[str, ...]
    lifted: bool
    past: Past | None
    lost: bool


@dataclass(frozen=True)
class Comparison:
    """All that changes.

    Parameters
    ----------
    nights : tuple of str
        ISO, in order.
    lookups : int
        Judged ones.
    old, new : int
        Findings under each set.
    changes : list of Change
        Lost ones first, then removed, added, changed; the most pressing of each first.
    """

    nights: tuple[str, ...]
    lookups: int
    old: int
    new: int
    changes: list[Change]

    @property
    def lost(self) -> list[Change]:
        """Confirmed findings that the new set would not have made."""
        return [one for one in self.changes if one.lost]


def compare(history: History, old: Ruleset, new: Ruleset, past: Mapping[str, Past]) -> Comparison:
    """Judge a period by two rule sets and return every finding that differs.

    Parameters
    ----------
    history : History
        The period.
    old, new : Ruleset
        What judges it; what either has in shadow asks nobody.
    past : mapping of str to Past
        What became of the findings of the workspace.

    Raises
    ------
    UsageError
        As `replay_both`.
    """
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    lookups = 0
    for one in replay_both(history, old, new):
        lookups += one.lookups
        sides[0].extend(_heard(one.old, old))
        sides[1].extend(_heard(one.new, new))
    before, after = (assemble(side) for side in sides)
    changes = [
        change
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
        and (change := _change(name, before.get(name, []), after.get(name, []), past.get(name)))
    ]
    changes.sort(key=_order)
    return Comparison(
        history.nights, lookups, old=_asking(before), new=_asking(after), changes=changes
    )


def _asking(side: Mapping[str, Sequence[Piece]]) -> int:
    """Return how many findings of one side some evidence asks about."""
    return sum(any(map(_asks, own)) for own in side.values())


def _heard(pieces: Iterable[Piece], rules: Ruleset) -> list[Piece]:
    """Return the evidence that comes before a reviewer: nothing of rules in shadow."""
    shadow = {rule.rule_id for rule in rules.rules if rule.shadow_since}
    return [
        one
        for one in pieces
        if one.story != "gap" and not (one.source == "rule" and one.source_id in shadow)
    ]


def _asks(piece: Piece) -> bool:
    """Tell whether no exception lifts a piece."""
    return not piece.suppressed_by


def _change(
    name: str, before: Sequence[Piece], after: Sequence[Piece], past: Past | None
) -> Change | None:
    """Return what differs of one finding; None when a reviewer would see the same."""
    asked, asks = any(map(_asks, before)), any(map(_asks, after))
    if not (asked or asks):
        return None
    finding = derive(name, after if asks else before, {}, None)
    parts: tuple[str, ...] = ()
    if asked and asks:
        parts = tuple(_parts(derive(name, before, {}, None), finding))
        if not parts:
            return None
    what = CHANGED if asked and asks else ADDED if asks else REMOVED
    gone = what == REMOVED
    return Change(
        what=what,
        finding=finding,
        sources=_sources(before, after),
        parts=parts,
        lifted=gone and bool(after),
        past=past,
        lost=gone and past is not None and past.confirmed and not past.patterns,
    )


def _parts(old: Finding, new: Finding) -> Iterable[str]:
    """Yield what differs between two forms of a finding, in words."""
    for name, words in COMPARED.items():
        one, other = getattr(old, name), getattr(new, name)
        if one == other:
            continue
        if name == "severity":
            yield f"severity {one} to {other}"
        elif name == "event_ids":
            more, fewer = len(set(other) - set(one)), len(set(one) - set(other))
            told = ((more, "more"), (fewer, "fewer"))
            yield words + " " + " and ".join(f"{n:,} {how}" for n, how in told if n)
        else:
            yield words


def _sources(before: Sequence[Piece], after: Sequence[Piece]) -> tuple[str, ...]:
    """Return the rules and statements whose evidence differs."""
    one, other = set(before), set(after)
    return tuple(sorted({piece.source_id for piece in one ^ other}))


def _order(change: Change) -> tuple[object, ...]:
    """Return the order in which changes are told."""
    kinds = (REMOVED, ADDED, CHANGED)
    rank = kinds.index(change.what)
    return (not change.lost, rank, -change.finding.priority, change.finding.finding_id)
