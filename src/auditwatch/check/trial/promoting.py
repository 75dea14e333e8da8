"""Out of shadow: what a rule must have shown, and how that is written into its own file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditwatch.check.trial.spending import ABOVE
from auditwatch.core.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.check.rule import Rule
    from auditwatch.check.section import Section
    from auditwatch.check.trial.spending import Spending

__all__ = ["objections", "promoted"]

#: Our block, its keys and what stands before them on their line.
BLOCK: Final = "auditwatch"


def objections(
    rule: Rule,
    *,
    nights: int,
    least: int,
    failed: int,
    blind: Sequence[str],
    spending: Sequence[Spending],
) -> Iterator[str]:
    """Yield why a rule in shadow may not ask reviewers yet.

    Parameters
    ----------
    rule : Rule
        In shadow.
    nights, least : int
        Nights with lookups since it went into shadow, and how many there must be.
    failed : int
        Its own samples that fail.
    blind : sequence of str
        Parts of it that no lookup of these nights met.
    spending : sequence of Spending
        Of its budget, on these nights.
    """
    if nights < least:
        yield f"{nights} of {least} nights in shadow"
    if rule.budget is None or rule.budget.findings_per_week is None:
        yield "no budget of findings_per_week: nobody said what it may cost"
    if failed:
        yield f"{failed} of its own samples fail"
    yield from (f"blind on these nights: {one}" for one in blind)
    for one in spending:
        if one.state == ABOVE or one.spent > one.allowed:
            yield f"above its budget: {one.words}"


def promoted(text: str, section: Section, evidence: Mapping[str, str]) -> str:
    """Return the text of a rule file in which a rule is no longer in shadow.

    Parameters
    ----------
    text : str
        Of the file.
    section : Section
        The rule in it.
    evidence : mapping of str to str
        Goes in as ``promoted``; all else stays as it is, comments too.

    Raises
    ------
    RuleError
        ``AW-BENCH-023`` the keys do not stand on lines of their own.
    """
    lines = text.splitlines(keepends=True)
    gone = [_line(section, lines, key) for key in ("mode", "shadow_since")]
    indent = re.match(r" *", lines[gone[0]])
    blank = indent[0] if indent else ""
    told = [f'{blank}  {key}: "{value}"\n' for key, value in evidence.items()]
    block = [f"{blank}promoted:\n", *told]
    end = _after_budget(section, len(lines))
    kept = [(n, line) for n, line in enumerate(lines) if n not in gone]
    before = [line for n, line in kept if n < end]
    return "".join([*before, *block, *(line for n, line in kept if n >= end)])


def _line(section: Section, lines: Sequence[str], key: str) -> int:
    """Return the line of a key of our block, from 0; refuse one that shares its line."""
    place = _start(section, key)
    if not re.fullmatch(rf" +{key}: *\S+ *(#.*)?\n?", lines[place]):
        raise RuleError(
            f"{key!r} does not stand on a line of its own",
            code="AW-BENCH-023",
            where=f"{section.document.file}:{place + 1}",
            expected="each key of the auditwatch block on its own line",
            hint="put the file in order first: auditwatch rules fmt",
        )
    return place


def _start(section: Section, key: str) -> int:
    """Return the line on which a key of our block begins, from 0."""
    return int(section.document.place(BLOCK, key).rsplit(":", 2)[1]) - 1


def _after_budget(section: Section, last: int) -> int:
    """Return the line before which ``promoted`` belongs: that of the key after the budget."""
    starts = sorted(_start(section, key) for key in section.section(BLOCK).keys)
    budget = _start(section, "budget")
    return min((start for start in starts if start > budget), default=last)
