"""Sigma correlation rules: what is counted, of which rules, for whom, within how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sigma.exceptions import SigmaError
from sigma.rule.detection import SigmaDetection, SigmaDetectionItem, SigmaDetections

from auditwatch.check.amounts import amount
from auditwatch.check.atoms import make_tree
from auditwatch.check.testing import COMPARE
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from auditwatch.check.amounts import Amount
    from auditwatch.check.condition import Node
    from auditwatch.check.section import Section

__all__ = ["Correlation", "read_correlation"]

KEYS: Final = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")
VALUES: Final = ("value_count", "value_sum", "value_avg", "value_percentile", "value_median")
TEMPORAL: Final = ("temporal", "temporal_ordered")
KINDS: Final = ("event_count", *VALUES, *TEMPORAL)
TIMESPAN: Final = re.compile(r"([1-9][0-9]{0,8})([smhdwM])", re.ASCII)
#: Seconds of each unit; a month is a twelfth of the mean Gregorian year.
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_746}
MICROSECONDS: Final = 1_000_000
#: Rules that may stand in an order: each more doubles what has to be remembered of a group.
ORDERED_MOST: Final = 10


@dataclass(frozen=True)
class Correlation:
    """One correlation.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    rules : tuple of str
        References to other rules by name or id, in order.
    span : int
        Microseconds from the first to the last event of a window, both included.
    group : tuple of str
        Fields, or aliases, of which all events of a window have the same values.
    aliases : mapping of str to mapping of str to str
        Alias to the field it stands for with each rule.
    limits : tuple of (str, Amount)
        Comparisons that must all hold; none for a temporal one that asks for all its rules.
    fields : tuple of str
        Whose values are counted, summed …
    percentile : Amount
        0 to 100, for ``value_percentile``.
    expression : Node, optional
        Condition over rules, each an atom ``exists`` on the rule's reference.
    generate : bool
        Whether the rules it names also hit by themselves.
    """

    kind: str
    rules: tuple[str, ...]
    span: int
    group: tuple[str, ...]
    aliases: Mapping[str, Mapping[str, str]]
    limits: tuple[tuple[str, Amount], ...]
    fields: tuple[str, ...]
    percentile: Amount
    expression: Node | None
    generate: bool

    def field_of(self, name: str, rule: str) -> str:
        """Return the field that a name stands for in events of one rule."""
        return self.aliases.get(name, {}).get(rule, name)

    @property
    def asks(self) -> str:
        """What a window must have, in words."""
        fields = f" of {', '.join(self.fields)}" if self.fields else ""
        group = f" of one {', '.join(self.group)}" if self.group else ""
        limits = "".join(f" {order} {limit}" for order, limit in self.limits)
        return f"{self.kind}{fields}{limits} within {self.span // MICROSECONDS:,} s{group}"

    @property
    def reads(self) -> frozenset[str]:
        """Every field it may read."""
        named = (*self.group, *self.fields)
        return frozenset(self.field_of(name, rule) for name in named for rule in self.rules)


def read_correlation(section: Section, known: Collection[str] | None = None) -> Correlation:
    """Read a ``correlation`` mapping.

    Parameters
    ----------
    section : Section
        The mapping.
    known : collection of str, optional
        Fields that may be named; any when it is not given.

    Raises
    ------
    RuleError
        ``AW-YAML-006`` an unknown key, ``AW-RULES-002`` a part is missing, ``-003`` and ``-004`` a
        value cannot be used, ``-010`` a condition cannot be read, ``-031`` parts that do not go
        together.
    """
    section.only(*KEYS)
    kind = section.choice("type", KINDS)
    limits, fields, percentile, text = _condition(section, kind)
    rules = section.texts("rules") or tuple(dict.fromkeys(_names(text)))
    if not rules:
        raise section.error("'rules' is missing", code="AW-RULES-002", expected="rules: [name]")
    found = Correlation(
        kind=kind,
        rules=rules,
        span=_span(section),
        group=section.texts("group-by"),
        aliases=_aliases(section, rules),
        limits=limits,
        fields=fields,
        percentile=percentile,
        expression=_expression(section, rules, text) if text else None,
        generate=section.flag("generate"),
    )
    _check_fields(section, found, known)
    _check_order(section, found)
    return found


def _span(section: Section) -> int:
    """Return the timespan in microseconds."""
    written = TIMESPAN.fullmatch(section.text("timespan"))
    if written is None:
        raise section.error(
            "'timespan' is no time",
            "timespan",
            code="AW-RULES-003",
            expected="a number above zero and s, m, h, d, w or M, such as 90m",
        )
    return int(written[1]) * SECONDS[written[2]] * MICROSECONDS


def _aliases(section: Section, rules: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return what each alias stands for, with each rule."""
    if not section.has("aliases"):
        return {}
    given = section.section("aliases")
    found: dict[str, dict[str, str]] = {}
    for alias in given.keys:
        fields = given.section(alias).only(*rules)
        found[alias] = {rule: fields.text(rule) for rule in rules}
    return found


def _condition(
    section: Section, kind: str
) -> tuple[tuple[tuple[str, Amount], ...], tuple[str, ...], Amount, str]:
    """Return limits, fields, percentile, and the text of a condition over rules."""
    given = section.document.at(*section.path).get("condition")  # type: ignore[union-attr]
    if kind in TEMPORAL and (given is None or isinstance(given, str)):
        return (), (), 0, given or ""
    condition = section.section("condition")
    more = {"value_percentile": ("field", "percentile")}.get(kind, ("field",))
    condition.only(*COMPARE, *(more if kind in VALUES else ()))
    limits = tuple((key, _amount(condition, key)) for key in condition.keys if key in COMPARE)
    if not limits:
        raise condition.error(
            "nothing to compare with", code="AW-RULES-002", expected="one of " + ", ".join(COMPARE)
        )
    return limits, _fields(condition, kind), _percentile(condition), ""


def _fields(condition: Section, kind: str) -> tuple[str, ...]:
    """Return the fields whose values are counted or measured."""
    fields = condition.texts("field")
    if kind in VALUES and not fields:
        raise condition.error("'field' is missing", code="AW-RULES-002", expected="field: name")
    if len(fields) > 1 and kind != "value_count":
        raise condition.error(
            f"{kind} of several fields", "field", code="AW-RULES-031", expected="one field"
        )
    return fields


def _amount(section: Section, key: str) -> Amount:
    """Return a number."""
    found = amount(section.text(key))
    if found is None:
        raise section.error(
            f"{key!r} is no number", key, code="AW-RULES-003", expected="such as 3 or 0.5"
        )
    return found


def _percentile(condition: Section) -> Amount:
    """Return which percentile is meant: the middle one unless it is said."""
    found = _amount(condition, "percentile") if condition.has("percentile") else 50
    if not 0 <= found <= 100:
        raise condition.error(
            "no percentile", "percentile", code="AW-RULES-003", expected="0 to 100"
        )
    return found


def _names(text: str) -> list[str]:
    """Return the rules that a condition names."""
    words = re.findall(r"[A-Za-z0-9_-]+", text)
    return [word for word in words if word not in ("and", "or", "not")]


def _expression(section: Section, rules: tuple[str, ...], text: str) -> Node:
    """Return the condition over rules; each has to be one of `rules`, and named."""
    names = _names(text)
    for name in names:
        if name not in rules:
            raise section.error(
                f"the condition names {name!r}, which is none of the rules",
                "condition",
                code="AW-RULES-010",
                expected="one of " + ", ".join(rules),
                hint=suggest(name, rules),
            )
    for rule in rules:
        if rule not in names:
            raise section.error(
                f"the condition does not name {rule!r}",
                "condition",
                code="AW-RULES-010",
                expected="each of the rules, joined by and, or, not",
            )
    try:
        items = {rule: SigmaDetectionItem.from_mapping(rule, "x") for rule in rules}
        parts = {rule: SigmaDetection([item]) for rule, item in items.items()}
        whole = SigmaDetections(detections=parts, condition=[text])
        tree = make_tree(whole.parsed_condition[0].parsed, (), foreign=True)
    except SigmaError as error:
        raise section.error(
            f"this condition cannot be read: {error}",
            "condition",
            code="AW-RULES-010",
            expected="names of rules with and, or, not",
        ) from error
    return tree


def _check_fields(section: Section, found: Correlation, known: Collection[str] | None) -> None:
    """Refuse a field that the events do not have."""
    for name in sorted(found.reads) if known is not None else ():
        if name not in (known or ()):
            raise section.error(
                f"unknown column {name!r}",
                "group-by" if name in found.group else "aliases" if found.aliases else "condition",
                code="AW-RULES-004",
                expected="one of " + ", ".join(known or ()),
                hint=suggest(name, known or ()),
            )


def _check_order(section: Section, found: Correlation) -> None:
    """Refuse an order of too many rules."""
    if found.kind == "temporal_ordered" and len(found.rules) > ORDERED_MOST:
        raise section.error(
            f"{len(found.rules)} rules in an order",
            "rules",
            code="AW-RULES-031",
            expected=f"at most {ORDERED_MOST}",
        )
