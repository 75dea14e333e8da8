"""Detection and correlation rules: Sigma 2.1 files with an ``auditwatch`` block."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from auditwatch.check.budget import ACTIVE, MODES, SHADOW, read_budget
from auditwatch.check.catalogue import SEVERITIES, STORIES, Catalogue
from auditwatch.check.condition import Node, all_of, any_of, leaves
from auditwatch.check.correlation import Correlation, read_correlation
from auditwatch.check.fields import FIELDS
from auditwatch.check.sampling import read_samples
from auditwatch.check.selection import compile_detection
from auditwatch.check.statement import VERIFIED
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from auditwatch.check.budget import Budget
    from auditwatch.check.sample import Sample
    from auditwatch.check.section import Section
    from auditwatch.core.errors import RuleError

__all__ = ["COUNTED", "PROMOTED", "Rule", "read_rules"]

#: Keys of a Sigma 2.1 rule, and our own block.
HEAD: Final = (
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
    "falsepositives",
    "level",
    "fields",
    "license",
    "auditwatch",
)
KEYS: Final = (*HEAD, "logsource", "detection")
CORRELATION_KEYS: Final = (*HEAD, "correlation")
#: On whose word a rule stands, and how far that was checked; as in permits.
VOUCHED: Final = ("authority", "verified")
#: Keys of our own block.
BLOCK: Final = (
    "story",
    "owner",
    "mode",
    "shadow_since",
    "budget",
    "promoted",
    "keywords",
    "reason_template",
    "tests",
    *VOUCHED,
)
#: What `rules promote` writes of what a rule did in shadow.
PROMOTED: Final = (
    "day",
    "by",
    "nights",
    "findings",
    "findings_per_week",
    "confirmed",
    "cleared",
    "rules",
)
#: What the sentence of a correlation may say beside columns.
COUNTED: Final = "lookups_in_window"
STATUSES: Final = ("stable", "test", "experimental", "deprecated", "unsupported")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Rule:
    """One rule.

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
        What it asks for, logsource included; of a correlation what any of its rules asks for.
    samples : tuple of Sample
        Its own tests.
    place : str
        ``file:line``.
    unique_id : str
        Its ``id``.
    correlation : Correlation, optional
        What is asked of the lookups of several rules together.
    calls : tuple of str
        ``rule_id`` of each rule that the correlation names, in its order.
    shadow_since : date, optional
        Since when it has been in shadow: what it finds stays out of the queue.
    budget : Budget, optional
        What it may cost.
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
    unique_id: str
    correlation: Correlation | None = None
    calls: tuple[str, ...] = ()
    shadow_since: date | None = None
    budget: Budget | None = None

    @property
    def mode(self) -> str:
        """``active`` or ``shadow``."""
        return SHADOW if self.shadow_since else ACTIVE

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it reads, each once, in order of first use."""
        grouped = sorted(self.correlation.reads) if self.correlation else ()
        read = chain.from_iterable(leaf.atom.columns for leaf in leaves(self.tree))
        return tuple(dict.fromkeys((*read, *grouped)))

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
        name or id is given twice, ``-012`` a placeholder names no column or a free text, ``-031``
        and ``-033`` a correlation cannot be used, ``-019`` a grave rule rests on what nobody
        verified.
    """
    found: dict[str, Rule] = {}
    named: dict[str, Rule] = {}
    waiting: list[tuple[Rule, Section]] = []
    for section in sections:
        rule = _rule(section, catalogue, logsources)
        for name, key in ((rule.rule_id, "name"), (rule.unique_id, "id")):
            if name in named:
                raise section.error(
                    f"{name!r} a second time", key, code="AW-RULES-007", expected="once"
                )
            named[name] = rule
        if rule.correlation is None:
            found[rule.rule_id] = rule
        else:
            waiting.append((rule, section))
    return _with_correlations(found, named, waiting)


def _with_correlations(
    found: dict[str, Rule], named: Mapping[str, Rule], waiting: list[tuple[Rule, Section]]
) -> tuple[Rule, ...]:
    """Return all rules sorted by id, correlations joined to the rules that they name."""
    while waiting:
        left = []
        for rule, section in waiting:
            wanted = rule.correlation.rules if rule.correlation else ()
            calls = tuple(named[name].rule_id if name in named else "" for name in wanted)
            if all(name in found for name in calls):
                tree = any_of([found[name].tree for name in calls])
                found[rule.rule_id] = replace(rule, calls=calls, tree=tree)
            else:
                left.append((rule, section))
        if len(left) == len(waiting):
            raise _unresolved(*left[0], named)
        waiting = left
    return tuple(found[name] for name in sorted(found))


def _unresolved(rule: Rule, section: Section, named: Mapping[str, Rule]) -> RuleError:
    """Return the refusal of a correlation of rules that are not there, or of itself."""
    wanted = rule.correlation.rules if rule.correlation else ()
    missing = next((name for name in wanted if name not in named), "")
    return section.error(
        f"the correlation names {missing!r}, which is no rule"
        if missing
        else "the correlation goes round in a circle",
        "correlation",
        "rules",
        code="AW-RULES-033",
        expected="the name or id of a rule of this pack",
        hint=suggest(missing, named),
    )


def _rule(section: Section, catalogue: Catalogue, logsources: Mapping[str, Node | None]) -> Rule:
    """Read one rule; of a correlation without the rules that it names."""
    correlates = section.has("correlation")
    _check_head(section.only(*(CORRELATION_KEYS if correlates else KEYS)))
    block = section.section("auditwatch")
    block.only(*BLOCK)
    block.text("owner")
    block.text("authority", "")
    _check_verified(section, block)
    rule = Rule(
        rule_id=section.text("name"),
        title=section.text("title"),
        severity=section.choice("level", SEVERITIES),
        story=block.choice("story", STORIES),
        says=block.text("reason_template"),
        innocent="\n".join(section.texts("falsepositives")),
        tree=any_of([]) if correlates else _tree(section, block, catalogue, logsources),
        samples=read_samples(block),
        place=section.place,
        unique_id=section.text("id"),
        correlation=read_correlation(section.section("correlation"), FIELDS)
        if correlates
        else None,
        shadow_since=_shadow_since(block),
        budget=read_budget(block),
    )
    if block.has("promoted"):
        block.section("promoted").only(*PROMOTED)
    _check_sentence(block, rule)
    return rule


def _shadow_since(block: Section) -> date | None:
    """Return since when a rule has been in shadow; None when it is active."""
    shadow = block.choice("mode", MODES, ACTIVE) == SHADOW
    since = block.day("shadow_since")
    if shadow != (since is not None):
        raise block.error(
            "a rule in shadow needs its first day, and no other has one",
            "mode" if shadow else "shadow_since",
            code="AW-RULES-002",
            expected='mode: shadow and shadow_since: "YYYY-MM-DD", or neither',
            hint="promotion counts the nights from that day on",
        )
    return since


def _tree(
    section: Section,
    block: Section,
    catalogue: Catalogue,
    logsources: Mapping[str, Node | None],
) -> Node:
    """Return what a detection asks for, logsource included."""
    columns = [name for name, field in FIELDS.items() if not field.number]
    detection = section.section("detection")
    tree = compile_detection(detection, catalogue.lists, block.texts("keywords", columns))
    product = section.section("logsource").only("product", "category", "service", "definition")
    source = logsources[product.choice("product", logsources)]
    return tree if source is None else all_of([source, tree])


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


def _check_verified(section: Section, block: Section) -> None:
    """Refuse a grave rule that rests on what nobody verified: it may ask, it may not alarm."""
    level = section.choice("level", SEVERITIES)
    if block.choice("verified", VERIFIED, "agency") == "U" and level not in SEVERITIES[:2]:
        raise block.error(
            f"{level} on what nobody verified",
            "verified",
            code="AW-RULES-019",
            expected="level informational or low with verified: U",
            hint="verify it and say how far, or lower the level",
        )


def _check_sentence(block: Section, rule: Rule) -> None:
    """Refuse placeholders that would fail, or put free text into a stored sentence."""
    allowed = [name for name, field in FIELDS.items() if not field.free_text]
    allowed += [COUNTED] if rule.correlation else []
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
