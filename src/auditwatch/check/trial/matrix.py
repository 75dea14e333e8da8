"""What the policy of one day permits to whom: unit by message key by purpose, decided by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditwatch.check.answers import NO, YES
from auditwatch.check.policy import Question
from auditwatch.check.verdicts import on_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from auditwatch.check.policy import Policy
    from auditwatch.check.ruleset import Ruleset

__all__ = ["Cell", "Matrix", "matrix_of"]


@dataclass(frozen=True)
class Cell:
    """What a unit gets for a key with a purpose.

    Parameters
    ----------
    verdict : str
        When all that permits ask for is there.
    statement_id : str
        What decides then, or comes nearest.
    needs : str
        What has to be there; empty when nothing, or when it is not permitted anyway.
    """

    verdict: str
    statement_id: str
    needs: str

    @property
    def words(self) -> str:
        """The cell as a person reads it."""
        if self.verdict == "permitted":
            return f"with {self.needs}" if self.needs else "yes"
        return "forbidden" if self.verdict == "forbidden" else "no"


@dataclass(frozen=True)
class Matrix:
    """The policy of one day.

    Parameters
    ----------
    day : date
        Which day.
    cells : mapping of (str, str, str) to Cell
        By purpose (empty for none), unit and message key.
    """

    day: date
    cells: Mapping[tuple[str, str, str], Cell]

    def tables(self) -> list[tuple[tuple[str, ...], list[tuple[str, ...]], list[list[str]]]]:
        """Return purposes that are alike, columns of keys that are alike, and rows of words.

        Each row begins with its unit. A policy of seventy keys has a dozen kinds of keys.
        """
        alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for purpose in self._along(0):
            alike[tuple(self._row(purpose, unit) for unit in self._along(1))].append(purpose)
        return [self._table(tuple(purposes)) for purposes in alike.values()]

    def changes(self, other: Matrix) -> list[tuple[tuple[str, str, str], str, str]]:
        """Return where another day's policy says something else: place, here, there."""
        return [
            (place, cell.words, other.cells[place].words)
            for place, cell in self.cells.items()
            if place in other.cells and cell.words != other.cells[place].words
        ]

    def _along(self, axis: int) -> list[str]:
        """Return the names along one axis, in order."""
        return list(dict.fromkeys(place[axis] for place in self.cells))

    def _row(self, purpose: str, unit: str) -> tuple[str, ...]:
        """Return the words of one unit for one purpose, key by key."""
        return tuple(self.cells[purpose, unit, key].words for key in self._along(2))

    def _table(
        self, purposes: tuple[str, ...]
    ) -> tuple[tuple[str, ...], list[tuple[str, ...]], list[list[str]]]:
        """Return the table of purposes that are alike."""
        units, keys = self._along(1), self._along(2)
        rows = [self._row(purposes[0], unit) for unit in units]
        columns: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for place, key in enumerate(keys):
            columns[tuple(row[place] for row in rows)].append(key)
        body = [[unit, *(column[place] for column in columns)] for place, unit in enumerate(units)]
        return purposes, [tuple(names) for names in columns.values()], body


def matrix_of(rules: Ruleset, day: date) -> Matrix:
    """Return what the policy of a day permits.

    Parameters
    ----------
    rules : Ruleset
        The pack.
    day : date
        Judged by what is in force on it; a code that is not valid then has no place.

    Notes
    -----
    Each cell is the policy's own decision. For roles, the first that gets most stands for a unit.
    What makes a forbid apply is taken for absent, so that such forbids stand in their own list.
    """
    policy = rules.policy
    asked = {name for one in rules.statements if not one.forbids for name in one.requirements}
    met = {name: YES if name in asked else NO for name in rules.requirements}
    purposes = [
        code
        for code, purpose in rules.catalogue.purposes.items()
        if purpose.state(day, rules.catalogue.jurisdiction or None) == "valid"
    ]
    cells = {
        (purpose, unit, key): _best(policy, _questions(rules, day, (purpose, unit, key)), met)
        for purpose in (*purposes, "")
        for unit in rules.catalogue.units
        for key in rules.catalogue.transactions
    }
    return Matrix(day, cells)


def _questions(rules: Ruleset, day: date, place: tuple[str, str, str]) -> Iterable[Question]:
    """Yield what the policy is asked for one cell: once for each role, where roles matter."""
    purpose, unit, key = place
    roles: Iterable[str | None] = [None]
    if any(one.roles is not None for one in rules.statements):
        roles = sorted(rules.catalogue.roles)
    for role in roles:
        question = Question(
            unit=unit,
            role=role,
            jurisdiction=rules.catalogue.jurisdiction or None,
            system=rules.catalogue.transactions[key].system,
            transaction=key,
            purpose=purpose,
            purpose_valid=NO,
            day=day,
            answers={},
            hidden=frozenset(),
        )
        yield on_day(rules.policy, question, day)


def _best(policy: Policy, questions: Iterable[Question], met: Mapping[str, int]) -> Cell:
    """Return what a cell comes to: what a role gets that gets most."""
    cells = [_cell(policy, question, met) for question in questions]
    return max(cells, key=lambda cell: (cell.verdict == "permitted", not cell.needs))


def _cell(policy: Policy, question: Question, met: Mapping[str, int]) -> Cell:
    """Return what one question comes to, with and without what permits ask for."""
    decision = policy.decide(replace(question, answers=met))
    if decision.verdict != "permitted":
        return Cell(decision.verdict, decision.statement_id, "")
    bare = policy.decide(replace(question, answers=dict.fromkeys(met, NO)))
    needs = bare.missing.replace("_", " ") if bare.verdict == "justification_missing" else ""
    return Cell(decision.verdict, decision.statement_id, needs)
