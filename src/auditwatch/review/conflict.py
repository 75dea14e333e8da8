"""Who must keep away from which finding: oneself, close colleagues, kin."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.core.contexttables import Context

__all__ = ["Circle", "Ties"]

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Circle:
    """Whom one reviewer must not decide about.

    Parameters
    ----------
    operators : frozenset of str
        Oneself under every login, one's unit, supervisors and those supervised, kin on the roster.
    subjects : frozenset of str
        Oneself, one's household and vehicles, and those of kin on the roster.
    """

    operators: frozenset[str] = NOBODY
    subjects: frozenset[str] = NOBODY

    def meets(self, operators: Iterable[str], subjects: Iterable[str]) -> bool:
        """Tell whether a finding about these concerns the reviewer."""
        return not (
            self.operators.isdisjoint(map(_fold, operators)) and self.subjects.isdisjoint(subjects)
        )


@dataclass(frozen=True)
class Ties:
    """What the roster and the relations say of who belongs together.

    Parameters
    ----------
    roster : mapping
        operator_id, in lower case, to its row.
    related : mapping
        operator_id, in lower case, to subjects that are tied to the person.
    """

    roster: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    related: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context) -> Ties:
        """Return the ties that context tables tell; none where a table was not given."""
        rows = context.roster.to_pylist() if context.roster is not None else []
        ties = context.relations.to_pylist() if context.relations is not None else []
        related: dict[str, set[str]] = defaultdict(set)
        for row in ties:
            related[_fold(row["operator_id"])].add(row["subject_id"])
        return cls(
            {_fold(row["operator_id"]): row for row in rows},
            {name: frozenset(subjects) for name, subjects in related.items()},
        )

    def circle(self, operator_ids: Sequence[str]) -> Circle:
        """Return whom a reviewer with these logins must not decide about.

        A surname that two people share is taken for kinship: it costs another reviewer, no more.
        """
        own = [_fold(one) for one in operator_ids]
        colleagues = {
            name
            for name, row in self.roster.items()
            for mine in own
            if mine in self.roster and _close(self.roster[mine], row)
        }
        kin = {
            name
            for name in colleagues
            for mine in own
            if mine in self.roster and _shared(self.roster[mine], self.roster[name], KIN)
        }
        people = {*own, *kin}
        subjects = {str(self.roster[name]["subject_id"]) for name in people if name in self.roster}
        for name in people:
            subjects |= self.related.get(name, NOBODY)
        return Circle(frozenset({*own, *colleagues}), frozenset(subjects) - {"None", ""})


KIN = ("surname", "household")


def _close(mine: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two people of the roster are too close to judge each other."""
    bosses = {_fold(mine["supervisor"]): other, _fold(other["supervisor"]): mine}
    led = any(name and name == _fold(row["operator_id"]) for name, row in bosses.items())
    return led or _shared(mine, other, ("unit", *KIN))


def _shared(mine: Mapping[str, Any], other: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Tell whether two rows have a value in common."""
    return any(mine[name] and _fold(mine[name]) == _fold(other[name]) for name in names)


def _fold(text: str | None) -> str:
    """Return an id as it is compared."""
    return (text or "").strip().casefold()
