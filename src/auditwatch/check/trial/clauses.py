"""A detection section as the tree that its author wrote, each branch compiled by itself.

The compiled tree of a rule is merged and flattened, so that it can be judged fast; this one keeps
the names of selections, one branch a test, each with its place. Every branch is compiled by the
compiler of rules, so that it cannot mean anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)

from auditwatch.check.condition import Node, all_of, any_of, negate
from auditwatch.check.section import Section
from auditwatch.check.selection import compile_detection
from auditwatch.core.strict import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditwatch.check.catalogue import WordList
    from auditwatch.core.strict import Plain

__all__ = ["Clause", "named_selections", "read_clauses"]

#: Name of the only selection of a piece.
PIECE: Final = "piece"
VALUES_SHOWN: Final = 6
LONGEST: Final = 80


@dataclass(frozen=True)
class Clause:
    """One branch of a detection.

    Parameters
    ----------
    words : str
        What it asks, as written.
    node : Node
        What it compiles to.
    where : str
        ``file:line:column``.
    path : tuple of str or int
        Where it stands in its document; empty for what the condition joins.
    parts : tuple of Clause
        What it is made of; empty for one test of one column.
    """

    words: str
    node: Node
    where: str
    path: tuple[str | int, ...] = ()
    parts: tuple[Clause, ...] = ()

    @property
    def place(self) -> str:
        """``file:line`` of it."""
        return self.where.rsplit(":", 1)[0]

    def walk(self) -> Iterator[Clause]:
        """Yield this clause and all that it is made of, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read_clauses(
    section: Section, lists: Mapping[str, WordList], keywords: tuple[str, ...] = ()
) -> Clause:
    """Return a detection section as its author wrote it.

    Parameters
    ----------
    section : Section
        As for `compile_detection`, which takes it.
    lists, keywords
        As for `compile_detection`.

    Returns
    -------
    Clause
        Of the condition.
    """
    reading = _Reading(section, lists, keywords)
    return reading.joined(_parsed(section.text("condition")))


def named_selections(section: Section) -> frozenset[str]:
    """Return the selections that the condition names, patterns resolved."""
    found: set[str] = set()
    waiting: list[Any] = [_parsed(section.text("condition"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ConditionIdentifier):
            found.add(str(node.identifier))
        elif isinstance(node, ConditionSelector):
            found.update(_selected(section, node))
        else:
            waiting.extend(node.args)
    return frozenset(found)


def _parsed(condition: str) -> Any:
    """Return pySigma's tree of a condition, names of selections unresolved."""
    return SigmaCondition(condition, None).parse(postprocess=False)  # type: ignore[arg-type]


def _selected(section: Section, selector: ConditionSelector) -> list[str]:
    """Return the selections that a pattern such as ``filter_*`` means, as Sigma says."""
    pattern = "*" if selector.pattern == "them" else selector.pattern
    names = (name for name in section.keys if name != "condition")
    return [
        name
        for name in names
        if fnmatchcase(name, pattern) and (pattern.startswith("_") or not name.startswith("_"))
    ]


@dataclass(frozen=True)
class _Reading:
    """What is at hand while the branches of one detection are made."""

    section: Section
    lists: Mapping[str, WordList]
    keywords: tuple[str, ...]

    def joined(self, tree: Any) -> Clause:
        """Return a branch of the condition."""
        if isinstance(tree, ConditionIdentifier):
            return self.selection(str(tree.identifier))
        if isinstance(tree, ConditionSelector):
            parts = [self.selection(name) for name in _selected(self.section, tree)]
            words = f"{tree.args[0]} of {tree.pattern}"
            return self.of(words, parts, every=tree.cond_class is ConditionAND)
        parts = [self.joined(part) for part in tree.args]
        if isinstance(tree, ConditionNOT):
            return Clause("not", negate(parts[0].node), self.where(), parts=tuple(parts))
        if isinstance(tree, ConditionAND | ConditionOR):
            every = isinstance(tree, ConditionAND)
            return self.of("all of" if every else "one of", parts, every=every)
        raise TypeError(type(tree).__name__)

    def of(self, words: str, parts: list[Clause], *, every: bool, path: Any = ()) -> Clause:
        """Return branches joined by and, or by or."""
        join = all_of if every else any_of
        node = join([part.node for part in parts])
        return Clause(words, node, self.where(*path), tuple(path), tuple(parts))

    def selection(self, name: str) -> Clause:
        """Return a selection by its name."""
        value = self.section.document.at(*self.section.path, name)
        return self.given(name, value, (name,))

    def given(self, words: str, value: Plain, path: tuple[str | int, ...]) -> Clause:
        """Return what stands under a name: columns with values, a list of such, or words."""
        if isinstance(value, dict):
            parts = [self.item(key, given, (*path, key)) for key, given in value.items()]
            return self.of(words, parts, every=True, path=path)
        if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            parts = [
                self.given(f"alternative {n + 1}", one, (*path, n)) for n, one in enumerate(value)
            ]
            return self.of(words, parts, every=False, path=path)
        node = self.compiled(value, path)
        return Clause(f"{words}: {_shown(value)}", node, self.where(*path), path)

    def item(self, key: str, value: Plain, path: tuple[str | int, ...]) -> Clause:
        """Return one test of one column."""
        node = self.compiled({key: value}, path[:-1])
        return Clause(f"{key}: {_shown(value)}", node, self.where(*path), path)

    def compiled(self, value: Plain, path: tuple[str | int, ...]) -> Node:
        """Compile a piece of the section by itself."""
        source = self.section.document
        stem = (*self.section.path, *path)
        changed = {
            (PIECE, *place[len(stem) :]): other
            for place, other in source.changed.items()
            if place[: len(stem)] == stem
        }
        piece = Document(source.file, {PIECE: value, "condition": PIECE}, {}, changed)
        return compile_detection(Section(piece), self.lists, self.keywords)

    def where(self, *path: str | int) -> str:
        """Return ``file:line:column`` of a path in the section, or of its condition."""
        return self.section.document.place(*self.section.path, *(path or ("condition",)))


def _shown(value: Plain) -> str:
    """Return a value as text for a person, long lists cut."""
    if isinstance(value, list):
        shown = [_shown(one) for one in value[:VALUES_SHOWN]]
        more = len(value) - VALUES_SHOWN
        return f"[{', '.join(shown)}{f', and {more} more' if more > 0 else ''}]"
    text = "null" if value is None else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
