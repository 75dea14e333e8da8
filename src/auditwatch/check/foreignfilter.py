"""Sigma filters: one condition more for rules that others wrote, kept in a document of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from auditwatch.check.condition import all_of
from auditwatch.check.selection import ANY_TEXT, compile_detection
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditwatch.check.catalogue import WordList
    from auditwatch.check.condition import Node
    from auditwatch.check.foreign import ForeignRule
    from auditwatch.check.section import Section
    from auditwatch.core.errors import RuleError

__all__ = ["ForeignFilter", "filtered", "read_filter", "read_logsource"]

#: In place of names of rules: all that the logsource covers.
ANY: Final = "any"
LOGSOURCE: Final = ("category", "product", "service")


@dataclass(frozen=True, eq=False)
class ForeignFilter:
    """One filter.

    Parameters
    ----------
    rules : tuple of str
        Ids or names of rules; empty for all that `logsource` covers.
    logsource : mapping of str to str
        What a rule's own logsource has to say as well.
    tree : Node
        What an event must meet beside a rule.
    section : Section
        Where it stands.
    """

    rules: tuple[str, ...]
    logsource: Mapping[str, str]
    tree: Node
    section: Section

    def meant(self, rule: ForeignRule) -> bool:
        """Tell whether it is for a rule; never for a correlation, which has filtered rules."""
        named = not self.rules or not set(self.rules).isdisjoint(rule.names)
        alike = self.logsource.items() <= rule.logsource.items()
        return rule.tree is not None and named and alike

    def unknown(self, rules: Iterable[ForeignRule]) -> RuleError | None:
        """Return the refusal of a filter that names a rule which is not there; else None."""
        known = {name for rule in rules for name in rule.names}
        missing = next((name for name in self.rules if name not in known), None)
        if missing is None:
            return None
        return self.section.error(
            f"the filter names {missing!r}, which is no rule here, or was refused",
            "rules",
            code="AW-RULES-033",
            expected="the id or name of a rule in this folder, or any",
            hint=suggest(missing, known),
        )


def read_filter(section: Section, lists: Mapping[str, WordList]) -> ForeignFilter:
    """Read a document with a ``filter``.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` a part is missing; those of `compile_detection`.
    """
    given = section.section("filter")
    if not given.has("rules"):
        raise given.error("'rules' is missing", code="AW-RULES-002", expected="rules: [name]")
    rules = given.texts("rules")
    return ForeignFilter(
        rules=() if [name.lower() for name in rules] == [ANY] else rules,
        logsource=read_logsource(section),
        tree=compile_detection(given, lists, (ANY_TEXT,), None, aside=("rules",)),
        section=given,
    )


def read_logsource(section: Section) -> dict[str, str]:
    """Return what a document's logsource says of category, product and service, if anything."""
    given = section.document.at(*section.path, "logsource") if section.has("logsource") else None
    told = given if isinstance(given, dict) else {}
    return {key: one.lower() for key in LOGSOURCE if isinstance(one := told.get(key), str)}


def filtered(rule: ForeignRule, filters: Sequence[ForeignFilter]) -> ForeignRule:
    """Return a rule that asks for all that the filters meant for it ask for."""
    more = [one.tree for one in filters if one.meant(rule)]
    return rule if rule.tree is None or not more else replace(rule, tree=all_of([rule.tree, *more]))
