"""Everything that is to be said of one lookup: verdict, nearest permit, exceptions, rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.answers import NO, YES
from auditwatch.check.lifting import reached_rows
from auditwatch.check.trial.tree import Line
from auditwatch.check.verdicts import on_day

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    import pyarrow as pa

    from auditwatch.check.exemption import Exemption
    from auditwatch.check.rule import Rule
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.explaining import Lookup
    from auditwatch.check.trial.tree import Value

__all__ = ["Asked", "Explained", "Otherwise", "explain"]

#: Columns of an exception's terms that name people and cases: not told with the explanation.
PEOPLE: Final = frozenset({"operator_id", "terminal", "number"})


@dataclass(frozen=True)
class Otherwise:
    """What another version of the same statement would have made of the lookup."""

    since: str
    until: str
    verdict: str
    place: str


@dataclass(frozen=True)
class Asked:
    """What one rule made of the lookup.

    Parameters
    ----------
    rule_id, says, suppressed_by : str
        As in a hit; `says` is empty where it does not ask.
    tree : Line
        Why.
    """

    rule_id: str
    says: str
    suppressed_by: str
    tree: Line


@dataclass(frozen=True)
class Explained:
    """All that is to be said of one lookup.

    Parameters
    ----------
    event_id, night : str
        Which lookup; its night is the day whose policy judges it.
    verdict : mapping of str to str
        The row of `schema.VERDICTS`, ceilings of exceptions held.
    statements : tuple of Line
        The statement that decided, or the permit that comes nearest.
    otherwise : tuple of Otherwise
        Versions of that statement of other days that would have answered otherwise.
    exceptions : tuple of Line
        Those that lift that statement or a rule shown here, and why they reach it or not.
    rules : tuple of Asked
        Rules that ask, or the one that was asked about.
    """

    event_id: str
    night: str
    verdict: Mapping[str, str]
    statements: tuple[Line, ...]
    otherwise: tuple[Otherwise, ...]
    exceptions: tuple[Line, ...]
    rules: tuple[Asked, ...]

    def plain(self, show: Callable[[Value], str], text: Callable[[str], str]) -> dict[str, Any]:
        """Return it for programs; `text` shows sentences with marked identities."""
        return {
            "event_id": self.event_id,
            "night": self.night,
            "verdict": {name: text(self.verdict[name]) for name in TOLD},
            "statements": [line.plain(show) for line in self.statements],
            "otherwise": [vars(one) for one in self.otherwise],
            "exceptions": [line.plain(show) for line in self.exceptions],
            "rules": [
                {
                    "rule": one.rule_id,
                    "asks": bool(one.says),
                    "says": text(one.says),
                    "suppressed_by": one.suppressed_by,
                    "tree": one.tree.plain(show),
                }
                for one in self.rules
            ],
        }


TOLD: Final = ("verdict", "statement_id", "missing", "says", "suppressed_by", "lifted", "place")


def explain(lookup: Lookup, verdicts: pa.Table, hits: pa.Table, only: str | None) -> Explained:
    """Explain one lookup.

    Parameters
    ----------
    lookup : Lookup
        Which one.
    verdicts, hits : pa.Table
        What `judge` and `hold_ceilings` said of its night, or of it alone where no other lookup
        matters.
    only : str, optional
        A rule to ask about, whether it asks or not; every one that asks when it is not given.
    """
    event_id = str(lookup.columns.batch.column("event_id")[lookup.row].as_py())
    (verdict,) = _rows_of(verdicts, event_id)
    own = {row["rule_id"]: row for row in _rows_of(hits, event_id)}
    wanted = [only] if only else sorted(own)
    named = {rule.rule_id: rule for rule in lookup.pack.ruleset.rules}
    decided = verdict["statement_id"]
    return Explained(
        event_id=event_id,
        night=verdict["night"],
        verdict=verdict,
        statements=tuple(
            lookup.statement(one)
            for one in lookup.policy.in_force(lookup.question.day)
            if one.statement_id == decided
        ),
        otherwise=tuple(_otherwise(lookup, decided)),
        exceptions=tuple(_exceptions(lookup, {decided}, set(wanted))),
        rules=tuple(_asked(lookup, named[name], own.get(name)) for name in wanted),
    )


def _rows_of(table: pa.Table, event_id: str) -> list[dict[str, str]]:
    """Return the rows of one lookup."""
    return [row for row in table.to_pylist() if row["event_id"] == event_id]


def _asked(lookup: Lookup, rule: Rule, hit: Mapping[str, str] | None) -> Asked:
    """Return what one rule made of the lookup."""
    tree = lookup.rule(rule, hit=hit is not None)
    if hit is None:
        return Asked(rule.rule_id, "", "", tree)
    return Asked(rule.rule_id, hit["says"], hit["suppressed_by"], tree)


def _otherwise(lookup: Lookup, statement_id: str) -> Iterator[Otherwise]:
    """Yield the versions of a statement under which the verdict would be another one."""
    policy, question = lookup.policy, lookup.question
    today = lookup.decision.verdict
    for one in lookup.pack.ruleset.statements:
        if one.statement_id == statement_id and not _holds_on(one, question.day):
            verdict = policy.decide(on_day(policy, question, one.since)).verdict
            if verdict != today:
                until = one.until.isoformat() if one.until else ""
                yield Otherwise(one.since.isoformat(), until, verdict, one.place)


def _holds_on(one: Statement, day: Any) -> bool:
    """Tell whether a version is in force on a day."""
    return bool(one.since <= day and (one.until is None or day < one.until))


def _exceptions(
    lookup: Lookup, statements: Collection[str], rules: Collection[str]
) -> Iterator[Line]:
    """Yield the exceptions that lift one of these, with the answer of each of their terms."""
    for one in lookup.pack.ruleset.exemptions.values():
        if one.statements & set(statements) or one.rules & set(rules):
            yield _exception(lookup, one)


def _exception(lookup: Lookup, one: Exemption) -> Line:
    """Return an exception with the answer of each of its terms."""
    reached = bool(reached_rows(one, lookup.columns)[lookup.row])
    night, hour = lookup.value("night").text, int(lookup.value("local_hour").text or 0)
    when = datetime.fromisoformat(night).replace(hour=hour)
    spell = f"from {one.since.isoformat(' ', 'hours')} until {one.until.isoformat(' ', 'hours')}"
    parts = [Line(YES if one.since <= when < one.until else NO, spell, (lookup.value("night"),))]
    for name, values in one.only.items():
        value = lookup.value(name)
        listed = f"one of {len(values)} named" if name in PEOPLE else " or ".join(sorted(values))
        held = YES if value.text in values else NO
        parts.append(Line(held, f"{name} is {listed}", (value,)))
    title = f"exception {one.exception_id}: {one.because}"
    return Line(YES if reached else NO, title, (), one.place, tuple(parts))
