"""Versions of one statement: intervals that neither overlap nor leave a gap, on two clocks.

A lookup is judged by what was in force on its own day. The second clock asks what was *known* on
some day: a version that was approved later was not, and the version that it replaces went on.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from auditwatch.check.section import Section
    from auditwatch.check.statement import Statement

__all__ = ["as_known", "check_versions"]


def as_known(statements: Iterable[Statement], known_on: date | None = None) -> list[Statement]:
    """Return the versions that were approved by a day, each with the end that was known then.

    Parameters
    ----------
    statements : iterable of Statement
        Sorted by id and first day.
    known_on : date, optional
        The day; today's knowledge when it is not given.

    Returns
    -------
    list of Statement
        In the same order, none of which overlap.
    """
    found: list[Statement] = []
    for _, versions in groupby(statements, lambda one: one.statement_id):
        known = [one for one in _own_ends(list(versions)) if _is_known(one, known_on)]
        found += [
            one if later is None or later.replaces is None else replace(one, until=later.since)
            for one, later in zip_longest(known, known[1:])
        ]
    return found


def _own_ends(versions: Sequence[Statement]) -> Iterator[Statement]:
    """Yield versions without the ends that are another one's doing.

    An end on the very day on which a replacement begins was made by the replacement: before that
    was approved, nobody knew of it.
    """
    for one, later in zip_longest(versions, versions[1:]):
        ended = later is not None and later.replaces is not None and one.until == later.since
        yield replace(one, until=None) if ended else one


def _is_known(one: Statement, known_on: date | None) -> bool:
    """Tell whether a version was approved by a day."""
    return known_on is None or one.approved <= known_on


def check_versions(found: Sequence[tuple[Statement, Section]]) -> None:
    """Refuse versions of one id that do not follow on one another.

    Parameters
    ----------
    found : sequence of (Statement, Section)
        Sorted by id and first day.

    Raises
    ------
    RuleError
        ``AW-RULES-006`` two versions in force on the same day, ``-007`` an id that is both a permit
        and a forbid, ``-017`` a gap between two versions, or ``replaces`` naming none.
    """
    for _, group in groupby(found, lambda pair: pair[0].statement_id):
        versions = list(group)
        _check_first(*versions[0])
        for (earlier, _), (later, section) in pairwise(versions):
            _check_pair(earlier, later, section)


def _check_first(first: Statement, section: Section) -> None:
    """Refuse a first version that replaces another."""
    if first.replaces is not None:
        raise section.error(
            f"{first.statement_id!r} replaces a version that is not there",
            "replaces",
            code="AW-RULES-017",
            expected="a version of the same id that takes effect on that day",
            hint="keep past versions in the file: history is only ever added to",
        )


def _check_pair(earlier: Statement, later: Statement, section: Section) -> None:
    """Refuse a version that does not begin where the one before it ends."""
    name, day = later.statement_id, later.since.isoformat()
    if earlier.forbids != later.forbids:
        raise section.error(
            f"{name!r} is a permit and a forbid",
            "id",
            code="AW-RULES-007",
            expected=f"another id than at {earlier.place}",
        )
    if later.replaces not in (None, earlier.since):
        raise section.error(
            f"{name!r} replaces a version that is not the one before it",
            "replaces",
            code="AW-RULES-017",
            expected=f"{earlier.since.isoformat()}, first day of the version at {earlier.place}",
        )
    if later.since == earlier.since or (
        later.replaces is None and (earlier.until is None or later.since < earlier.until)
    ):
        raise section.error(
            f"{name!r} is in force twice from {day}",
            "effective",
            code="AW-RULES-006",
            expected=f"an end of the version at {earlier.place} on or before that day",
            hint=f'or replaces: "{earlier.since.isoformat()}", which ends it',
        )
    if earlier.until is not None and later.since > earlier.until:
        raise section.error(
            f"{name!r} is not in force from {earlier.until.isoformat()} to {day}",
            "effective",
            code="AW-RULES-017",
            expected=f"from: {earlier.until.isoformat()}, the end of {earlier.place}",
            hint="close the gap, or give what begins after it an id of its own",
        )
