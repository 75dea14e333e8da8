"""The rules as pages for those who answer for them: a captain signs, an auditor reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.check.trial.matrix import matrix_of
from auditwatch.check.wording import retroactive_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.clauses import Clause
    from auditwatch.check.trial.matrix import Matrix
    from auditwatch.check.trial.pack import Pack

__all__ = ["changes_page", "index_page", "policy_page", "rule_page"]

CHANGES_MAX: Final = 200


def index_page(pack: Pack, day: date) -> str:
    """Return the page that names all others."""
    rules = pack.ruleset
    lines = [
        f"# Rules in force on {day.isoformat()}",
        "",
        f"Rule set `{rules.version[:12]}`.",
        "",
        "- [What is permitted to whom](policy.md)",
        "",
        "| rule | level | asks |",
        "|---|---|---|",
        *(
            f"| [{r.rule_id}](rules/{r.rule_id}.md) | {r.severity} | {_cell(r.title)} |"
            for r in rules.rules
        ),
    ]
    return _page(lines)


def policy_page(rules: Ruleset, day: date) -> str:
    """Return what is permitted on a day: statements in sentences, then tables of who may what.

    Parameters
    ----------
    rules : Ruleset
        The pack.
    day : date
        Judged by what is in force on it.
    """
    in_force = list(rules.policy.in_force(day))
    lines = [
        f"# What is permitted on {day.isoformat()}",
        "",
        (
            f"Rule set `{rules.version[:12]}`. What no permit covers is not permitted; a forbid "
            "outweighs every permit."
        ),
        "",
        "## Permits",
        "",
        *(line for one in in_force if not one.forbids for line in _statement(rules, one, day)),
        "",
        "## Forbids",
        "",
        *(line for one in in_force if one.forbids for line in _statement(rules, one, day)),
        "",
        "## Exceptions",
        "",
        *(_exceptions(rules, day) or ["None on that day."]),
        "",
        "## Who may ask what, for which purpose",
        "",
        (
            "`with …`: permitted with that. A forbid that depends on what was typed is not in the "
            "tables; it stands above."
        ),
        *_tables(rules, matrix_of(rules, day)),
        "",
        "Approved: ______________________   Date: ______________",
    ]
    return _page(lines)


def changes_page(rules: Ruleset, day: date, other: date) -> str:
    """Return where the policy of one day differs from that of an earlier one."""
    changes = matrix_of(rules, other).changes(matrix_of(rules, day))
    lines = [f"# What changed from {other.isoformat()} to {day.isoformat()}", ""]
    lines += ["Nothing."] if not changes else ["| purpose | unit | key | before | after |"]
    lines += ["|---|---|---|---|---|"] if changes else []
    for (purpose, unit, key), before, after in changes[:CHANGES_MAX]:
        lines.append(f"| {purpose or 'none'} | {unit} | {key} | {before} | {after} |")
    left = len(changes) - CHANGES_MAX
    return _page([*lines, *(["", f"and {left:,} more."] if left > 0 else [])])


def rule_page(pack: Pack, rule: Rule) -> str:
    """Return the page of one rule."""
    section = pack.sections[rule.rule_id]
    lines = [
        f"# {rule.title}",
        "",
        f"`{rule.rule_id}` · {rule.severity} · {section.text('status')} · {rule.place}",
        "",
        " ".join(section.text("description").split()),
        "",
        "## What it asks about",
        "",
    ]
    clause = pack.clauses(rule)
    if clause is not None:
        lines += _outline(clause)
    elif rule.correlation is not None:
        lines += [f"Lookups in a window with {rule.correlation.asks}:", ""]
        lines += [f"- of [{name}]({name}.md)" for name in rule.calls]
    lines += [
        "",
        "## What the reviewer reads",
        "",
        f"> {rule.says}",
        "",
        "What else it may be:",
        "",
    ]
    lines += [f"- {one}" for one in rule.innocent.splitlines()]
    lines += ["", "## What its tests show", ""]
    for sample in rule.samples:
        answer = "is left alone" if sample.expected == "false" else "is asked about"
        lines.append(f"- {sample.title}: {answer}")
    return _page(lines)


def _statement(rules: Ruleset, one: Statement, day: date) -> Iterator[str]:
    """Yield a permit or forbid as a sentence with its terms."""
    until = f" until {one.until.isoformat()}" if one.until else ""
    yield f"- **{one.statement_id}**: {one.says}{retroactive_words(one, day)}"
    approved = one.approved.isoformat()
    yield f"  - In force from {one.since.isoformat()}{until}, approved on {approved}."
    for words, names in (
        ("Units", one.units),
        ("Roles", one.roles),
        ("States", one.jurisdictions),
        ("Systems", one.systems),
        ("Purposes", one.purposes),
    ):
        if names is not None:
            yield f"  - {words}: {', '.join(sorted(names))}."
    if one.transactions is not None:
        yield f"  - Keys: {_keys(rules, one.transactions)}."
    if one.any_of:
        yield f"  - With one of: {_meanings(rules, one.any_of)}."
    if one.all_of:
        yield f"  - With: {_meanings(rules, one.all_of)}."
    if one.unless:
        yield f"  - Not where: {_meanings(rules, one.unless)}."


def _exceptions(rules: Ruleset, day: date) -> list[str]:
    """Return the exceptions of a day, with what each lifts, and its end."""
    return [
        f"- **{one.exception_id}** until {one.until.isoformat(' ', 'hours')}: {one.because} "
        f"Lifts {', '.join(sorted(one.statements | one.rules))}; approved by {one.approved_by}."
        for one in rules.exemptions.values()
        if one.state(day) == "in force"
    ]


def _tables(rules: Ruleset, matrix: Matrix) -> Iterator[str]:
    """Yield a table for each kind of purpose; keys that are alike share a column."""
    for purposes, columns, rows in matrix.tables():
        yield ""
        yield "### " + ", ".join(f"Purpose {name}" if name else "No purpose" for name in purposes)
        yield ""
        yield "| unit | " + " | ".join(_keys(rules, names) for names in columns) + " |"
        yield "|---" * (len(columns) + 1) + "|"
        yield from (f"| {' | '.join(row)} |" for row in rows)


def _keys(rules: Ruleset, names: Iterable[str]) -> str:
    """Return keys by the groups that they make up, else by their names."""
    left, told = set(names), []
    for group, members in rules.catalogue.groups.items():
        if members and set(members) <= left:
            told.append(group.replace("_", " "))
            left -= set(members)
    return ", ".join([*told, *sorted(left)])


def _outline(clause: Clause, depth: int = 0) -> Iterator[str]:
    """Yield a condition as an outline."""
    if len(clause.parts) == 1 and not clause.parts[0].parts:
        yield f"{'  ' * depth}- {clause.words} `{clause.parts[0].words}`"
        return
    words = clause.words if clause.parts else f"`{clause.words}`"
    yield f"{'  ' * depth}- {words}"
    for part in clause.parts:
        yield from _outline(part, depth + 1)


def _meanings(rules: Ruleset, names: Iterable[str]) -> str:
    """Return requirements in the catalogue's words."""
    return "; ".join(rules.requirements[name].means for name in names)


def _cell(text: str) -> str:
    """Return text that cannot end a cell."""
    return text.replace("|", "\\|")


def _page(lines: Iterable[str]) -> str:
    """Return lines as a page."""
    return "\n".join(lines) + "\n"
