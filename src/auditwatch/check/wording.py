"""Words of a verdict: what is missing, what one change would have made it permitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from auditwatch.check.requirement import Requirement
    from auditwatch.check.statement import Statement

__all__ = ["forbidden_words", "nearest_words", "retroactive_words", "spoken"]

NAMED_MAX: Final = 4  # names that a sentence lists before it says "or others"

#: How a clause that fails is put right, with the statement's own names filled in.
PUT_RIGHT: Final = {
    "transaction": ("transactions", "with the key {}"),
    "unit": ("units", "by {}"),
    "role": ("roles", "by a {}"),
    "jurisdiction": ("jurisdictions", "in {}"),
    "system": ("systems", "in {}"),
    "purpose": ("purposes", "with purpose {}"),
}


#: What is missing, in words that "is not known" may follow.
SPOKEN: Final = {
    "field:": "the field {}",
    "masked:": "the field {}, which is masked,",
    "context:": "the table {}, which was not given,",
    "silent:": "what the table {} leaves out for these lookups",
}


def spoken(missing: str) -> str:
    """Return what is missing in words."""
    for prefix, words in SPOKEN.items():
        if missing.startswith(prefix):
            return words.format(missing.removeprefix(prefix))
    return missing.removeprefix("requirement:").replace("_", " ")


def nearest_words(
    statement: Statement,
    failing: Sequence[str],
    wanted: Sequence[Sequence[str]],
    requirements: Mapping[str, Requirement],
) -> str:
    """Return what would have made the nearest permit hold; nothing when nothing fails.

    Parameters
    ----------
    statement : Statement
        The permit.
    failing : sequence of str
        Its clauses that fail.
    wanted : sequence of sequence of str
        Requirements that fail, each with its alternatives.
    requirements : mapping of str to Requirement
        What each means.
    """
    changes = [_change(statement, clause, wanted, requirements) for clause in failing]
    if not changes:
        return ""
    return f"It would have been permitted {' and '.join(changes)}."


def _change(
    statement: Statement,
    clause: str,
    wanted: Sequence[Sequence[str]],
    requirements: Mapping[str, Requirement],
) -> str:
    """Return the change that puts one clause right."""
    if clause == "requirement":
        each = (_meanings(names, requirements) for names in wanted)
        return "with " + " and ".join(each)
    if clause == "unless":
        return "but for " + _meanings(statement.unless, requirements)
    attribute, words = PUT_RIGHT[clause]
    return words.format(_listed(getattr(statement, attribute)))


def _meanings(names: Sequence[str], requirements: Mapping[str, Requirement]) -> str:
    """Return alternatives in the catalogue's words."""
    return " or ".join(requirements[name].means for name in names)


def _listed(names: Collection[str]) -> str:
    """Return some names as alternatives."""
    shown = sorted(names)[:NAMED_MAX]
    if len(names) > NAMED_MAX:
        return ", ".join([*shown, "or another"])
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def forbidden_words(
    statement: Statement, day: date, requirements: Mapping[str, Requirement]
) -> str:
    """Return what a forbid says, and what alone would have lifted it."""
    lifts = _meanings(statement.unless, requirements)
    lifted = f" It would not have been forbidden where {lifts}." if lifts else ""
    return statement.says + lifted + retroactive_words(statement, day)


def retroactive_words(statement: Statement, day: date) -> str:
    """Return the label of a statement that was approved only after the lookup; else nothing."""
    if day >= statement.approved:
        return ""
    because = statement.because.rstrip(".")
    return f" (Retroactive: approved on {statement.approved}, after this lookup; {because}.)"
