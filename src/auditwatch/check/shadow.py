"""Permits that can never permit anything, because a forbid always stands before them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.check.catalogue import Transaction
    from auditwatch.check.section import Section
    from auditwatch.check.statement import Statement

__all__ = ["refuse_shadowed"]


def refuse_shadowed(
    permits: Sequence[tuple[Statement, Section]],
    forbids: Sequence[Statement],
    transactions: Mapping[str, Transaction],
) -> None:
    """Refuse a permit that a forbid covers wholly, on each of its days and in each of its clauses.

    Parameters
    ----------
    permits : sequence of (Statement, Section)
        Versions with the days on which they are in force.
    forbids : sequence of Statement
        Likewise.
    transactions : mapping of str to Transaction
        The catalogue's: whether a purpose is due with a key.

    Raises
    ------
    RuleError
        ``AW-RULES-018`` at the permit, naming the forbid.
    """
    for permit, section in permits:
        covering = [one for one in forbids if _covers(one, permit, transactions)]
        if covering and _spans(covering, permit):
            names = ", ".join(
                dict.fromkeys(f"{one.statement_id} ({one.place})" for one in covering)
            )
            raise section.error(
                f"{permit.statement_id!r} can never permit anything: a forbid always holds first",
                "id",
                code="AW-RULES-018",
                expected=f"something that is not covered by {names}",
                hint="narrow the forbid, give it an unless, or remove the permit",
            )


def _covers(forbid: Statement, permit: Statement, keys: Mapping[str, Transaction]) -> bool:
    """Tell whether a forbid holds wherever a permit would."""
    clauses = ("units", "roles", "jurisdictions", "systems", "transactions")
    whole = all(_within(getattr(permit, clause), getattr(forbid, clause)) for clause in clauses)
    return whole and not forbid.unless and _holds(forbid, permit) and _named(forbid, permit, keys)


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    """Tell whether one clause covers no more than another."""
    return outer is None or (inner is not None and inner <= outer)


def _holds(forbid: Statement, permit: Statement) -> bool:
    """Tell whether what the permit asks for already makes the forbid apply."""
    asked = set(permit.all_of)
    one_of = set(forbid.any_of)
    either = (
        not one_of or bool(one_of & asked) or bool(permit.any_of and set(permit.any_of) <= one_of)
    )
    return set(forbid.all_of) <= asked and either


def _named(forbid: Statement, permit: Statement, keys: Mapping[str, Transaction]) -> bool:
    """Tell whether the forbid covers every purpose with which the permit may be used.

    A permit for a purpose also serves where none was declared and none is due; a forbid for a
    purpose does not.
    """
    if forbid.purposes is None:
        return True
    due = permit.transactions is not None and all(
        keys[key].purpose_required for key in permit.transactions
    )
    return due and _within(permit.purposes, forbid.purposes)


def _spans(forbids: Sequence[Statement], permit: Statement) -> bool:
    """Tell whether forbids are in force on every day of a permit."""
    day, last = permit.since, permit.until or date.max
    for forbid in sorted(forbids, key=lambda one: one.since):
        if forbid.since <= day:
            day = max(day, forbid.until or date.max)
    return day >= last
