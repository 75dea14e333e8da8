"""Permits and forbids: dated statements of permitted and prohibited use, read from YAML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue import SEVERITIES, STORIES, Catalogue
from auditwatch.check.shadow import refuse_shadowed
from auditwatch.check.versions import as_known, check_versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from auditwatch.check.section import Section

__all__ = ["VERIFIED", "Statement", "boundaries", "read_statements"]

#: How far what a statement rests on was checked: the passage itself was read (V), a secondary
#: copy was (V2), it was worked out from such (D), the agency's own order says so, nobody did (U).
VERIFIED: Final = ("V", "V2", "D", "agency", "U")

SHARED_KEYS: Final = (
    "id",
    "replaces",
    "says",
    "effective",
    "approved",
    "retroactive",
    "authority",
    "verified",
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
    approved : date
        The day on which it was approved: nobody knew it before.
    because : str
        Why it was approved only after it took effect; empty when it was not.
    replaces : date or None
        First day of the earlier version that ends where this one begins.
    units, roles, jurisdictions, systems, transactions, purposes : frozenset of str or None
        Whom and what it covers; None covers all.
    by_group : bool
        Some transactions are named by a group, so that a key nobody mapped may be meant too.
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
    approved: date
    because: str
    replaces: date | None
    units: frozenset[str] | None
    roles: frozenset[str] | None
    jurisdictions: frozenset[str] | None
    systems: frozenset[str] | None
    transactions: frozenset[str] | None
    by_group: bool
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
        Sorted by id and first day; all versions, whoever knew them when.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` to ``-005`` a value cannot be used, ``-014`` a statement that covers
        everything, ``-015`` approved after it took effect without saying why, ``-019`` a forbid
        that rests on what nobody verified; those of `check_versions` and `refuse_shadowed`.
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
    check_versions(found)
    raw = tuple(statement for statement, _ in found)
    in_force = as_known(raw)
    placed = zip(in_force, (item for _, item in found), strict=True)
    refuse_shadowed(
        [(one, item) for one, item in placed if not one.forbids],
        [one for one in in_force if one.forbids],
        catalogue.transactions,
    )
    return raw


def _statement(
    section: Section, forbids: bool, catalogue: Catalogue, requirements: Collection[str]
) -> Statement:
    """Read one statement."""
    clause = "when" if forbids else "if"
    section.only(*SHARED_KEYS, clause, *(("story", "severity") if forbids else ()))
    since, until = _interval(section)
    units, roles, jurisdictions = _who(section, catalogue)
    systems, transactions, by_group = _may(section, catalogue)
    any_of, all_of = _clause(section, clause, requirements)
    statement = Statement(
        statement_id=section.text("id"),
        forbids=forbids,
        says=section.text("says"),
        story=section.choice("story", STORIES) if forbids else "",
        severity=section.choice("severity", SEVERITIES) if forbids else "",
        since=since,
        until=until,
        approved=_approval(section, since),
        because=section.section("retroactive").text("because")
        if section.has("retroactive")
        else "",
        replaces=section.day("replaces"),
        units=units,
        roles=roles,
        jurisdictions=jurisdictions,
        systems=systems,
        transactions=transactions,
        by_group=by_group,
        purposes=frozenset(section.texts("for", catalogue.purposes)) or None,
        any_of=any_of,
        all_of=all_of,
        unless=section.texts("unless", requirements),
        place=section.place,
    )
    _check_reach(section, statement)
    _check_ground(section, forbids)
    return statement


def _check_ground(section: Section, forbids: bool) -> None:
    """Refuse a forbid that rests on something nobody verified: it would decide what is wrong."""
    section.text("authority", "-")
    if section.choice("verified", VERIFIED, "agency") == "U" and forbids:
        raise section.error(
            "what nobody verified may not forbid anything",
            "verified",
            code="AW-RULES-019",
            expected="V, V2, D, or agency when an order of the agency says so",
            hint="verify it, or make it a detection with level: informational",
        )


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


def _approval(section: Section, since: date) -> date:
    """Return the day of approval; refuse one after it took effect that does not say why."""
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
    return day


def _who(section: Section, catalogue: Catalogue) -> tuple[frozenset[str] | None, ...]:
    """Return the units, roles and states a statement covers; a type of unit means its units."""
    if not section.has("who"):
        return None, None, None
    who = section.section("who").only("units", "roles", "jurisdictions")
    names = who.texts("units", {*catalogue.units, *catalogue.unit_types})
    units = frozenset(
        unit for unit, kind in catalogue.units.items() if unit in names or kind in names
    )
    roles = frozenset(who.texts("roles", catalogue.roles))
    return units or None, roles or None, frozenset(who.texts("jurisdictions")) or None


def _may(
    section: Section, catalogue: Catalogue
) -> tuple[frozenset[str] | None, frozenset[str] | None, bool]:
    """Return the systems and message keys a statement covers, and whether a group is named."""
    if not section.has("may"):
        return None, None, False
    may = section.section("may").only("systems", "transactions")
    names = may.texts("transactions", {*catalogue.transactions, *catalogue.groups})
    keys = frozenset(key for name in names for key in catalogue.groups.get(name, (name,)))
    systems = frozenset(may.texts("systems", catalogue.systems))
    return systems or None, keys or None, any(name in catalogue.groups for name in names)


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
    whom = statement.units or statement.roles
    named = (whom, statement.systems or statement.transactions)
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


def boundaries(statements: Iterable[Statement]) -> Iterator[date]:
    """Yield every day on which some statement begins, ends, or was approved after it began."""
    for statement in statements:
        yield from (statement.since, max(statement.since, statement.approved))
        if statement.until is not None:
            yield statement.until
