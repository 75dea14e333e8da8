"""What the policy is asked about a lookup, and what one statement says of it, clause by clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.answers import NO, UNKNOWN, YES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.statement import Statement

__all__ = [
    "FIELD_OF",
    "UNMAPPED",
    "Question",
    "Reading",
    "asked",
    "declared_clauses",
    "distance",
    "not_lifted",
    "read_statement",
    "wanted",
]

#: Stands for a message key that no catalogue maps.
UNMAPPED: Final = "?"

#: Which field of the trail a clause looks at.
FIELD_OF: Final = {
    "transaction": "transaction",
    "unit": "operator_unit",
    "role": "operator_role",
    "jurisdiction": "agency",
    "system": "system",
    "purpose": "purpose",
}


@dataclass(frozen=True)
class Question:
    """What the policy looks at in one lookup.

    Parameters
    ----------
    unit, role, jurisdiction, system : str or None
        None where it is empty, not exported, or not in the catalogue.
    transaction : str or None
        `UNMAPPED` for a key that is not in the catalogue; None where there is none.
    purpose : str or None
        Empty when none was declared; None when the source does not export it.
    purpose_valid : int
        NO, YES or UNKNOWN: the code is in the catalogue and in force on that day in that state.
    day : date
        The lookup's own night.
    answers : mapping of str to int
        NO, YES or UNKNOWN for each requirement.
    hidden : frozenset of str
        Fields that no lookup of the source tells.
    masked : frozenset of str
        Fields behind a mask in this lookup, though its source tells them of others.
    placeholder : bool
        A placeholder was typed in place of a reason.
    exempted : tuple of str
        Ids of the exceptions whose terms the lookup meets.
    absent : frozenset of str
        Context tables that were not given.
    """

    unit: str | None
    role: str | None
    jurisdiction: str | None
    system: str | None
    transaction: str | None
    purpose: str | None
    purpose_valid: int
    day: date
    answers: Mapping[str, int]
    hidden: frozenset[str]
    masked: frozenset[str] = frozenset()
    placeholder: bool = False
    exempted: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()

    @property
    def declared(self) -> tuple[object, ...]:
        """All of it but the answers and exceptions: what decides which statements can matter."""
        return (
            self.unit,
            self.role,
            self.jurisdiction,
            self.system,
            self.transaction,
            self.purpose,
            self.purpose_valid,
            self.day,
        )


@dataclass(frozen=True)
class Reading:
    """What one statement says of one question: an answer for each clause."""

    statement: Statement
    clauses: Mapping[str, int]

    def naming(self, answer: int) -> list[str]:
        """Return the clauses with an answer, in order of importance."""
        return [name for name, given in self.clauses.items() if given == answer]


def declared_clauses(
    statement: Statement, question: Question, catalogue: Catalogue
) -> Iterator[tuple[str, int]]:
    """Yield each clause on what was declared with its answer, in order of importance."""
    yield "transaction", _covers_key(statement, question.transaction)
    yield "unit", _covers(statement.units, question.unit)
    yield "role", _covers(statement.roles, question.role)
    yield "jurisdiction", _covers(statement.jurisdictions, question.jurisdiction)
    yield "system", _covers(statement.systems, question.system)
    yield "purpose", _purpose(statement, question, catalogue)


def read_statement(statement: Statement, question: Question, catalogue: Catalogue) -> Reading:
    """Answer every clause of a statement."""
    clauses = dict(declared_clauses(statement, question, catalogue))
    clauses["requirement"] = asked(statement, question)
    clauses["unless"] = not_lifted(statement, question)
    return Reading(statement, clauses)


def _purpose(statement: Statement, question: Question, catalogue: Catalogue) -> int:
    """Answer the clause on the declared purpose."""
    if statement.purposes is None:
        return YES
    if question.purpose is None:
        return UNKNOWN
    if question.purpose in statement.purposes:
        return YES if statement.forbids else question.purpose_valid
    if question.purpose or statement.forbids:
        return NO
    if question.transaction in (None, UNMAPPED):
        return UNKNOWN
    return NO if catalogue.transactions[str(question.transaction)].purpose_required else YES


def distance(permit: Statement, failing: Collection[str]) -> tuple[int, bool, bool]:
    """Return how far a permit is from holding, by the clauses that fail.

    To ask something else counts twice: it would have been another lookup. One's own unit's permit
    is nearer than another's, and one for the declared purpose nearer than one for any.
    """
    other = len({"transaction", "system"} & set(failing))
    return len(failing) + other, "unit" in failing, permit.purposes is None


def _covers(covered: frozenset[str] | None, value: str | None) -> int:
    """Answer a clause that lists what it covers."""
    if covered is None:
        return YES
    if value is None:
        return UNKNOWN
    return YES if value in covered else NO


def _covers_key(statement: Statement, key: str | None) -> int:
    """Answer the clause on the message key.

    A key that nobody mapped is none of those named by themselves; which group it would belong to,
    nobody knows.
    """
    if key == UNMAPPED and statement.transactions is not None:
        return UNKNOWN if statement.by_group else NO
    return _covers(statement.transactions, key)


def asked(statement: Statement, question: Question) -> int:
    """Answer what a permit asks for, or what makes a forbid apply."""
    needed = [question.answers[name] for name in statement.all_of]
    if statement.any_of:
        needed.append(_either([question.answers[name] for name in statement.any_of]))
    return NO if NO in needed else UNKNOWN if UNKNOWN in needed else YES


def not_lifted(statement: Statement, question: Question) -> int:
    """Answer whether nothing lifts a statement."""
    lifted = _either([question.answers[name] for name in statement.unless])
    return (YES, NO, UNKNOWN)[lifted]


def _either(answers: Sequence[int]) -> int:
    """Return whether one of the answers is yes."""
    return YES if YES in answers else UNKNOWN if UNKNOWN in answers else NO


def wanted(statement: Statement, question: Question) -> list[str]:
    """Return which requirements would have to be met; alternatives joined by `` or ``."""
    lacking = [name for name in statement.all_of if question.answers[name] == NO]
    if statement.any_of and _either([question.answers[name] for name in statement.any_of]) == NO:
        lacking.append(" or ".join(statement.any_of))
    return lacking
