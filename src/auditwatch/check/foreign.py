"""A folder of anybody's Sigma rules, read leniently where Sigma allows it and nowhere else.

Keys that we do not know are passed over, as Sigma asks. A key given twice, a condition that names
nothing, a modifier that is none: these are refused as in our own pack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue import WordList
from auditwatch.check.correlation import Correlation, read_correlation
from auditwatch.check.foreigncollection import collected
from auditwatch.check.foreignfilter import filtered, read_filter, read_logsource
from auditwatch.check.section import Section
from auditwatch.check.selection import ANY_TEXT, compile_detection
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import read_documents, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from auditwatch.check.condition import Node
    from auditwatch.check.foreignfilter import ForeignFilter

__all__ = ["ForeignRule", "ForeignRules", "load_foreign"]

SUFFIXES: Final = (".yml", ".yaml")
LISTS: Final = ("lists", "catalogue/lists")


@dataclass(frozen=True)
class ForeignRule:
    """One rule: a detection or a correlation.

    Parameters
    ----------
    rule_id : str
        Its ``id``, else its ``name``, else its ``title``.
    names : tuple of str
        What a correlation may call it: ``id`` and ``name``, or ``title`` where it has neither.
    place : str
        ``file:line``.
    tree : Node, optional
        What a detection asks for.
    correlation : Correlation, optional
        What a correlation asks for.
    logsource : mapping of str to str
        Its category, product and service, as far as it names them.
    """

    rule_id: str
    names: tuple[str, ...]
    place: str
    tree: Node | None = None
    correlation: Correlation | None = None
    logsource: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ForeignRules:
    """The rules of a folder.

    Parameters
    ----------
    rules : tuple of ForeignRule
        Detections, then correlations, each after those that it names.
    refused : tuple of RuleError
        What could not be taken, each with its place.
    """

    rules: tuple[ForeignRule, ...]
    refused: tuple[RuleError, ...]

    @property
    def spoken(self) -> frozenset[str]:
        """Ids of the rules whose hits are told: those that serve a correlation alone are not."""
        called = {one for rule in self.rules if rule.correlation for one in rule.correlation.rules}
        told = {
            one
            for rule in self.rules
            if rule.correlation and rule.correlation.generate
            for one in rule.correlation.rules
        }
        silent = called - told
        return frozenset(rule.rule_id for rule in self.rules if silent.isdisjoint(rule.names))

    def named(self, name: str) -> ForeignRule:
        """Return a rule by its id or name."""
        return next(rule for rule in self.rules if name in rule.names)


def load_foreign(folder: Path) -> ForeignRules:
    """Read every Sigma rule below a folder.

    Parameters
    ----------
    folder : Path
        Files that end in ``.yml`` or ``.yaml``, one or several documents each; word lists for
        ``expand`` in ``lists/``. Of a pack of ours its ``detections/``.

    Returns
    -------
    ForeignRules
        What could be read, and what could not.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` no such folder, or not one file in it; what is wrong with a word list.
    """
    if not folder.is_dir():
        raise RuleError("no such rules folder", code="AW-RULES-001", where=str(folder))
    lists = _lists(folder)
    refused: list[RuleError] = []
    rules: dict[str, ForeignRule] = {}
    filters: list[ForeignFilter] = []
    found = False
    for path in _files(folder):
        found = True
        try:
            sections = [Section(one) for one in collected(read_documents(path))]
        except RuleError as error:
            refused.append(error)
            continue
        for section in sections:
            try:
                if section.has("filter"):
                    filters.append(read_filter(section, lists))
                else:
                    _add(rules, _rule(section, lists), section)
            except RuleError as error:
                refused.append(error)
    if not found:
        raise RuleError(
            "a folder without a rule file",
            code="AW-RULES-001",
            where=str(folder),
            expected="files that end in .yml",
        )
    ordered, unresolved = _ordered(rules)
    unknown = filter(None, (one.unknown(ordered) for one in filters))
    return ForeignRules(
        tuple(filtered(rule, filters) for rule in ordered), (*refused, *unresolved, *unknown)
    )


def _files(folder: Path) -> Iterator[Path]:
    """Yield rule files in order of their paths, hidden ones and word lists left out."""
    ours = (folder / "catalogue").is_dir() and (folder / "detections").is_dir()
    root = folder / "detections" if ours else folder
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.suffix in SUFFIXES and not hidden and parts[0] != "lists":
            yield path


def _lists(folder: Path) -> dict[str, WordList]:
    """Return the word lists: our own YAML form, or plain text with an entry a line."""
    found: dict[str, WordList] = {}
    for path in sorted(path for name in LISTS for path in (folder / name).glob("*")):
        if path.suffix == ".txt":
            lines = path.read_text("utf-8-sig").splitlines()
            entries = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
            found[path.stem] = WordList(path.stem, "value", entries)
        elif path.suffix in SUFFIXES:
            for section in map(Section, read_documents(path)):
                section.only("kind", "name", "match", "means", "entries")
                match = section.choice("match", ("value", "word", "pattern"))
                name = section.text("name")
                found[name] = WordList(name, match, section.texts("entries"))
    return found


def _rule(section: Section, lists: Mapping[str, WordList]) -> ForeignRule:
    """Read one document."""
    if section.has("action"):
        raise section.error(
            "an action that is none of a collection's",
            "action",
            code="AW-RULES-032",
            expected="global, reset, or repeat after the rule that it repeats",
        )
    told = tuple(section.text(key) for key in ("id", "name") if section.has(key))
    names = told or (section.text("title"),)
    if section.has("correlation"):
        correlation = read_correlation(section.section("correlation"))
        return ForeignRule(names[0], names, section.place, correlation=correlation)
    if not section.has("detection"):
        raise section.error(
            "no Sigma rule",
            code="AW-RULES-032",
            expected="a detection, a correlation or a filter",
            hint="move other files out of the rules folder",
        )
    detection = section.section("detection")
    if detection.has("timeframe"):
        raise detection.error(
            "timeframe is not supported",
            "timeframe",
            code="AW-RULES-009",
            expected="a correlation with a timespan, which took its place",
        )
    tree = compile_detection(detection, lists, (ANY_TEXT,), None)
    return ForeignRule(names[0], names, section.place, tree=tree, logsource=read_logsource(section))


def _add(rules: dict[str, ForeignRule], rule: ForeignRule, section: Section) -> None:
    """Add a rule whose names are not yet taken."""
    for name in dict.fromkeys(rule.names):
        if name in rules:
            raise section.error(
                f"{name!r} a second time",
                code="AW-RULES-007",
                expected=f"once; the other is at {rules[name].place}",
            )
    rules |= dict.fromkeys(rule.names, rule)


def _ordered(rules: Mapping[str, ForeignRule]) -> tuple[list[ForeignRule], list[RuleError]]:
    """Return rules with each correlation after those it names, and those that name nothing."""
    distinct = list({id(rule): rule for rule in rules.values()}.values())
    ordered = [rule for rule in distinct if rule.correlation is None]
    left = [rule for rule in distinct if rule.correlation is not None]
    known = {name for rule in ordered for name in rule.names}
    while ready := [
        one for one in left if one.correlation and known.issuperset(one.correlation.rules)
    ]:
        ordered += ready
        known.update(name for rule in ready for name in rule.names)
        left = [rule for rule in left if not known.issuperset(rule.names)]
    return ordered, [_unresolved(rule, rules, known) for rule in left]


def _unresolved(rule: ForeignRule, rules: Mapping[str, ForeignRule], known: set[str]) -> RuleError:
    """Return the refusal of a correlation of rules that are not there, refused, or of itself."""
    named = rule.correlation.rules if rule.correlation else ()
    missing = next(name for name in named if name not in known)
    around = missing in rules
    return RuleError(
        f"the correlation names {missing!r}, which "
        + (
            "goes round in a circle or was refused" if around else "is no rule here, or was refused"
        ),
        code="AW-RULES-033",
        where=rule.place,
        expected="the id or name of a rule in this folder",
        hint=suggest(missing, known),
    )
