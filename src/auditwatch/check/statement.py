"""Permits and forbids: dated statements of permitted and prohibited use, read from YAML."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue import SEVERITIES, STORIES, Catalogue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from auditwatch.check.section import Section

__all__ = ["Statement", "boundaries", "read_statements"]

SHARED_KEYS: Final = (
    "id",
    "says",
    "effective",
    "approved",
    "retroactive",
    "authority",
    "who",
    "may",
    "for",
    "unless",
)


@dataclass(frozen=True)
class Statement:
    """One version of a permit or a forbid.

    Parameters
    ----------
    statement_id : str
        Stable over versions.
    forbids : bool
        A forbid; else a permit.
    says : str
        The plain sentence a reviewer reads.
    story, severity : str
        How a finding is put; empty for a permit.
    since, until : date, date or None
        In force from `since`, and until the day before `until`.
    units, roles, systems, transactions, purposes : frozenset of str or None
        Whom and what it covers; None covers all.
    any_of, all_of : tuple of str
        Names of requirements (for a forbid: of what makes it apply).
    unless : tuple of str
        Requirements of which each alone lifts the statement.
    place : str
        ``file:line``.
    """

    statement_id: str
    forbids: bool
    says: str
    story: str
    severity: str
    since: date
    until: date | None
    units: frozenset[str] | None
    roles: frozenset[str] | None
    systems: frozenset[str] | None
    transactions: frozenset[str] | None
    purposes: frozenset[str] | None
    any_of: tuple[str, ...]
    all_of: tuple[str, ...]
    unless: tuple[str, ...]
    place: str

    @property
    def requirements(self) -> tuple[str, ...]:
        """Every requirement it names."""
        return (*self.any_of, *self.all_of, *self.unless)


def read_statements(
    sections: Iterable[Section], catalogue: Catalogue, requirements: Collection[str]
) -> tuple[Statement, ...]:
    """Read the documents of ``permits/``.

    Parameters
    ----------
    sections : iterable of Section
        One a document, each with ``kind: permits`` and lists ``permits`` and ``forbids``.
    catalogue : Catalogue
        Known names.
    requirements : collection of str
        Names that ``if``, ``when`` and ``unless`` may use.

    Returns
    -------
    tuple of Statement
        Sorted by id and first day.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` to ``-005`` a value cannot be used, ``-006`` two versions of one id
        overlap, ``-007`` an id is both a permit and a forbid, ``-014`` a statement that covers
        everything, ``-015`` approved after it took effect without saying why.
    """
    found: list[tuple[Statement, Section]] = []
    for section in sections:
        section.only("kind", "permits", "forbids").choice("kind", ("permits",))
        for key in ("permits", "forbids"):
            forbids = key == "forbids"
            found.extend(
                (_statement(item, forbids, catalogue, requirements), item)
                for item in section.sections(key)
            )
    found.sort(key=lambda pair: (pair[0].statement_id, pair[0].since))
    for (earlier, _), (later, item) in pairwise(found):
        _check_versions(earlier, later, item)
    return tuple(statement for statement, _ in found)


def _statement(
    section: Section, forbids: bool, catalogue: Catalogue, requirements: Collection[str]
) -> Statement:
    """Read one statement."""
    clause = "when" if forbids else "if"
    section.only(*SHARED_KEYS, clause, *(("story", "severity") if forbids else ()))
    since, until = _interval(section)
    _check_approval(section, since)
    units, roles = _who(section, catalogue)
    systems, transactions = _may(section, catalogue)
    any_of, all_of = _clause(section, clause, requirements)
    statement = Statement(
        statement_id=section.text("id"),
        forbids=forbids,
        says=section.text("says"),
        story=section.choice("story", STORIES) if forbids else "",
        severity=section.choice("severity", SEVERITIES) if forbids else "",
        since=since,
        until=until,
        units=units,
        roles=roles,
        systems=systems,
        transactions=transactions,
        purposes=frozenset(section.texts("for", catalogue.purposes)) or None,
        any_of=any_of,
        all_of=all_of,
        unless=section.texts("unless", requirements),
        place=section.place,
    )
    _check_reach(section, statement)
    return statement


def _interval(section: Section) -> tuple[date, date | None]:
    """Return the days on which a statement is in force."""
    effective = section.section("effective").only("from", "until")
    since, until = effective.day("from"), effective.day("until")
    if since is None:
        raise effective.error("'from' is missing", code="AW-RULES-002", expected="from: YYYY-MM-DD")
    if until is not None and until <= since:
        raise effective.error(
            "'until' is not after 'from'",
            "until",
            code="AW-RULES-005",
            expected="the first day it is no longer in force",
        )
    return since, until


def _check_approval(section: Section, since: date) -> None:
    """Refuse a statement nobody approved, or approved too late without saying why."""
    approved = section.section("approved").only("by", "date", "document")
    approved.text("by")
    approved.text("document", "-")
    day = approved.day("date")
    if day is None:
        raise approved.error("'date' is missing", code="AW-RULES-002", expected="date: YYYY-MM-DD")
    if section.has("retroactive"):
        section.section("retroactive").only("because").text("because")
    elif day > since:
        raise approved.error(
            "approved after it took effect",
            "date",
            code="AW-RULES-015",
            expected=f"on or before {since.isoformat()}",
            hint="correct the date, or say why: retroactive: {because: …}",
        )


def _who(
    section: Section, catalogue: Catalogue
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return the units and roles a statement covers; a type of unit stands for its units."""
    if not section.has("who"):
        return None, None
    who = section.section("who").only("units", "roles")
    names = who.texts("units", {*catalogue.units, *catalogue.unit_types})
    units = frozenset(
        unit for unit, kind in catalogue.units.items() if unit in names or kind in names
    )
    return units or None, frozenset(who.texts("roles", catalogue.roles)) or None


def _may(
    section: Section, catalogue: Catalogue
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return the systems and message keys a statement covers; a group stands for its keys."""
    if not section.has("may"):
        return None, None
    may = section.section("may").only("systems", "transactions")
    names = may.texts("transactions", {*catalogue.transactions, *catalogue.groups})
    keys = frozenset(key for name in names for key in catalogue.groups.get(name, (name,)))
    return frozenset(may.texts("systems", catalogue.systems)) or None, keys or None


def _clause(
    section: Section, key: str, requirements: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the requirements of which one, and of which all must hold."""
    if not section.has(key):
        return (), ()
    clause = section.section(key).only("any_of", "all_of")
    return clause.texts("any_of", requirements), clause.texts("all_of", requirements)


def _check_reach(section: Section, statement: Statement) -> None:
    """Refuse a permit or a forbid that forgot to say whom or what it covers."""
    named = (statement.units or statement.roles, statement.systems or statement.transactions)
    conditions = statement.any_of or statement.all_of or statement.purposes
    if statement.forbids and not (any(named) or conditions):
        raise section.error(
            "this would forbid every lookup",
            code="AW-RULES-014",
            expected="at least one of who, may, for, when",
        )
    if not statement.forbids and not all(named):
        raise section.error(
            "this permit does not say who may do what",
            code="AW-RULES-014",
            expected="who with units or roles, and may with systems or transactions",
        )


def _check_versions(earlier: Statement, later: Statement, section: Section) -> None:
    """Refuse two versions of one id that are in force on the same day."""
    if earlier.statement_id != later.statement_id:
        return
    if earlier.forbids != later.forbids:
        raise section.error(
            f"{later.statement_id!r} is a permit and a forbid",
            "id",
            code="AW-RULES-007",
            expected=f"another id than at {earlier.place}",
        )
    if earlier.until is None or later.since < earlier.until:
        raise section.error(
            f"{later.statement_id!r} is in force twice from {later.since.isoformat()}",
            "effective",
            code="AW-RULES-006",
            expected=f"an end of the version at {earlier.place} on or before that day",
        )


def boundaries(statements: Iterable[Statement]) -> Iterator[date]:
    """Yield every day on which some statement begins or ends."""
    for statement in statements:
        yield statement.since
        if statement.until is not None:
            yield statement.until
