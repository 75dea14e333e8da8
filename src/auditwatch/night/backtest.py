"""What rules would have cost and brought on a workspace's own history."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from auditwatch.check.hits import silent_rules
from auditwatch.check.trial.intervals import share_interval
from auditwatch.check.trial.reaching import blind_rule, blind_statement
from auditwatch.check.trial.spending import ABOVE, spent
from auditwatch.findings.derive import home
from auditwatch.night.replay import replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.check.rule import Rule
    from auditwatch.check.trial.pack import Pack
    from auditwatch.check.trial.spending import Spending
    from auditwatch.findings.model import Piece
    from auditwatch.findings.past import Past
    from auditwatch.night.history import History

__all__ = ["Backtest", "Share", "backtest"]

POLICY = "policy"
RULE = "rule"


@dataclass(frozen=True)
class Share:
    """What one rule or statement has to do with the findings of a period.

    Parameters
    ----------
    name, source, mode, place : str
        As in the pack; ``policy`` or ``rule``; ``active`` or ``shadow``; ``file:line``.
    findings : tuple of str
        Ids of those to which it gave evidence that no exception lifts, oldest first.
    alone : int
        Those that would not be there without it.
    lookups, operators : int
        Distinct ones behind them.
    weeks : mapping of str to int
        Monday of each week of the period to the findings that began in it.
    confirmed, cleared : int
        How many of these findings people decided so, whatever brought them before a reviewer then.
    lifted : int
        Lookups that an exception lifts.
    undecided : int
        Lookups on which it could not decide.
    blind : tuple of str
        Without any hit: what no lookup of the period ever met, so that the zero says nothing.
    spending : tuple of Spending
        Of its budget.
    """

    name: str
    source: str
    mode: str
    place: str
    findings: tuple[str, ...]
    alone: int
    lookups: int
    operators: int
    weeks: Mapping[str, int]
    confirmed: int
    cleared: int
    lifted: int
    undecided: int
    blind: tuple[str, ...]
    spending: tuple[Spending, ...]

    @property
    def precision(self) -> tuple[float, float, float] | None:
        """Share of its decided findings that were confirmed, with its interval; None of none."""
        of = self.confirmed + self.cleared
        return (self.confirmed / of, *share_interval(self.confirmed, of)) if of else None

    @property
    def above(self) -> bool:
        """Whether it broke its budget."""
        return any(one.state == ABOVE for one in self.spending)


@dataclass(frozen=True)
class Backtest:
    """A period judged by a rule set.

    Parameters
    ----------
    nights : tuple of str
        ISO, in order.
    lookups : int
        Judged ones.
    findings, operators : int
        Distinct ones, of what is not in shadow.
    shares : list of Share
        Of each rule and forbid, and of each permit that something fell short of; the most findings
        first.
    evidence : mapping of str to list of Piece
        By finding, shadow included, lifted pieces left out.
    """

    nights: tuple[str, ...]
    lookups: int
    findings: int
    operators: int
    shares: list[Share]
    evidence: Mapping[str, Sequence[Piece]]

    @property
    def weeks(self) -> float:
        """Length of the period."""
        return weeks_of(self.nights)


def weeks_of(nights: Sequence[str]) -> float:
    """Return the length of a period in weeks, nights without lookups included."""
    span = date.fromisoformat(nights[-1]) - date.fromisoformat(nights[0])
    return (span.days + 1) / 7


def backtest(history: History, pack: Pack, past: Mapping[str, Past]) -> Backtest:
    """Judge a period by a rule set and count what every rule would have come to.

    Parameters
    ----------
    history : History
        The period.
    pack : Pack
        What judges it; rules in shadow are judged like the others.
    past : mapping of str to Past
        What became of the findings of the workspace.

    Raises
    ------
    UsageError
        As `replay`.
    """
    counting = _Counting(history.nights, pack, past)
    for one in replay(history, pack.ruleset):
        counting.lookups += one.lookups
        counting.add(one.old)
        for name in ("reached", "undecided"):
            counting.tallies[name].update(one.tallies.get(name, {}))
    return counting.done()


class _Counting:
    """Sums over the nights of a period."""

    def __init__(self, nights: tuple[str, ...], pack: Pack, past: Mapping[str, Past]) -> None:
        self.nights, self.pack, self.rules, self.past = nights, pack, pack.ruleset, past
        self.lookups = 0
        self.tallies: dict[str, Counter[str]] = defaultdict(Counter)
        self._evidence: dict[str, list[Piece]] = defaultdict(list)
        self._lifted: Counter[tuple[str, str]] = Counter()

    def add(self, pieces: Iterable[Piece]) -> None:
        """Add the evidence of one night."""
        for piece in pieces:
            if piece.story == "gap":
                continue
            if piece.suppressed_by:
                self._lifted[piece.source, piece.source_id] += piece.lookups
            else:
                self._evidence[home(piece)].append(piece)

    def done(self) -> Backtest:
        """Return all of it."""
        by_source: dict[tuple[str, str], dict[str, list[Piece]]] = defaultdict(dict)
        for name, pieces in self._evidence.items():
            for piece in pieces:
                by_source[piece.source, piece.source_id].setdefault(name, []).append(piece)
        shares = [self._share(*key, by_source.get(key, {})) for key in self._names(by_source)]
        shares.sort(key=lambda one: (-len(one.findings), one.source, one.name))
        shadow = {rule.rule_id for rule in self.rules.rules if rule.shadow_since}
        asking = {
            name: kept
            for name, pieces in self._evidence.items()
            if (kept := [p for p in pieces if p.source != RULE or p.source_id not in shadow])
        }
        return Backtest(
            nights=self.nights,
            lookups=self.lookups,
            findings=len(asking),
            operators=len(
                {name for own in asking.values() for piece in own for name in piece.operator_ids}
            ),
            shares=shares,
            evidence=dict(self._evidence),
        )

    def _names(self, found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return what there is to tell of: all that could have asked, and all that did."""
        silent = silent_rules(self.rules.rules)
        rules = [(RULE, r.rule_id) for r in self.rules.rules if r.rule_id not in silent]
        forbids = [(POLICY, one.statement_id) for one in self.rules.statements if one.forbids]
        return list(dict.fromkeys([*rules, *forbids, *found, *self._lifted]))

    def _share(self, source: str, name: str, found: Mapping[str, list[Piece]]) -> Share:
        """Return the share of one rule or statement."""
        pieces = [piece for own in found.values() for piece in own]
        began = {finding: min(p.night for p in own) for finding, own in found.items()}
        past = [self.past[finding] for finding in found if finding in self.past]
        cleared = sum(one.cleared for one in past)
        confirmed = sum(one.confirmed for one in past)
        rule = self._rule(source, name)
        weeks = weeks_of(self.nights)
        decided = confirmed + cleared
        budget = rule.budget if rule else None
        return Share(
            name=name,
            source=source,
            mode=rule.mode if rule else "active",
            place=self._place(source, name),
            findings=tuple(sorted(found, key=lambda one: (began[one], one))),
            alone=sum(len(self._evidence[finding]) == len(own) for finding, own in found.items()),
            lookups=sum(piece.lookups for piece in pieces),
            operators=len({one for piece in pieces for one in piece.operator_ids}),
            weeks=self._by_week(began.values()),
            confirmed=confirmed,
            cleared=cleared,
            lifted=self._lifted[source, name],
            undecided=self.tallies["undecided"][name] if rule else 0,
            blind=() if found or self._lifted[source, name] else self._blind(source, name),
            spending=tuple(spent(budget, len(found), weeks, cleared, decided)),
        )

    def _rule(self, source: str, name: str) -> Rule | None:
        """Return a rule by its name."""
        named = (rule for rule in self.rules.rules if source == RULE and rule.rule_id == name)
        return next(named, None)

    def _place(self, source: str, name: str) -> str:
        """Return where a rule, or the last version of a statement, stands."""
        if rule := self._rule(source, name):
            return rule.place
        statement = name.partition(":")[0]
        places = [one.place for one in self.rules.statements if one.statement_id == statement]
        return places[-1] if places else ""

    def _blind(self, source: str, name: str) -> tuple[str, ...]:
        """Return what kept a rule or forbid from showing what it does."""
        reached = self.tallies["reached"]
        if rule := self._rule(source, name):
            return tuple(blind_rule(self.pack, rule, reached))
        versions = [one for one in self.rules.statements if one.statement_id == name]
        told = [blind_statement(one, reached) for one in versions]
        # one version that could have shown itself is enough
        return tuple(told[-1]) if told and all(told) else ()

    def _by_week(self, nights: Iterable[str]) -> dict[str, int]:
        """Return how many nights fall into each week of the period, by the week's Monday."""
        counted = Counter(map(_monday, nights))
        day, last = _monday(self.nights[0]), _monday(self.nights[-1])
        weeks = {}
        while day <= last:
            weeks[day] = counted[day]
            day = (date.fromisoformat(day) + timedelta(days=7)).isoformat()
        return weeks


def _monday(night: str) -> str:
    """Return the Monday of a night's week."""
    day = date.fromisoformat(night)
    return (day - timedelta(days=day.weekday())).isoformat()
