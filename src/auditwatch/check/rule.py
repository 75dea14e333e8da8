"""Detection rules: Sigma 2.1 files with an ``auditwatch`` block."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue import SEVERITIES, STORIES, Catalogue
from auditwatch.check.condition import Node, all_of
from auditwatch.check.fields import FIELDS
from auditwatch.check.sample import Sample, read_samples
from auditwatch.check.selection import compile_detection
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.check.section import Section

__all__ = ["Rule", "read_rules"]

#: Keys of a Sigma 2.1 detection rule, and our own block.
KEYS: Final = (
    "title",
    "id",
    "name",
    "status",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "tags",
    "logsource",
    "detection",
    "falsepositives",
    "level",
    "fields",
    "license",
    "auditwatch",
)
STATUSES: Final = ("stable", "test", "experimental", "deprecated", "unsupported")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Rule:
    """One detection rule.

    Parameters
    ----------
    rule_id : str
        Its ``name``, unique.
    title, severity, story : str
        For the finding.
    says : str
        Sentence with ``{column}`` placeholders.
    innocent : str
        What else it may be: its ``falsepositives``, one a line.
    tree : Node
        What it asks for, logsource included.
    samples : tuple of Sample
        Its own tests.
    place : str
        ``file:line``.
    """

    rule_id: str
    title: str
    severity: str
    story: str
    says: str
    innocent: str
    tree: Node
    samples: tuple[Sample, ...]
    place: str

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Columns its sentence names, each once."""
        return tuple(dict.fromkeys(PLACEHOLDER.findall(self.says)))


def read_rules(
    sections: Iterable[Section], catalogue: Catalogue, logsources: Mapping[str, Node | None]
) -> tuple[Rule, ...]:
    """Read the documents of ``detections/``.

    Parameters
    ----------
    sections : iterable of Section
        One a rule.
    catalogue : Catalogue
        Word lists.
    logsources : mapping of str to Node or None
        For each product which lookups come from it; None for all.

    Returns
    -------
    tuple of Rule
        Sorted by id.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` to ``-005`` and ``-008`` to ``-011`` a value cannot be used, ``-007`` a
        name or id is given twice, ``-012`` a placeholder names no column or a free text.
    """
    found: dict[str, Rule] = {}
    ids: dict[str, str] = {}
    for section in sections:
        rule = _rule(section, catalogue, logsources)
        unique = section.text("id")
        for name, key, seen in ((rule.rule_id, "name", found), (unique, "id", ids)):
            if name in seen:
                raise section.error(
                    f"{name!r} a second time", key, code="AW-RULES-007", expected="once"
                )
        found[rule.rule_id] = rule
        ids[unique] = rule.rule_id
    return tuple(found[name] for name in sorted(found))


def _rule(section: Section, catalogue: Catalogue, logsources: Mapping[str, Node | None]) -> Rule:
    """Read one rule."""
    _check_head(section.only(*KEYS))
    block = section.section("auditwatch")
    block.only("story", "reason_template", "owner", "keywords", "tests")
    block.text("owner")
    columns = [name for name, field in FIELDS.items() if not field.number]
    detection = section.section("detection")
    tree = compile_detection(detection, catalogue.lists, block.texts("keywords", columns))
    product = section.section("logsource").only("product", "category", "service", "definition")
    source = logsources[product.choice("product", logsources)]
    rule = Rule(
        rule_id=section.text("name"),
        title=section.text("title"),
        severity=section.choice("level", SEVERITIES),
        story=block.choice("story", STORIES),
        says=block.text("reason_template"),
        innocent="\n".join(section.texts("falsepositives")),
        tree=tree if source is None else all_of([source, tree]),
        samples=read_samples(block),
        place=section.place,
    )
    _check_sentence(block, rule)
    return rule


def _check_head(section: Section) -> None:
    """Refuse a rule whose head is incomplete or ill-formed."""
    section.choice("status", STATUSES)
    section.text("description")
    section.day("date")
    section.day("modified")
    if not section.texts("falsepositives"):
        raise section.error(
            "'falsepositives' is missing",
            code="AW-RULES-002",
            expected="what else it may be, for the reviewer",
        )
    try:
        uuid.UUID(section.text("id"))
    except ValueError as error:
        raise section.error("'id' is no UUID", "id", code="AW-RULES-003") from error


def _check_sentence(block: Section, rule: Rule) -> None:
    """Refuse placeholders that would fail, or put free text into a stored sentence."""
    allowed = [name for name, field in FIELDS.items() if not field.free_text]
    for name in rule.placeholders:
        if name not in allowed:
            known = name in FIELDS
            raise block.error(
                f"{{{name}}} is free text, which may hold names"
                if known
                else f"unknown {{{name}}}",
                "reason_template",
                code="AW-RULES-012",
                expected="one of " + ", ".join(allowed),
                hint=suggest(name, allowed),
            )
