"""The tables beside the trail: roster, cases, duty, relations, links; what was given of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.core.schema import DAY, INSTANT, TEXT, Column, Table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CASES", "CONTEXT_TABLES", "DUTY", "LINKS", "RELATIONS", "ROSTER", "Context"]

ROSTER: Final = Table(
    "roster",
    "one operator",
    (
        Column("operator_id", TEXT, "as in the trail"),
        Column("role", TEXT, "role"),
        Column("unit", TEXT, "unit"),
        Column("shift", TEXT, "usual shift"),
        Column("terminal", TEXT, "usual terminal"),
        Column("subject_id", TEXT, "the operator's own key as a subject"),
        Column("surname", TEXT, "surname"),
        Column("household", TEXT, "household key, the same for all who live there"),
        Column("plate", TEXT, "own plate"),
        Column("trained_until", DAY, "last day of a valid certificate"),
        Column("separated_on", DAY, "first day no longer employed"),
        Column("suspended_from", DAY, "first day of a suspension or a leave of absence"),
        Column("suspended_until", DAY, "last day of it; empty while it goes on"),
        Column("supervisor", TEXT, "operator_id of the supervisor"),
    ),
)

CASES: Final = Table(
    "cases",
    "one case or incident",
    (
        Column("case_id", TEXT, "normalised number"),
        Column("kind", TEXT, "kind"),
        Column("opened", DAY, "first day"),
        Column("closed", DAY, "last day; null while open"),
        Column("unit", TEXT, "unit in charge"),
        Column("operators", TEXT, "assigned operators joined by ;"),
        Column("subjects", TEXT, "known subjects joined by ;"),
    ),
)

DUTY: Final = Table(
    "duty",
    "one recorded spell of duty",
    (
        Column("operator_id", TEXT, "who"),
        Column("starts", INSTANT, "from"),
        Column("ends", INSTANT, "until"),
    ),
)

RELATIONS: Final = Table(
    "relations",
    "one known tie between an operator and a subject",
    (
        Column("operator_id", TEXT, "who"),
        Column("subject_id", TEXT, "to whom or what"),
        Column("relation", TEXT, "self, household, own vehicle …"),
    ),
)

LINKS: Final = Table(
    "links",
    "one known link between two subjects",
    (
        Column("subject_id", TEXT, "the one"),
        Column("other_id", TEXT, "the other"),
        Column("relation", TEXT, "registered owner …"),
    ),
)

CONTEXT_TABLES: Final = {table.name: table for table in (ROSTER, CASES, DUTY, RELATIONS, LINKS)}


@dataclass(frozen=True)
class Context:
    """What is known beside the trail; a table that was not given is None, and that is known.

    Absence from a given table is weak evidence: none is ever complete.
    """

    roster: pa.Table | None = None
    cases: pa.Table | None = None
    duty: pa.Table | None = None
    relations: pa.Table | None = None
    links: pa.Table | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the tables that were given, in a fixed order."""
        return tuple(name for name in CONTEXT_TABLES if getattr(self, name) is not None)

    @property
    def absent(self) -> tuple[str, ...]:
        """Names of the tables that were not given, in a fixed order."""
        return tuple(name for name in CONTEXT_TABLES if getattr(self, name) is None)
