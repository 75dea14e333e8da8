"""Exceptions: approved deviations from a permit, a forbid or a rule, each with its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.rule import Rule
    from auditwatch.check.section import Section
    from auditwatch.check.statement import Statement

__all__ = ["ONLY", "WHOM", "Exemption", "read_exemptions"]

LONGEST_DAYS: Final = 366  # what lasts longer is a policy: write a dated permit
UNLIFTABLE: Final = "critical"  # no exception reaches so far
HOUR: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:00)?")
KEYS: Final = (
    "kind",
    "id",
    "because",
    "ticket",
    "lifts",
    "only",
    "effective",
    "requested_by",
    "approved",
    "ceiling",
)

#: Terms of ``only``: the key in the file and the column that it is compared with.
ONLY: Final = {
    "operators": "operator_id",
    "units": "unit",
    "roles": "role",
    "terminals": "terminal",
    "systems": "system",
    "transactions": "transaction",
    "purposes": "purpose",
    "cases": "number",
}
WHOM: Final = ("operators", "units", "roles", "terminals", "cases")


@dataclass(frozen=True)
class Exemption:
    """One approved exception.

    Parameters
    ----------
    exception_id : str
        As in its file.
    statements, rules : frozenset of str
        Ids of permits and forbids, and names of rules, that it lifts.
    only : mapping of str to frozenset of str
        Column to the values to which it is limited.
    since, until : datetime
        Whole hours on the agency's clock, without a zone; `until` is the first hour it is over.
    approved : date
        Nobody knew of it before.
    ceiling : int
        Lookups of one night that it may lift; a night with more gets nothing lifted.
    because, ticket, requested_by, approved_by : str
        Why, and on whose word.
    place : str
        ``file:line``.
    """

    exception_id: str
    statements: frozenset[str]
    rules: frozenset[str]
    only: Mapping[str, frozenset[str]]
    since: datetime
    until: datetime
    approved: date
    ceiling: int
    because: str
    ticket: str
    requested_by: str
    approved_by: str
    place: str

    def state(self, day: date) -> str:
        """Return ``to come``, ``in force`` or ``ended`` on a day."""
        if day < self.since.date():
            return "to come"
        return "in force" if day <= self.until.date() else "ended"


def read_exemptions(
    sections: Iterable[Section],
    catalogue: Catalogue,
    statements: Sequence[Statement],
    rules: Sequence[Rule],
) -> tuple[Exemption, ...]:
    """Read the documents of ``exceptions/``.

    Parameters
    ----------
    sections : iterable of Section
        One an exception.
    catalogue : Catalogue
        Known names.
    statements, rules
        What an exception may lift.

    Returns
    -------
    tuple of Exemption
        Sorted by id.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` to ``-005`` a value cannot be used, ``-007`` an id is given twice, ``-020``
        no end, too late an end or no terms, ``-021`` approved by the one who asked for it or after
        it began, ``-022`` it lifts what is graver than its ceiling.
    """
    found: dict[str, Exemption] = {}
    for section in sections:
        section.only(*KEYS).choice("kind", ("exception",))
        exemption = _exemption(section, catalogue, statements, rules)
        if exemption.exception_id in found:
            raise section.error(
                f"{exemption.exception_id!r} a second time",
                "id",
                code="AW-RULES-007",
                expected=f"once; the other is at {found[exemption.exception_id].place}",
            )
        found[exemption.exception_id] = exemption
    return tuple(found[name] for name in sorted(found))


def _exemption(
    section: Section,
    catalogue: Catalogue,
    statements: Sequence[Statement],
    rules: Sequence[Rule],
) -> Exemption:
    """Read one exception."""
    since, until = _interval(section)
    lifts = section.section("lifts").only("permits", "forbids", "rules")
    permits = lifts.texts("permits", {one.statement_id for one in statements if not one.forbids})
    forbids = lifts.texts("forbids", {one.statement_id for one in statements if one.forbids})
    named = lifts.texts("rules", {rule.rule_id for rule in rules})
    if not (permits or forbids or named):
        raise section.error(
            "this exception lifts nothing",
            "lifts",
            code="AW-RULES-002",
            expected="permits, forbids or rules with their ids",
        )
    asked, by, day = _approval(section, since)
    exemption = Exemption(
        exception_id=section.text("id"),
        statements=frozenset((*permits, *forbids)),
        rules=frozenset(named),
        only=_terms(section, catalogue),
        since=since,
        until=until,
        approved=day,
        ceiling=_ceiling(section, statements, rules, catalogue),
        because=section.text("because"),
        ticket=section.text("ticket"),
        requested_by=asked,
        approved_by=by,
        place=section.place,
    )
    if "," in exemption.exception_id:
        raise section.error(
            "an id with a comma", "id", code="AW-RULES-003", expected="such as EX-1"
        )
    return exemption


def _interval(section: Section) -> tuple[datetime, datetime]:
    """Return the hours in which an exception holds; its end is mandatory and not far."""
    effective = section.section("effective").only("from", "until")
    if not effective.has("until"):
        raise section.error(
            "an exception without an end",
            "effective",
            code="AW-RULES-020",
            expected='until: "YYYY-MM-DD", the first day it is over',
            hint="what has no end is a policy: write a dated permit instead",
        )
    since, until = _hour(effective, "from"), _hour(effective, "until")
    if until <= since:
        raise effective.error(
            "'until' is not after 'from'", "until", code="AW-RULES-005", expected="a later hour"
        )
    if until - since > timedelta(days=LONGEST_DAYS):
        raise effective.error(
            f"an exception of more than {LONGEST_DAYS} days",
            "until",
            code="AW-RULES-020",
            expected="an earlier end, to be asked for again when it comes",
            hint="what lasts is a policy: write a dated permit instead",
        )
    return since, until


def _hour(section: Section, key: str) -> datetime:
    """Return a day, or a whole hour of it, on the agency's clock."""
    value = section.text(key)
    try:
        found = datetime.fromisoformat(value) if HOUR.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise section.error(
            f"{key!r} is neither a day nor a whole hour",
            key,
            code="AW-RULES-005",
            expected='"YYYY-MM-DD" or "YYYY-MM-DDTHH:00", on the agency\'s clock',
        )
    return found


def _terms(section: Section, catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """Return to what an exception is limited; it must say for whom or for which case."""
    only = section.section("only").only(*ONLY)
    known = {
        "units": catalogue.units,
        "roles": catalogue.roles,
        "systems": catalogue.systems,
        "transactions": {*catalogue.transactions, *catalogue.groups},
        "purposes": catalogue.purposes,
    }
    if not any(only.has(key) for key in WHOM):
        raise section.error(
            "an exception for everybody",
            "only",
            code="AW-RULES-020",
            expected="one of " + ", ".join(WHOM),
        )
    terms = {ONLY[key]: frozenset(only.texts(key, known.get(key))) for key in only.keys}
    if "transaction" in terms:
        keys = (catalogue.groups.get(name, (name,)) for name in terms["transaction"])
        terms["transaction"] = frozenset(key for group in keys for key in group)
    return terms


def _approval(section: Section, since: datetime) -> tuple[str, str, date]:
    """Return who asked, who approved and when; nobody approves his own, or afterwards."""
    asked = section.text("requested_by")
    approved = section.section("approved").only("by", "date", "document")
    by = approved.text("by")
    approved.text("document", "-")
    day = approved.day("date")
    if day is None:
        raise approved.error("'date' is missing", code="AW-RULES-002", expected="date: YYYY-MM-DD")
    if " ".join(by.casefold().split()) == " ".join(asked.casefold().split()):
        raise approved.error(
            "approved by the one who asked for it",
            "by",
            code="AW-RULES-021",
            expected="somebody else",
        )
    if day > since.date():
        raise approved.error(
            "approved after it began",
            "date",
            code="AW-RULES-021",
            expected=f"on or before {since.date().isoformat()}",
            hint="let it begin on the day of its approval",
        )
    return asked, by, day


def _ceiling(
    section: Section, statements: Sequence[Statement], rules: Sequence[Rule], catalogue: Catalogue
) -> int:
    """Return how many lookups of a night it may lift; refuse what is graver than it may lift."""
    ceiling = section.section("ceiling").only("lookups_a_night", "severity")
    most = ceiling.choice("severity", SEVERITIES[: SEVERITIES.index(UNLIFTABLE)])
    lifts = section.section("lifts")
    soft = catalogue.manners["justification_missing"].severity
    graves = {one.statement_id: one.severity or soft for one in statements}
    graves |= {rule.rule_id: rule.severity for rule in rules}
    for key in lifts.keys:
        for name in lifts.texts(key):
            if SEVERITIES.index(graves[name]) > SEVERITIES.index(most):
                raise lifts.error(
                    f"{name!r} is {graves[name]}, more than this exception may lift",
                    key,
                    code="AW-RULES-022",
                    expected=f"at most {most}, as its ceiling says",
                    hint=f"nothing {UNLIFTABLE} can be lifted; a higher ceiling needs approval",
                )
    return ceiling.whole("lookups_a_night")
