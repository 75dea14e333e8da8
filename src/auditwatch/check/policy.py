"""The policy: what permits and forbids say of one distinct combination of what they look at.

Deny by default, forbid over permit, and nothing unknown is ever taken for permitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from auditwatch.check.answers import NO, UNKNOWN
from auditwatch.check.reading import (
    FIELD_OF,
    UNMAPPED,
    Question,
    Reading,
    asked,
    declared_clauses,
    distance,
    not_lifted,
    read_statement,
    wanted,
)
from auditwatch.check.wording import forbidden_words, nearest_words, retroactive_words, spoken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.exemption import Exemption
    from auditwatch.check.requirement import Requirement
    from auditwatch.check.statement import Statement

__all__ = ["UNMAPPED", "Decision", "Policy", "Question"]

SEVERITY_ORDER: Final = ("informational", "low", "medium", "high", "critical")


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
    suppressed_by: str = ""
    lifted: str = ""


@dataclass(frozen=True)
class _Mattering:
    """The statements that can matter to what was declared, whatever was typed as a reason.

    Parameters
    ----------
    forbids, permits : tuple of Statement
        In force, and with no clause that what was declared already fails.
    nearest : Statement or None
        The permit that comes nearest to what was declared.
    """

    forbids: tuple[Statement, ...]
    permits: tuple[Statement, ...]
    nearest: Statement | None


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
    exemptions : mapping of str to Exemption
        Approved exceptions, by id.
    """

    statements: tuple[Statement, ...]
    catalogue: Catalogue
    requirements: Mapping[str, Requirement]
    exemptions: Mapping[str, Exemption] = field(default_factory=dict)
    _mattering: dict[tuple[object, ...], _Mattering] = field(
        default_factory=dict, compare=False, repr=False
    )

    def decide(self, question: Question) -> Decision:
        """Return the verdict on one combination.

        Parameters
        ----------
        question : Question
            What the lookup declares, and on which day.

        Returns
        -------
        Decision
            The strongest of: forbidden, cannot_decide, permitted, permitted_by_exception,
            justification_missing, unknown_purpose, no_purpose, not_permitted.

        Notes
        -----
        A forbid or permit that holds or fails whatever the unknown values are is decided; a forbid
        in doubt outweighs a permit that holds. Judged by what was in force on the lookup's day. An
        exception turns any other verdict into permitted_by_exception, or does nothing at all.
        """
        plain = self._decide(question, frozenset())
        if plain.verdict == "permitted" or not question.exempted:
            return plain
        for names in ([one] for one in question.exempted):
            if self._permitted_under(question, names):
                return _exempted(plain, names)
        if self._permitted_under(question, question.exempted):
            return _exempted(plain, question.exempted)
        return plain

    def _permitted_under(self, question: Question, names: Iterable[str]) -> bool:
        """Tell whether a permit holds once the statements that exceptions lift are lifted."""
        lifted = {one for name in names for one in self.exemptions[name].statements}
        return self._decide(question, lifted).verdict == "permitted"

    def asks(self, question: Question) -> set[str]:
        """Return the requirements whose answers can make a difference to what was declared."""
        matter = self._matter(question)
        every = (*matter.forbids, *matter.permits, *filter(None, [matter.nearest]))
        return {name for statement in every for name in statement.requirements}

    def _decide(self, question: Question, lifted: Collection[str]) -> Decision:
        """Return the verdict, some forbids and what some permits ask for left aside."""
        matter = self._matter(question)
        forbids = [one for one in matter.forbids if one.statement_id not in lifted]
        held, doubtful = self._sorted(forbids, question, lifted)
        if held:
            return self._forbidden(held, question)
        if doubtful:
            return self._cannot_decide(doubtful[0], question)
        held, doubtful = self._sorted(matter.permits, question, lifted)
        if held:
            return _permitted(held[0], question)
        if doubtful:
            return self._cannot_decide(doubtful[0], question)
        return self._refused(matter, question)

    def _matter(self, question: Question) -> _Mattering:
        """Return the statements that what was declared does not already rule out."""
        declared = question.declared
        if declared not in self._mattering:
            failing = {
                one: [name for name, answer in self._declared(one, question) if answer == NO]
                for one in self.in_force(question.day)
            }
            left = [one for one, clauses in failing.items() if not clauses]
            permits = [one for one in failing if not one.forbids]
            self._mattering[declared] = _Mattering(
                forbids=tuple(one for one in left if one.forbids),
                permits=tuple(one for one in left if not one.forbids),
                nearest=min(permits, key=lambda one: distance(one, failing[one]), default=None),
            )
        return self._mattering[declared]

    def _sorted(
        self, statements: Sequence[Statement], question: Question, lifted: Collection[str]
    ) -> tuple[list[Statement], list[Statement]]:
        """Return the statements that hold, and those in doubt."""
        held: list[Statement] = []
        doubtful: list[Statement] = []
        for statement in statements:
            eased = statement.statement_id in lifted
            answers = [] if eased else [asked(statement, question)]
            answers.append(not_lifted(statement, question))
            if NO in answers:
                continue
            if UNKNOWN not in answers:
                answers += [answer for _, answer in self._declared(statement, question)]
            (doubtful if UNKNOWN in answers else held).append(statement)
        return held, doubtful

    def in_force(self, day: date) -> Iterator[Statement]:
        """Yield the statements in force on a day."""
        for statement in self.statements:
            if statement.since <= day and (statement.until is None or day < statement.until):
                yield statement

    def _declared(self, statement: Statement, question: Question) -> Iterator[tuple[str, int]]:
        """Yield each clause on what was declared with its answer."""
        return declared_clauses(statement, question, self.catalogue)

    def read(self, statement: Statement, question: Question) -> Reading:
        """Answer every clause of a statement."""
        return read_statement(statement, question, self.catalogue)

    def _cannot_decide(self, statement: Statement, question: Question) -> Decision:
        """Return that a statement cannot be read, and what it lacks.

        A key that no catalogue maps is named before all else: with it nothing else could help.
        """
        clause = self.read(statement, question).naming(UNKNOWN)[0]
        if question.transaction in (None, UNMAPPED):
            clause = "transaction"
        missing = clause
        if clause in ("requirement", "unless"):
            missing = self._lacking(statement, question)
        else:
            missing = _not_told([FIELD_OF[clause]], question) or clause
        return self._soft("cannot_decide", statement, missing, question)

    def _lacking(self, statement: Statement, question: Question) -> str:
        """Name the field or context table that an unknown requirement lacks.

        A table that was given and leaves this lookup open is ``silent``: a case that lists nobody.
        What is masked comes before it: behind the mask may stand a number that the table has.
        """
        unknown = [name for name in statement.requirements if question.answers[name] == UNKNOWN]
        for requirement in (self.requirements[name] for name in unknown):
            if untold := _not_told(requirement.needs, question):
                return untold
            for tables in requirement.tables:
                if question.absent.issuperset(tables):
                    return f"context:{' or '.join(tables)}"
            if requirement.tables:
                return f"silent:{' or '.join(requirement.tables[0])}"
        return f"requirement:{(unknown or statement.requirements)[0]}"

    def _refused(self, matter: _Mattering, question: Question) -> Decision:
        """Return why no permit holds, and the one that comes nearest."""
        for statement in matter.permits:
            if self.read(statement, question).naming(NO) == ["requirement"]:
                lacks = ", ".join(wanted(statement, question))
                return self._soft("justification_missing", statement, lacks, question)
        nearest = matter.nearest
        failing = ["permit"] if nearest is None else self.read(nearest, question).naming(NO)
        if question.transaction in (None, UNMAPPED):
            return self._soft("cannot_decide", nearest, "transaction", question)
        if question.purpose and question.purpose_valid == NO:
            return self._soft("unknown_purpose", nearest, "purpose", question)
        if question.purpose == "" and failing[0] == "purpose":
            return self._soft("no_purpose", nearest, "purpose", question)
        return self._soft("not_permitted", nearest, ", ".join(failing), question)

    def _typed_instead(self, statement: Statement, question: Question) -> str:
        """Say that a placeholder was typed where a statement asks for a reason."""
        reasons = any("reason" in self.requirements[n].needs for n in statement.requirements)
        typed = question.placeholder and reasons
        return " (a placeholder was typed in its place)" if typed else ""

    def _soft(
        self, verdict: str, statement: Statement | None, missing: str, question: Question
    ) -> Decision:
        """Return a verdict that is put as the catalogue says."""
        manner = self.catalogue.manners[verdict]
        nearest, change = "none in force", ""
        if statement is not None:
            nearest = statement.says + retroactive_words(statement, question.day)
            failing = self.read(statement, question).naming(NO)
            lacking = [name.split(" or ") for name in wanted(statement, question)]
            change = nearest_words(statement, failing, lacking, self.requirements)
        lacks = spoken(missing)
        if statement is not None and verdict == "justification_missing":
            lacks += self._typed_instead(statement, question)
        says = manner.says.replace("{missing}", lacks).replace("{nearest}", nearest)
        return Decision(
            verdict,
            statement.statement_id if statement else "",
            manner.story,
            manner.severity,
            missing,
            says.replace("{change}", change).strip(),
            statement.place if statement else manner.place,
        )

    def _forbidden(self, held: Sequence[Statement], question: Question) -> Decision:
        """Return the gravest forbid; the first by id among equals."""
        statement = max(held, key=lambda one: SEVERITY_ORDER.index(one.severity))
        return Decision(
            "forbidden",
            statement.statement_id,
            statement.story,
            statement.severity,
            "",
            forbidden_words(statement, question.day, self.requirements),
            statement.place,
        )


def _not_told(fields: Iterable[str], question: Question) -> str:
    """Name the first field that the source does not give, or masks in this lookup; else nothing."""
    for words, untold in (("field", question.hidden), ("masked", question.masked)):
        for name in fields:
            if name in untold:
                return f"{words}:{name}"
    return ""


def _permitted(statement: Statement, question: Question) -> Decision:
    """Return that a permit holds."""
    return Decision(
        "permitted",
        statement.statement_id,
        "operator",
        "informational",
        "",
        statement.says + retroactive_words(statement, question.day),
        statement.place,
    )


def _exempted(plain: Decision, names: Iterable[str]) -> Decision:
    """Return that exceptions permit what is otherwise refused; what they lift stays in sight."""
    return replace(
        plain,
        verdict="permitted_by_exception",
        suppressed_by=", ".join(names),
        lifted=plain.verdict,
    )
