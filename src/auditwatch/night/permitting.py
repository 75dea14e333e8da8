"""The narrowest permit under which some lookups would not have been asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.answers import YES
from auditwatch.check.narrow import three_valued
from auditwatch.check.statement import Statement
from auditwatch.check.verdicts import give_verdicts

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from auditwatch.check import Ruleset
    from auditwatch.night.asked import Asked

__all__ = ["narrowest_permit", "with_permit"]

#: Values that one clause may name; whoever needs more permits a trade, not a task.
VALUES_MAX: Final = 20
DRAFT: Final = "DRAFT"
#: Clause of a permit and the column it looks at; a role may be left open, the others not.
CLAUSES: Final = {
    "units": "unit",
    "roles": "role",
    "transactions": "transaction",
    "purposes": "purpose",
}


def narrowest_permit(
    rules: Ruleset, asked: Asked, since: date, until: date
) -> tuple[Statement, NDArray[np.bool_]] | None:
    """Return a permit for the lookups at hand, and which lookups it permits; None without one.

    Parameters
    ----------
    rules : Ruleset
        What judges the lookups now.
    asked : Asked
        All that lack a permit.
    since, until : date
        First day of the permit, and the day after its last.

    Notes
    -----
    It names their units, roles, transactions and purposes, and asks for whatever permits ask for
    that each of them came with, such as a case number.
    """
    clauses = {clause: _values(asked, column) for clause, column in CLAUSES.items()}
    if not all(clauses[name] for name in CLAUSES if name != "roles"):
        return None
    permit = replace(_statement(clauses, since, until), all_of=_met_by_all(rules, asked))
    mask = _permitted(rules, permit, asked)
    fits = mask[asked.wanted].all() and not (mask & asked.barred).any()
    return (permit, mask) if fits else None


def with_permit(rules: Ruleset, permit: Statement) -> Ruleset:
    """Return a rule set with one more permit."""
    order = sorted((*rules.statements, permit), key=lambda one: (one.statement_id, one.since))
    return replace(rules, statements=tuple(order))


def _permitted(rules: Ruleset, permit: Statement, asked: Asked) -> NDArray[np.bool_]:
    """Tell which lookups a permit permits."""
    verdicts = give_verdicts(with_permit(rules, permit).policy, asked.columns)["verdict"]
    held = pc.equal(pc.cast(verdicts, pa.string()), "permitted")
    return np.asarray(held.to_numpy(), dtype=bool)


def _met_by_all(rules: Ruleset, asked: Asked) -> tuple[str, ...]:
    """Return what permits ask for that all lookups at hand have."""
    named = {
        name for one in rules.statements if not one.forbids for name in (*one.any_of, *one.all_of)
    }
    return tuple(
        name
        for name in sorted(named)
        if (three_valued(rules.requirements[name].tree, asked.columns)[asked.wanted] == YES).all()
    )


def _values(asked: Asked, column: str) -> frozenset[str] | None:
    """Return what the lookups at hand have in a column; None when some has nothing or too many."""
    coded = asked.columns.coded(column)
    codes = np.unique(coded.codes[asked.wanted])
    if not len(codes) or len(codes) > VALUES_MAX or codes[-1] >= coded.absent:
        return None
    return frozenset(map(str, coded.values.take(pa.array(codes)).to_pylist()))


def _statement(clauses: dict[str, frozenset[str] | None], since: date, until: date) -> Statement:
    """Return a permit in force over a period."""
    return Statement(
        statement_id=DRAFT,
        forbids=False,
        says=DRAFT,
        story="",
        severity="",
        since=since,
        until=until,
        approved=since,
        because="",
        replaces=None,
        units=clauses["units"],
        roles=clauses["roles"],
        jurisdictions=None,
        systems=None,
        transactions=clauses["transactions"],
        by_group=False,
        purposes=clauses["purposes"],
        any_of=(),
        all_of=(),
        unless=(),
        place=DRAFT,
    )
