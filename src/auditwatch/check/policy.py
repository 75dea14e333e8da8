"""The policy: what permits and forbids say of one distinct combination of what they look at.

Deny by default, forbid over permit, and nothing unknown is ever taken for permitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.columns import NO, UNKNOWN, YES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.requirement import Requirement
    from auditwatch.check.statement import Statement

__all__ = ["Decision", "Policy", "Question"]

#: Which field of the trail a clause looks at.
FIELD_OF: Final = {
    "transaction": "transaction",
    "unit": "operator_unit",
    "role": "operator_role",
    "system": "system",
    "purpose": "purpose",
}


@dataclass(frozen=True)
class Question:
    """What the policy looks at in one lookup.

    Parameters
    ----------
    unit, role, system, transaction : str or None
        None where it is empty, not exported, or not in the catalogue.
    purpose : str or None
        Empty when none was declared; None when the source does not export it.
    purpose_valid : bool
        The code is in the catalogue and in force on that day.
    day : date
        The lookup's own night.
    answers : mapping of str to int
        NO, YES or UNKNOWN for each requirement.
    hidden : frozenset of str
        Fields that no lookup of the source tells.
    placeholder : bool
        A placeholder was typed in place of a reason.
    """

    unit: str | None
    role: str | None
    system: str | None
    transaction: str | None
    purpose: str | None
    purpose_valid: bool
    day: date
    answers: Mapping[str, int]
    hidden: frozenset[str]
    placeholder: bool = False


@dataclass(frozen=True)
class Decision:
    """A verdict with all that a reviewer needs; the columns of `schema.VERDICTS`."""

    verdict: str
    statement_id: str
    story: str
    severity: str
    missing: str
    says: str
    place: str


@dataclass(frozen=True)
class _Reading:
    """What one statement says of one question: an answer for each clause."""

    statement: Statement
    clauses: Mapping[str, int]

    def naming(self, answer: int) -> list[str]:
        """Return the clauses with an answer, in order of importance."""
        return [name for name, given in self.clauses.items() if given == answer]


@dataclass(frozen=True)
class Policy:
    """Statements with what they need to be read.

    Parameters
    ----------
    statements : tuple of Statement
        Sorted by id.
    catalogue : Catalogue
        Transactions and the manners of verdicts.
    requirements : mapping of str to Requirement
        By name.
    """

    statements: tuple[Statement, ...]
    catalogue: Catalogue
    requirements: Mapping[str, Requirement]

    def decide(self, question: Question) -> Decision:
        """Return the verdict on one combination.

        Parameters
        ----------
        question : Question
            What the lookup declares, and on which day.

        Returns
        -------
        Decision
            The strongest of: forbidden, cannot_decide, permitted, justification_missing,
            unknown_purpose, no_purpose, not_permitted.

        Notes
        -----
        A forbid or permit that holds or fails whatever the unknown values are is decided; a forbid
        in doubt outweighs a permit that holds. Judged by what was in force on the lookup's day.
        """
        in_force = list(self._in_force(question.day))
        forbids = [statement for statement in in_force if statement.forbids]
        held, doubtful = self._sorted(forbids, question)
        if held:
            return _forbidden(held)
        if doubtful:
            return self._cannot_decide(doubtful[0], question)
        permits = [statement for statement in in_force if not statement.forbids]
        held, doubtful = self._sorted(permits, question)
        if held:
            return _permitted(held[0])
        if doubtful:
            return self._cannot_decide(doubtful[0], question)
        if question.transaction is None:  # what was asked is not known: nobody can say it is barred
            return self._soft("cannot_decide", None, "transaction")
        return self._refused(permits, question)

    def _sorted(
        self, statements: list[Statement], question: Question
    ) -> tuple[list[Statement], list[Statement]]:
        """Return the statements that hold, and those in doubt; most fail at their first clause."""
        held: list[Statement] = []
        doubtful: list[Statement] = []
        for statement in statements:
            whole = YES
            for _, answer in self._clauses(statement, question):
                if answer == NO:
                    break
                whole = UNKNOWN if answer == UNKNOWN else whole
            else:
                (held if whole == YES else doubtful).append(statement)
        return held, doubtful

    def _in_force(self, day: date) -> Iterator[Statement]:
        """Yield the statements in force on a day."""
        for statement in self.statements:
            if statement.since <= day and (statement.until is None or day < statement.until):
                yield statement

    def _clauses(self, statement: Statement, question: Question) -> Iterator[tuple[str, int]]:
        """Yield each clause of a statement with its answer, in order of importance."""
        yield "transaction", _covers(statement.transactions, question.transaction)
        yield "unit", _covers(statement.units, question.unit)
        yield "role", _covers(statement.roles, question.role)
        yield "system", _covers(statement.systems, question.system)
        yield "purpose", self._purpose(statement, question)
        needed = [question.answers[name] for name in statement.all_of]
        if statement.any_of:
            needed.append(_either([question.answers[name] for name in statement.any_of]))
        yield "requirement", NO if NO in needed else UNKNOWN if UNKNOWN in needed else YES
        lifted = _either([question.answers[name] for name in statement.unless])
        yield "unless", (YES, NO, UNKNOWN)[lifted]

    def _read(self, statement: Statement, question: Question) -> _Reading:
        """Answer every clause of a statement."""
        return _Reading(statement, dict(self._clauses(statement, question)))

    def _purpose(self, statement: Statement, question: Question) -> int:
        """Answer the clause on the declared purpose."""
        if statement.purposes is None:
            return YES
        if question.purpose is None:
            return UNKNOWN
        if question.purpose:
            fits = question.purpose in statement.purposes
            return YES if fits and (statement.forbids or question.purpose_valid) else NO
        if statement.forbids:
            return NO
        if question.transaction is None:
            return UNKNOWN
        return NO if self.catalogue.transactions[question.transaction].purpose_required else YES

    def _cannot_decide(self, statement: Statement, question: Question) -> Decision:
        """Return that a statement cannot be read, and what it lacks.

        A key that no catalogue maps is named before all else: with it nothing else could help.
        """
        clause = self._read(statement, question).naming(UNKNOWN)[0]
        clause = "transaction" if question.transaction is None else clause
        missing = clause
        if clause in ("requirement", "unless"):
            missing = self._lacking(statement, question)
        elif FIELD_OF[clause] in question.hidden:
            missing = f"field:{FIELD_OF[clause]}"
        return self._soft("cannot_decide", statement, missing)

    def _lacking(self, statement: Statement, question: Question) -> str:
        """Name the field or context table that an unknown requirement lacks."""
        for name in statement.requirements:
            if question.answers[name] == UNKNOWN:
                requirement = self.requirements[name]
                hidden = [field for field in requirement.needs if field in question.hidden]
                if hidden:
                    return f"field:{hidden[0]}"
                if requirement.context:
                    return f"context:{requirement.context[0]}"
        return f"requirement:{statement.requirements[0]}"

    def _refused(self, permits: list[Statement], question: Question) -> Decision:
        """Return why no permit holds, and the one that comes nearest."""
        readings = [self._read(statement, question) for statement in permits]
        for reading in readings:
            if reading.naming(NO) == ["requirement"]:
                wanted = _wanted(reading.statement, question)
                typed = self._typed_instead(reading.statement, question)
                return self._soft("justification_missing", reading.statement, wanted, typed)
        nearest = min(readings, key=_distance, default=None)
        statement = None if nearest is None else nearest.statement
        failing = ["permit"] if nearest is None else nearest.naming(NO)
        if question.purpose and not question.purpose_valid:
            return self._soft("unknown_purpose", statement, "purpose")
        if question.purpose == "" and failing[0] == "purpose":
            return self._soft("no_purpose", statement, "purpose")
        return self._soft("not_permitted", statement, ", ".join(failing))

    def _typed_instead(self, statement: Statement, question: Question) -> str:
        """Say that a placeholder was typed where a statement asks for a reason."""
        asked = any("reason" in self.requirements[n].needs for n in statement.requirements)
        return " (a placeholder was typed in its place)" if question.placeholder and asked else ""

    def _soft(
        self, verdict: str, statement: Statement | None, missing: str, note: str = ""
    ) -> Decision:
        """Return a verdict that is put as the catalogue says, with a note on what is missing."""
        manner = self.catalogue.manners[verdict]
        lacks = _spoken(missing) + note
        nearest = statement.says if statement else "none in force"
        return Decision(
            verdict,
            statement.statement_id if statement else "",
            manner.story,
            manner.severity,
            missing,
            manner.says.replace("{missing}", lacks).replace("{nearest}", nearest),
            statement.place if statement else manner.place,
        )


def _distance(reading: _Reading) -> tuple[int, bool]:
    """Return how far a permit is from holding; one's own unit's permit is nearer than another's."""
    failing = reading.naming(NO)
    return len(failing), "unit" in failing


def _covers(covered: frozenset[str] | None, value: str | None) -> int:
    """Answer a clause that lists what it covers."""
    if covered is None:
        return YES
    if value is None:
        return UNKNOWN
    return YES if value in covered else NO


def _either(answers: list[int]) -> int:
    """Return whether one of the answers is yes."""
    return YES if YES in answers else UNKNOWN if UNKNOWN in answers else NO


def _wanted(statement: Statement, question: Question) -> str:
    """Return which requirements would have to be met."""
    lacking = [name for name in statement.all_of if question.answers[name] == NO]
    if statement.any_of and _either([question.answers[name] for name in statement.any_of]) == NO:
        lacking.append(" or ".join(statement.any_of))
    return ", ".join(lacking)


def _spoken(missing: str) -> str:
    """Return what is missing in words."""
    for prefix, words in (("field:", "the field "), ("context:", "the context table ")):
        if missing.startswith(prefix):
            return words + missing.removeprefix(prefix)
    return missing.replace("_", " ")


def _forbidden(held: list[Statement]) -> Decision:
    """Return the gravest forbid; the first by id among equals."""
    order = ("informational", "low", "medium", "high", "critical")
    statement = max(held, key=lambda statement: order.index(statement.severity))
    return Decision(
        "forbidden",
        statement.statement_id,
        statement.story,
        statement.severity,
        "",
        statement.says,
        statement.place,
    )


def _permitted(statement: Statement) -> Decision:
    """Return that a permit holds."""
    return Decision(
        "permitted",
        statement.statement_id,
        "operator",
        "informational",
        "",
        statement.says,
        statement.place,
    )
