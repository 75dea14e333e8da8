"""Permits, forbids, exceptions and the catalogue: what loads and is not right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.check.section import Section
from auditwatch.check.trial.linting.columns import look_at_tests
from auditwatch.check.trial.linting.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.check.exemption import Exemption
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.pack import Pack

__all__ = ["look_at_policy"]

COVERS: Final = ("units", "roles", "jurisdictions", "systems", "transactions", "purposes")
#: Terms that keep an exception to some work; units and roles alone do not.
NARROW: Final = ("operator_id", "terminal", "transaction", "purpose", "number")
CEILING_HIGH: Final = 1000


def look_at_policy(pack: Pack) -> Iterator[Problem]:
    """Yield what is wrong with statements, exceptions and the catalogue."""
    statements = pack.ruleset.statements
    tried = {tuple(one.expected.split()[:2]) for one in pack.ruleset.decisions}
    for one in statements:
        yield from _untested(one, tried)
        yield from _never(pack, one)
        yield from _redundant(one, statements)
    for section in _entries(pack):
        yield from _ungrounded(section)
    for exemption in pack.ruleset.exemptions.values():
        yield from _wide(exemption)
        yield from _idle(exemption, statements)
    for name, entry in pack.requirements.items():
        yield from look_at_tests(pack.required(name), pack.ruleset.catalogue)
        yield from _unused(pack, name, entry)


def _untested(one: Statement, tried: set[tuple[str, ...]]) -> Iterator[Problem]:
    """Yield a statement that no decision table shows at work."""
    verdict = "forbidden" if one.forbids else "permitted"
    if (verdict, one.statement_id) not in tried:
        yield Problem(
            f"no test is {verdict} by {one.statement_id!r}",
            code="AW-LINT-201",
            where=f"{one.place}:1",
            expected=f"a decision with verdict: {verdict} {one.statement_id}",
            hint="see docs/how-to/test-rules.md",
        )


def _never(pack: Pack, one: Statement) -> Iterator[Problem]:
    """Yield a statement that cannot apply to any lookup."""
    catalogue = pack.ruleset.catalogue
    if one.purposes is not None and not one.forbids:
        for code in sorted(one.purposes):
            spells = catalogue.purposes[code].spells
            if not any(
                (spell.valid_to is None or spell.valid_to > one.since)
                and (one.until is None or spell.valid_from is None or spell.valid_from < one.until)
                for spell in spells
            ):
                yield Problem(
                    f"{one.statement_id!r} permits {code!r}, which is not valid on any of its days",
                    code="AW-LINT-202",
                    where=f"{one.place}:1",
                    hint="end it when the code ended, or leave the code out",
                )
    if one.systems is not None and one.transactions is not None:
        asked = {catalogue.transactions[key].system for key in one.transactions}
        if not asked & one.systems:
            yield Problem(
                f"{one.statement_id!r} names keys of other systems than it names",
                code="AW-LINT-203",
                where=f"{one.place}:1",
                expected="keys of " + ", ".join(sorted(one.systems)),
                hint="the catalogue knows them in " + ", ".join(sorted(asked)),
            )


def _redundant(one: Statement, statements: tuple[Statement, ...]) -> Iterator[Problem]:
    """Yield a permit that permits nothing beyond another one."""
    for other in statements:
        if one is other or one.forbids or other.forbids or other.statement_id == one.statement_id:
            continue
        if _lasts(other, one) and _within(one, other) and _asks_less(other, one):
            yield Problem(
                f"{one.statement_id!r} permits nothing that {other.statement_id!r} does not",
                code="AW-LINT-204",
                where=f"{one.place}:1",
                hint=f"the other one is at {other.place}",
            )


def _lasts(other: Statement, one: Statement) -> bool:
    """Tell whether a statement is in force on every day of another one."""
    ends = other.until is None or (one.until is not None and one.until <= other.until)
    return other.since <= one.since and ends


def _within(one: Statement, other: Statement) -> bool:
    """Tell whether a statement covers no more than another one."""
    for name in COVERS:
        inner, outer = getattr(one, name), getattr(other, name)
        if outer is not None and (inner is None or not inner <= outer):
            return False
    return True


def _asks_less(other: Statement, one: Statement) -> bool:
    """Tell whether what one permit asks for is enough for another one."""
    either = not other.any_of or (bool(one.any_of) and set(one.any_of) <= set(other.any_of))
    either = either or bool(set(other.any_of) & set(one.all_of))
    return set(other.all_of) <= set(one.all_of) and either and set(other.unless) <= set(one.unless)


def _entries(pack: Pack) -> Iterator[Section]:
    """Yield the sections of all permits and forbids."""
    for document in pack.documents["permits"]:
        for key in ("permits", "forbids"):
            yield from Section(document).sections(key)


def _ungrounded(section: Section) -> Iterator[Problem]:
    """Yield a statement that does not say on whose word, or that nobody verified."""
    where = section.document.place(*section.path)
    if not section.has("authority"):
        yield Problem(
            f"{section.text('id')!r} does not say on whose word",
            code="AW-LINT-205",
            where=where,
            expected="authority: the law, policy or order it rests on",
        )
    if section.text("verified", "agency") == "U":
        yield Problem(
            f"nobody verified what {section.text('id')!r} rests on",
            code="AW-LINT-206",
            where=where,
            level="info",
            expected="verified: V, V2, D or agency",
        )


def _wide(one: Exemption) -> Iterator[Problem]:
    """Yield an exception whose terms hardly limit it."""
    if not any(name in one.only for name in NARROW):
        yield Problem(
            f"{one.exception_id!r} is for all the work of its units or roles",
            code="AW-LINT-207",
            where=f"{one.place}:1",
            expected="operators, terminals, transactions, purposes or cases as well",
        )
    if one.ceiling > CEILING_HIGH:
        yield Problem(
            f"the ceiling of {one.exception_id!r} is {one.ceiling:,} lookups a night",
            code="AW-LINT-208",
            where=f"{one.place}:1",
            expected="what the work needs: more is no exception any more",
        )


def _idle(one: Exemption, statements: tuple[Statement, ...]) -> Iterator[Problem]:
    """Yield an exception from a statement that is not in force meanwhile."""
    first, last = one.since.date(), one.until.date()
    for name in sorted(one.statements):
        versions = [each for each in statements if each.statement_id == name]
        if not any(
            each.since <= last and (each.until is None or first < each.until) for each in versions
        ):
            yield Problem(
                f"{one.exception_id!r} lifts {name!r}, which is not in force meanwhile",
                code="AW-LINT-209",
                where=f"{one.place}:1",
                hint="check the dates of both",
            )


def _unused(pack: Pack, name: str, entry: Section) -> Iterator[Problem]:
    """Yield a requirement that no statement asks for."""
    if not any(name in one.requirements for one in pack.ruleset.statements):
        yield Problem(
            f"no permit or forbid asks for {name!r}",
            code="AW-LINT-210",
            where=entry.document.place(*entry.path),
            level="info",
            hint="use it, or keep it for later",
        )
