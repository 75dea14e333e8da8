"""A rule pack with its documents: what the bench needs beyond judging."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from auditwatch.check.fields import FIELDS
from auditwatch.check.ruleset import compile_rules, read_documents_of
from auditwatch.check.section import Section
from auditwatch.check.trial.clauses import Clause, read_clauses

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from auditwatch.check.rule import Rule
    from auditwatch.check.ruleset import Ruleset
    from auditwatch.core.strict import Document

__all__ = ["Pack", "make_pack", "open_pack"]


@dataclass(frozen=True)
class Pack:
    """A rule pack that loads, and the text it was made from.

    Parameters
    ----------
    documents : mapping of str to list of Document
        Of each folder.
    ruleset : Ruleset
        What they say.
    """

    documents: Mapping[str, list[Document]] = field(repr=False)
    ruleset: Ruleset = field(repr=False)

    @cached_property
    def sections(self) -> Mapping[str, Section]:
        """The document of each rule, by the rule's name."""
        sections = map(Section, self.documents["detections"])
        return {section.text("name"): section for section in sections}

    @cached_property
    def requirements(self) -> Mapping[str, Section]:
        """The entry of each requirement, by its name."""
        return {section.text("name"): section for section in self._items("requirements")}

    @cached_property
    def required_names(self) -> list[str]:
        """Requirements that some permit or forbid asks for, sorted."""
        return sorted({name for one in self.ruleset.statements for name in one.requirements})

    @cached_property
    def logsources(self) -> Mapping[str, Section]:
        """The entry of each product, by its name."""
        return {section.text("product"): section for section in self._items("logsources")}

    @cached_property
    def purposes(self) -> Mapping[str, Section]:
        """The last entry of each purpose code."""
        return {section.text("code"): section for section in self._items("purposes")}

    def clauses(self, rule: Rule) -> Clause | None:
        """Return what a detection asks for as its author wrote it; None for a correlation."""
        if rule.correlation is not None:
            return None
        section = self.sections[rule.rule_id]
        columns = [name for name, known in FIELDS.items() if not known.number]
        keywords = section.section("auditwatch").texts("keywords", columns)
        lists = self.ruleset.catalogue.lists
        return read_clauses(section.section("detection"), lists, keywords)

    def source_clauses(self, rule: Rule) -> Clause | None:
        """Return which lookups a detection's product has; None when it has all, or none."""
        if rule.correlation is not None:
            return None
        product = self.sections[rule.rule_id].section("logsource").text("product")
        return self._detected(self.logsources[product])

    def required(self, name: str) -> Clause:
        """Return what a requirement asks for as its author wrote it."""
        clause = self._detected(self.requirements[name])
        assert clause is not None, name  # a requirement that has no detection does not load
        return clause

    def _detected(self, section: Section) -> Clause | None:
        """Return the detection of an entry of the catalogue."""
        if not section.has("detection"):
            return None
        return read_clauses(section.section("detection"), self.ruleset.catalogue.lists)

    def _items(self, kind: str) -> list[Section]:
        """Return the entries of one part of the catalogue."""
        parts = map(Section, self.documents["catalogue"])
        return [one for part in parts if part.text("kind") == kind for one in part.sections(kind)]


def open_pack(folder: Path, known_on: date | None = None) -> Pack:
    """Read a rule pack with its documents.

    Raises
    ------
    RuleError
        As `load_rules`.
    """
    return make_pack(read_documents_of(folder), known_on)


def make_pack(documents: Mapping[str, list[Document]], known_on: date | None = None) -> Pack:
    """Return the rule pack that documents say, with them.

    Raises
    ------
    RuleError
        As `compile_rules`.
    """
    return Pack(documents, compile_rules(documents, known_on))
