"""Atoms (one column, one test) and boolean trees over them: what every rule compiles to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "AllOf",
    "AnyOf",
    "Atom",
    "Leaf",
    "Node",
    "all_of",
    "any_of",
    "leaves",
    "negate",
    "replaced",
]

Kind: TypeAlias = Literal[
    "equals",
    "equals_cased",
    "like",
    "matches",
    "exists",
    "given",
    "compares",
    "in_net",
    "clock",
    "same",
]


class _Said:
    """What is a key in many tables: the hash of what it says is worked out once."""

    def __hash__(self) -> int:
        """Return the hash of all its parts."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """The hash itself."""
        return hash(tuple(getattr(self, one) for one in self.__match_args__))  # type: ignore[attr-defined]  # of a dataclass

    def __getstate__(self) -> dict[str, object]:
        """Return what it says and no more: a text's hash is another in another process."""
        return {name: self.__dict__[name] for name in self.__match_args__}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Atom(_Said):
    """One test on one column.

    Parameters
    ----------
    column : str
        A name in `fields.FIELDS`; of a foreign event whatever it calls its fields.
    kind : str
        ``equals`` one of the operands (folded), letter case aside; ``equals_cased``; ``like``: the
        RE2 pattern (folded) stands somewhere in it, letter case aside; ``matches`` the RE2 pattern
        somewhere; ``exists``: neither null nor empty, in a foreign event: the field is there;
        ``given``: it is there and not null; ``compares``: operands are gt, gte, lt or lte and a
        number; ``in_net``: an address in a CIDR network; ``clock``: operands are a part of a time,
        a comparison and a whole number; ``same``: operands are another column and how it is
        compared, letter case aside: equals, contains, startswith, endswith.
    operands : tuple of str
        What to test against.
    """

    column: str
    kind: Kind
    operands: tuple[str, ...] = ()

    __hash__ = _Said.__hash__

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the test reads."""
        return (self.column, self.operands[0]) if self.kind == "same" else (self.column,)


@dataclass(frozen=True)
class Leaf(_Said):
    """An atom, or its opposite; an unknown answer stays unknown in both."""

    atom: Atom
    wanted: bool = True

    __hash__ = _Said.__hash__


@dataclass(frozen=True)
class AllOf(_Said):
    """Holds when every part holds."""

    parts: tuple[Node, ...]

    __hash__ = _Said.__hash__

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf below it, in order."""
        return tuple(leaf for part in self.parts for leaf in leaves(part))


@dataclass(frozen=True)
class AnyOf(_Said):
    """Holds when at least one part holds."""

    parts: tuple[Node, ...]

    __hash__ = _Said.__hash__

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Every leaf below it, in order."""
        return tuple(leaf for part in self.parts for leaf in leaves(part))


Node: TypeAlias = Leaf | AllOf | AnyOf

#: What follows stands for itself to RE2, up to the end of the whole pattern if nothing ends it.
QUOTE: Final = "\\Q"
_PATTERNS: Final = ("like", "matches")
_MERGED: Final = ("equals", "equals_cased", *_PATTERNS)
#: Patterns are made one up to this length (characters): RE2 bounds what one may cost.
_LONGEST: Final = 2000


def negate(node: Node) -> Node:
    """Return the opposite of a tree, with opposites at the leaves only (De Morgan)."""
    if isinstance(node, Leaf):
        return Leaf(node.atom, not node.wanted)
    parts = [negate(part) for part in node.parts]
    return any_of(parts) if isinstance(node, AllOf) else all_of(parts)


def all_of(parts: Iterable[Node]) -> Node:
    """Return a tree that holds when all parts hold, without needless nesting or repeats."""
    flat: dict[Node, None] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, AllOf) else (part,):
            flat.setdefault(inner)
    return next(iter(flat)) if len(flat) == 1 else AllOf(tuple(flat))


def any_of(parts: Iterable[Node]) -> Node:
    """Return a tree that holds when one part holds; tests of one column become one atom."""
    flat: dict[Node, None] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, AnyOf) else (part,):
            flat.setdefault(inner)
    merged = tuple(_merge(flat))
    return merged[0] if len(merged) == 1 else AnyOf(merged)


def _merge(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield alternatives with those that differ in their operand alone made one."""
    alike: list[Leaf] = []
    for node in nodes:
        if isinstance(node, Leaf) and node.wanted and node.atom.kind in _MERGED:
            alike.append(node)
        else:
            yield node
    alike.sort(key=lambda leaf: (leaf.atom.column, leaf.atom.kind))
    for (column, kind), group in groupby(alike, lambda leaf: (leaf.atom.column, leaf.atom.kind)):
        operands = tuple(operand for leaf in group for operand in leaf.atom.operands)
        if kind in _PATTERNS:
            yield from (Leaf(Atom(column, kind, (one,))) for one in _joined(operands))
        else:
            yield Leaf(Atom(column, kind, operands))


def _joined(patterns: tuple[str, ...]) -> Iterator[str]:
    """Yield patterns made one as far as they may be."""
    parts: list[str] = []
    for pattern in patterns:
        if QUOTE in pattern:  # it may not end within the pattern, and would take in the next
            yield pattern
            continue
        if parts and sum(map(len, parts)) + len(pattern) > _LONGEST:
            yield _either(parts)
            parts = []
        parts.append(pattern)
    if parts:
        yield _either(parts)


def _either(patterns: list[str]) -> str:
    """Return one pattern for alternatives."""
    return patterns[0] if len(patterns) == 1 else "|".join(f"(?:{one})" for one in patterns)


def leaves(node: Node) -> tuple[Leaf, ...]:
    """Return every leaf of a tree, in order."""
    return (node,) if isinstance(node, Leaf) else node.leaves


def replaced(node: Node, change: Callable[[Leaf], Leaf]) -> Node:
    """Return a tree with each leaf put through a function."""
    if isinstance(node, Leaf):
        return change(node)
    parts = [replaced(part, change) for part in node.parts]
    return all_of(parts) if isinstance(node, AllOf) else any_of(parts)
