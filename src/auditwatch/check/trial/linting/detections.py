"""Detection and correlation rules that load and are not right."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.trial.clauses import named_selections
from auditwatch.check.trial.linting.columns import look_at_tests
from auditwatch.check.trial.linting.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditwatch.check.condition import Node
    from auditwatch.check.rule import Rule
    from auditwatch.check.section import Section
    from auditwatch.check.trial.pack import Pack

__all__ = ["look_at_rules"]

#: A finding is a question to a person: words that answer it before it was asked.
ACCUSING: Final = re.compile(
    r"\b(violat\w+|guilty|offend\w+|abus\w+|misus\w+|stalk\w+|illegal\w*)\b", re.IGNORECASE
)
UNWRITTEN: Final = re.compile(r"\b(TODO|FIXME|TBD|XXX)\b")
#: Whom the sentence of a story may name; an agency's is about no one person.
WHO: Final[dict[str, tuple[str, ...]]] = {"agency": (), "unit": ("operator_id", "operator_unit")}


def look_at_rules(pack: Pack) -> Iterator[Problem]:
    """Yield what is wrong with each rule."""
    trees: dict[Node, str] = {}
    for rule in pack.ruleset.rules:
        section = pack.sections[rule.rule_id]
        for look in LOOKS:
            yield from look(rule, section)
        if rule.correlation is None:
            yield from _unused(section)
            clause = pack.clauses(rule)
            assert clause is not None, rule.rule_id
            yield from look_at_tests(clause, pack.ruleset.catalogue)
            yield from _doubled(section)
            yield from _same(rule, section, trees)


def _unused(section: Section) -> Iterator[Problem]:
    """Yield selections that the condition does not name."""
    detection = section.section("detection")
    named = named_selections(detection)
    for name in detection.keys:
        if name != "condition" and name not in named:
            yield Problem(
                f"the condition does not name the selection {name!r}",
                code="AW-LINT-101",
                where=detection.document.place(*detection.path, name),
                expected="each selection in the condition",
                hint="name it there, or remove it",
            )


def _same(rule: Rule, section: Section, trees: dict[Node, str]) -> Iterator[Problem]:
    """Yield a rule that asks for the same as another one."""
    other = trees.setdefault(rule.tree, rule.rule_id)
    if other != rule.rule_id:
        yield Problem(
            f"{rule.rule_id!r} asks for the same as {other!r}",
            code="AW-LINT-107",
            where=section.document.place("detection"),
            hint="keep one of the two: every lookup would be two hits",
        )


def _doubled(section: Section) -> Iterator[Problem]:
    """Yield values that stand twice in a list, letter case aside."""
    document = section.document
    for path in document.marks:
        if path[:1] != ("detection",) or not isinstance(path[-1], int):
            continue
        values: Any = document.at(*path[:-1])
        value = values[path[-1]]
        cased = any(word in str(path[-2]) for word in ("|re", "|cased"))
        seen = [str(one) if cased else str(one).casefold() for one in values[: path[-1]]]
        if isinstance(value, str) and (value if cased else value.casefold()) in seen:
            yield Problem(
                f"{value!r} stands in the list already",
                code="AW-LINT-108",
                where=document.place(*path),
                expected="each value once: text compares without letter case",
            )


def _untested(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield a rule whose tests do not show what it finds and what it leaves alone."""
    expected = {sample.expected != "false" for sample in rule.samples}
    for fires, words in ((True, "fires"), (False, "does not fire")):
        if fires not in expected:
            yield Problem(
                f"no test shows a lookup for which {rule.rule_id!r} {words}",
                code="AW-LINT-109",
                where=section.document.place("auditwatch", "tests"),
                expected=f"a test with fires: {str(fires).lower()}",
                hint="see docs/how-to/test-rules.md",
            )


def _repeated(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield tests of the same name, which nobody can tell apart when one fails."""
    seen: set[str] = set()
    for sample in rule.samples:
        if sample.title in seen:
            yield Problem(
                f"a second test called {sample.title!r}",
                code="AW-LINT-110",
                where=sample.place + ":1",
                expected="a title of its own",
            )
        seen.add(sample.title)
    del section


def _worded(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield titles and sentences that accuse, or that nobody has written yet."""
    texts = {("title",): rule.title, ("auditwatch", "reason_template"): rule.says}
    for path, text in texts.items():
        if found := ACCUSING.search(text):
            yield Problem(
                f"{found[0]!r} accuses: a finding is a question to a person",
                code="AW-LINT-111",
                where=section.document.place(*path),
                expected="what happened, as one would say it to the operator's face",
            )
    unwritten = texts | {("description",): section.text("description")}
    for path, text in unwritten.items():
        if UNWRITTEN.search(text):
            yield Problem(
                "still to be written",
                code="AW-LINT-112",
                where=section.document.place(*path),
                expected="words for the reviewer",
            )


def _sentence(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield a sentence that does not say who or when."""
    who = WHO.get(rule.story, ("operator_id",))
    for needed, what in ((("night",), "when"), (who, "who")):
        if needed and not any(name in rule.placeholders for name in needed):
            yield Problem(
                f"the sentence does not say {what}",
                code="AW-LINT-113",
                where=section.document.place("auditwatch", "reason_template"),
                level="info",
                expected=" or ".join(f"{{{name}}}" for name in needed) + " in it",
            )


def _dated(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield dates in the wrong order, and rules that are out of use but not out of the pack."""
    made, changed = section.day("date"), section.day("modified")
    if made and changed and changed < made:
        yield Problem(
            "'modified' is before 'date'",
            code="AW-LINT-114",
            where=section.document.place("modified"),
            expected=f"{made.isoformat()} or later",
        )
    if section.text("status") in ("deprecated", "unsupported"):
        yield Problem(
            f"{rule.rule_id!r} is {section.text('status')} and judges all the same",
            code="AW-LINT-115",
            where=section.document.place("status"),
            hint="take it out of the pack, or give it another status",
        )


def _named(rule: Rule, section: Section) -> Iterator[Problem]:
    """Yield a rule that is not where its name says."""
    file = PurePosixPath(section.document.file)
    if file.stem != rule.rule_id:
        yield Problem(
            f"the rule {rule.rule_id!r} stands in {file.name}",
            code="AW-LINT-116",
            where=section.document.place("name"),
            level="info",
            expected=f"{rule.rule_id}.yml, where one looks for it",
        )


LOOKS: Final[tuple[Callable[[Rule, Section], Iterator[Problem]], ...]] = (
    _untested,
    _repeated,
    _worded,
    _sentence,
    _dated,
    _named,
)
