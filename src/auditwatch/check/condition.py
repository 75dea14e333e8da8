"""Atoms (one column, one test) and boolean trees over them: what every rule compiles to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["AllOf", "AnyOf", "Atom", "Leaf", "Node", "all_of", "any_of", "leaves", "negate"]

Kind: TypeAlias = Literal[
    "equals", "equals_cased", "matches", "exists", "compares", "in_net", "same"
]


@dataclass(frozen=True)
class Atom:
    """One test on one column.

    Parameters
    ----------
    column : str
        A name in `fields.FIELDS`.
    kind : str
        ``equals`` one of the operands, letter case aside; ``equals_cased``; ``matches`` the RE2
        pattern somewhere; ``exists``: neither null nor empty; ``compares``: operands are gt, gte,
        lt or lte and a whole number; ``in_net``: an address in a CIDR network; ``same``: equal to
        another column, letter case aside.
    operands : tuple of str
        What to test against.
    """

    column: str
    kind: Kind
    operands: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the test reads."""
        return (self.column, *self.operands) if self.kind == "same" else (self.column,)


@dataclass(frozen=True)
class Leaf:
    """An atom, or its opposite; an unknown answer stays unknown in both."""

    atom: Atom
    wanted: bool = True


@dataclass(frozen=True)
class AllOf:
    """Holds when every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """Holds when at least one part holds."""

    parts: tuple[Node, ...]


Node: TypeAlias = Leaf | AllOf | AnyOf

_MERGED: Final = ("equals", "equals_cased", "matches")


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
        if kind == "matches" and len(operands) > 1:
            operands = ("|".join(f"(?:{operand})" for operand in operands),)
        yield Leaf(Atom(column, kind, operands))


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every leaf of a tree, in order."""
    if isinstance(node, Leaf):
        yield node
        return
    for part in node.parts:
        yield from leaves(part)
