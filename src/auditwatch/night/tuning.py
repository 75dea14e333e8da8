"""From findings that were of no use to the narrowest exception or permit that spares them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.check.catalogue import SEVERITIES
from auditwatch.check.exemption import ONLY, WHOM, Exemption
from auditwatch.check.statement import Statement
from auditwatch.core.errors import UsageError
from auditwatch.findings.derive import home
from auditwatch.findings.past import CLEARED
from auditwatch.night.asked import Asked
from auditwatch.night.comparing import REMOVED, compare
from auditwatch.night.permitting import narrowest_permit, with_permit
from auditwatch.night.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from auditwatch.check import Ruleset
    from auditwatch.findings.model import Piece
    from auditwatch.findings.past import Past
    from auditwatch.night.comparing import Comparison
    from auditwatch.night.history import History

__all__ = ["EXCEPTION", "PERMIT", "Proposal", "propose"]

EXCEPTION: Final = "exception"
PERMIT: Final = "permit"

#: Values that one term may name; whoever needs more wants a rule, not an exception.
VALUES_MAX: Final = 20
DRAFT: Final = "draft"


@dataclass(frozen=True)
class Proposal:
    """An exception or a permit that nobody approved, and what it would have done.

    Parameters
    ----------
    findings : tuple of str
        That it spares as asked.
    change : Exemption or Statement
        In force over the whole period; a draft of it is dated anew.
    lifts : mapping of str to list of str
        Of an exception ``permits``, ``forbids`` and ``rules``, as in its file.
    severity : str
        The gravest of the findings' evidence.
    lookups, others : int
        Lookups of the period that nobody would have asked about any more, and those of them that
        no finding at hand is about.
    comparison : Comparison
        The rules without and with it.
    """

    findings: tuple[str, ...]
    change: Exemption | Statement
    lifts: Mapping[str, list[str]]
    severity: str
    lookups: int
    others: int
    comparison: Comparison

    @property
    def proven(self) -> bool:
        """Whether all findings at hand go and no confirmed one does."""
        changes = self.comparison.changes
        gone = {one.finding.finding_id for one in changes if one.what == REMOVED}
        return gone.issuperset(self.findings) and not self.comparison.lost


@dataclass(frozen=True)
class _Spared:
    """A change before it is tried on the whole period."""

    change: Exemption | Statement
    lifts: Mapping[str, list[str]]
    lookups: int
    others: int


def propose(
    history: History,
    rules: Ruleset,
    findings: Sequence[str],
    past: Mapping[str, Past],
    kind: str | None = None,
) -> Proposal:
    """Return the exception or permit that spares some findings, and as little else as can be.

    Parameters
    ----------
    history : History
        The period on which it is tried.
    rules : Ruleset
        What judges it.
    findings : sequence of str
        All reviewed as not useful.
    past : mapping of str to Past
        What became of the findings of the workspace.
    kind : str, optional
        `EXCEPTION` or `PERMIT`; else the one that reaches fewer other lookups. Where both reach as
        many, what several people do is for a permit, what one does for an exception.

    Raises
    ------
    UsageError
        ``AW-BENCH-025`` a finding was not reviewed so, or is not made on these nights; ``-026``
        nothing that an exception or a permit may say tells them from what somebody confirmed.
    """
    _refuse_others(findings, past)
    evidence = _evidence(history, rules)
    missing = [name for name in findings if name not in evidence]
    if missing:
        raise UsageError(
            "these rules do not make this finding on these nights",
            code="AW-BENCH-025",
            where=missing[0],
            expected="a finding of policy or rules with lookups in the period",
            hint="patterns are no rules and cannot be lifted; else widen --from and --to",
        )
    pieces = [piece for name in findings for piece in evidence[name]]
    _refuse_critical(pieces)
    of = partial(Asked, history, rules, findings, evidence=evidence, past=past)
    best = _narrowest(history, rules, pieces, of, kind)
    return Proposal(
        findings=tuple(findings),
        change=best.change,
        lifts=best.lifts,
        severity=max((piece.severity for piece in pieces), key=SEVERITIES.index),
        lookups=best.lookups,
        others=best.others,
        comparison=compare(history, rules, _with(rules, best.change), past),
    )


def _with(rules: Ruleset, change: Exemption | Statement) -> Ruleset:
    """Return a rule set with a change."""
    if isinstance(change, Exemption):
        return replace(rules, exemptions={**rules.exemptions, change.exception_id: change})
    return with_permit(rules, change)


def _narrowest(
    history: History,
    rules: Ruleset,
    pieces: Sequence[Piece],
    of: Callable[..., Asked],
    kind: str | None,
) -> _Spared:
    """Return what spares the findings and reaches the fewest other lookups."""
    ways = {EXCEPTION: _exception, PERMIT: _permit}
    told: list[_Spared] = []
    faults: list[UsageError] = []
    for name in [kind] if kind else ways:
        try:
            told.append(ways[name](history, rules, pieces, of))
        except UsageError as error:
            faults.append(error)
    if not told:
        raise faults[0]
    people = {name for piece in pieces for name in piece.operator_ids}
    usual = Statement if len(people) > 1 else Exemption
    return min(told, key=lambda one: (one.others, not isinstance(one.change, usual)))


def _exception(
    history: History, rules: Ruleset, pieces: Sequence[Piece], of: Callable[..., Asked]
) -> _Spared:
    """Return the narrowest exception."""
    lifts = _lifts(rules, pieces)
    sources = {name for names in lifts.values() for name in names}
    terms = _Terms(of(alike=lambda piece: piece.source_id.partition(":")[0] in sources))
    chosen = terms.narrowest()
    mask = terms.reached(chosen)
    only = {name: terms.values(name) for name in chosen}
    most = terms.most(mask, sum(map(len, lifts.values())))
    others = int((mask & ~terms.wanted).sum())
    return _Spared(_exemption(history, lifts, only, most), lifts, int(mask.sum()), others)


def _permit(
    history: History, rules: Ruleset, pieces: Sequence[Piece], of: Callable[..., Asked]
) -> _Spared:
    """Return the narrowest permit."""
    forbids = {one.statement_id for one in rules.statements if one.forbids}

    def lacks_permit(piece: Piece) -> bool:
        return piece.source == "policy" and piece.source_id.partition(":")[0] not in forbids

    found = None
    if all(map(lacks_permit, pieces)):
        first, last = (date.fromisoformat(history.nights[place]) for place in (0, -1))
        asked = of(alike=lacks_permit)
        found = narrowest_permit(rules, asked, first, last + timedelta(days=1))
    if found is None:
        raise UsageError(
            "no permit can be drafted for these findings",
            code="AW-BENCH-026",
            expected="lookups that lack nothing but a permit: unit, transaction and purpose are in "
            "the catalogue, no forbid and no rule asks about them, and nobody confirmed one alike",
            hint="draft an exception: --as exception",
        )
    permit, mask = found
    return _Spared(permit, {}, int(mask.sum()), int((mask & ~asked.wanted).sum()))


def _refuse_others(findings: Sequence[str], past: Mapping[str, Past]) -> None:
    """Refuse findings that nobody found useless: nothing is lifted because it is inconvenient."""
    for name in findings:
        if name not in past or past[name].disposition not in CLEARED:
            raise UsageError(
                "no reviewer cleared this finding",
                code="AW-BENCH-025",
                where=name[:40],
                expected="a cleared finding: nothing is lifted because it is in the way",
                hint="decide it first: auditwatch review decide",
            )


def _evidence(history: History, rules: Ruleset) -> dict[str, list[Piece]]:
    """Return what asks about each finding of the period, rules in shadow left out."""
    shadow = {rule.rule_id for rule in rules.rules if rule.shadow_since}
    found: dict[str, list[Piece]] = {}
    for one in replay(history, rules):
        for piece in one.old:
            hidden = piece.suppressed_by or piece.story == "gap"
            if not hidden and not (piece.source == "rule" and piece.source_id in shadow):
                found.setdefault(home(piece), []).append(piece)
    return found


def _refuse_critical(pieces: Sequence[Piece]) -> None:
    """Refuse what is too grave to be left to a draft."""
    for piece in pieces:
        if piece.severity == SEVERITIES[-1]:
            raise _unliftable(piece)


def _unliftable(piece: Piece) -> UsageError:
    """Return that no exception reaches some evidence."""
    return UsageError(
        "no exception can lift this",
        code="AW-BENCH-026",
        where=piece.source_id,
        expected="findings of a permit, a forbid or a rule, less than critical",
        hint="change the rule itself, and see what that changes: auditwatch rules diff",
    )


def _lifts(rules: Ruleset, pieces: Sequence[Piece]) -> dict[str, list[str]]:
    """Return what an exception has to name to lift some evidence."""
    forbids = {one.statement_id for one in rules.statements if one.forbids}
    permits = {one.statement_id for one in rules.statements} - forbids
    found: dict[str, set[str]] = {"permits": set(), "forbids": set(), "rules": set()}
    for piece in pieces:
        name = piece.source_id.partition(":")[0] if piece.source == "policy" else piece.source_id
        kind = "rules" if piece.source == "rule" else "forbids" if name in forbids else "permits"
        found[kind].add(name)
        if kind == "permits" and name not in permits:
            raise _unliftable(piece)
    return {kind: sorted(names) for kind, names in found.items() if names}


class _Terms:
    """The terms that an exception may have for the lookups at hand, and whom else they reach."""

    def __init__(self, asked: Asked) -> None:
        self.columns, self.nights = asked.columns, asked.nights
        self.wanted, self.barred = asked.wanted, asked.barred
        self._held = {key: mask for key in ONLY if (mask := self._mask(key)) is not None}

    def _values(self, key: str) -> NDArray[np.int32] | None:
        """Return the codes that the lookups at hand have in a term's column; None without."""
        coded = self.columns.coded(ONLY[key])
        codes = np.unique(coded.codes[self.wanted])
        if len(codes) > VALUES_MAX or codes[-1] >= coded.absent:
            return None
        return codes

    def _mask(self, key: str) -> NDArray[np.bool_] | None:
        """Return which lookups have a value in a column that the lookups at hand have too."""
        codes = self._values(key)
        return None if codes is None else np.isin(self.columns.coded(ONLY[key]).codes, codes)

    def reached(self, keys: Sequence[str]) -> NDArray[np.bool_]:
        """Return which lookups meet some terms together."""
        masks = [self._held[ONLY_KEY[name]] for name in keys]
        return np.asarray(np.logical_and.reduce(masks), dtype=bool)

    def _choices(self) -> Iterator[tuple[str, ...]]:
        """Yield every set of terms that an exception may have, the shortest first."""
        names = [ONLY[key] for key in self._held]
        whom = {ONLY[key] for key in WHOM}
        for size in range(1, len(names) + 1):
            yield from (one for one in combinations(names, size) if whom.intersection(one))

    def narrowest(self) -> tuple[str, ...]:
        """Return the terms that reach the fewest other lookups, and none of a confirmed finding."""
        best: tuple[int, tuple[str, ...]] | None = None
        for names in self._choices():
            mask = self.reached(names)
            others = int((mask & ~self.wanted).sum())
            if not (mask & self.barred).any() and (best is None or others < best[0]):
                best = (others, names)
        if best is None:
            raise UsageError(
                "no exception lifts these findings and leaves every confirmed one",
                code="AW-BENCH-026",
                expected="findings that differ from confirmed ones in operator, unit, role, "
                "terminal, system, transaction, purpose or case",
                hint="give fewer findings, or change the rule and see: auditwatch rules diff",
            )
        return best[1]

    def values(self, name: str) -> frozenset[str]:
        """Return the values of a term."""
        coded, codes = self.columns.coded(name), self._values(ONLY_KEY[name])
        texts = coded.texts()
        return frozenset(texts[code] for code in (codes if codes is not None else ()))

    def most(self, mask: NDArray[np.bool_], sources: int) -> int:
        """Return the most that an exception of so many sources may lift in one of the nights."""
        nights = Counter(str(self.nights[row]) for row in np.flatnonzero(mask).tolist())
        return max(nights.values()) * sources


#: The key of each term in its file, by the column it looks at.
ONLY_KEY: Final = {column: key for key, column in ONLY.items()}


def _exemption(
    history: History,
    lifts: Mapping[str, Sequence[str]],
    only: Mapping[str, frozenset[str]],
    most: int,
) -> Exemption:
    """Return an exception in force over the whole period."""
    first, last = (datetime.fromisoformat(history.nights[place]) for place in (0, -1))
    return Exemption(
        exception_id=DRAFT,
        statements=frozenset((*lifts.get("permits", ()), *lifts.get("forbids", ()))),
        rules=frozenset(lifts.get("rules", ())),
        only=only,
        since=first,
        until=last + timedelta(days=1),
        approved=first.date(),
        ceiling=most,
        because=DRAFT,
        ticket=DRAFT,
        requested_by=DRAFT,
        approved_by=DRAFT,
        place=DRAFT,
    )
