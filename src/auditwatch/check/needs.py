"""What the condition of a rule needs, so that its silence can be explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.check.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditwatch.check.facts import Facts

__all__ = ["needs_of"]


def needs_of(columns: Iterable[str], facts: Facts) -> tuple[list[str], list[str]]:
    """Return the fields of a source that a rule reads, and the tables that it misses.

    Parameters
    ----------
    columns : iterable of str
        What the rule reads.
    facts : Facts
        With the context tables that were given.

    Returns
    -------
    fields : list of str
        Canonical names, in order of first use.
    tables : list of str
        Context tables that were not given; alternatives joined by ``or``.
    """
    read = [FIELDS[name] for name in columns]
    fields = dict.fromkeys(need for one in read for need in one.needs)
    missing = (one.context for one in read if one.context and facts.absent.issuperset(one.context))
    return list(fields), list(dict.fromkeys(" or ".join(tables) for tables in missing))
