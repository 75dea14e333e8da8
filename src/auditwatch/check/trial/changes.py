"""Small changes of a pack that its own tests ought to notice: conditions, terms, dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.condition import Atom, Leaf, Node, all_of, any_of, negate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.check.correlation import Correlation
    from auditwatch.check.exemption import Exemption
    from auditwatch.check.purpose import Purpose
    from auditwatch.check.statement import Statement
    from auditwatch.check.trial.clauses import Clause

__all__ = [
    "Change",
    "of_clause",
    "of_correlation",
    "of_exemption",
    "of_purpose",
    "of_statement",
]

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
SECOND: Final = 1_000_000  # microseconds
COVERS: Final = ("units", "roles", "jurisdictions", "systems", "transactions", "purposes")
OTHER_MANNER: Final = {"contains": "startswith", "startswith": "contains", "endswith": "contains"}
ORDERS: Final = {"gte": "gt", "gt": "gte", "lte": "lt", "lt": "lte"}


@dataclass(frozen=True)
class Change:
    """One change.

    Parameters
    ----------
    what : str
        In words.
    where : str
        ``file:line`` or ``file:line:column`` of what is changed.
    made : object
        What stands there afterwards; None when it is gone.
    """

    what: str
    where: str
    made: Any


def of_clause(clause: Clause) -> Iterator[Change]:
    """Yield changes of a detection; each makes the tree of the whole condition.

    A test turned round, a number one higher or lower, the edge of a comparison, a text that only
    begins or ends so, a part left out, *all* for *one* and *one* for *all*.
    """
    for what, where, node in _changed(clause):
        if node != clause.node:
            yield Change(what, where, node)


def _changed(clause: Clause) -> Iterator[tuple[str, str, Node]]:
    """Yield each change of a branch, with what the branch becomes."""
    if not clause.parts:
        yield f"not {clause.words}", clause.where, negate(clause.node)
        for what, node in _moved(clause):
            yield what, clause.where, node
        return
    nodes = [part.node for part in clause.parts]
    if clause.words == "not":
        yield f"{clause.parts[0].words!r} instead of its opposite", clause.where, nodes[0]
    elif len(nodes) > 1:
        every = clause.node == all_of(nodes)
        yield _swapped(clause, nodes, every=every)
        for place, part in enumerate(clause.parts):
            left = [node for n, node in enumerate(nodes) if n != place]
            joined = all_of(left) if every else any_of(left)
            yield f"{_name(part)} left out", part.where, joined
    for place, part in enumerate(clause.parts):
        for what, where, node in _changed(part):
            yield what, where, _joined(clause, [*nodes[:place], node, *nodes[place + 1 :]])


def _name(clause: Clause) -> str:
    """Return a branch by the words of its author."""
    if clause.words == "not":
        return f"not {_name(clause.parts[0])}"
    return repr(clause.words)


def _swapped(clause: Clause, nodes: list[Node], *, every: bool) -> tuple[str, str, Node]:
    """Return a branch that asks for one where it asked for all, or the other way round."""
    words = "one" if every else "all"
    return f"{words} of {clause.words!r}", clause.where, (any_of if every else all_of)(nodes)


def _joined(clause: Clause, nodes: list[Node]) -> Node:
    """Return a branch with other parts."""
    if clause.words == "not":
        return negate(nodes[0])
    every = clause.node == all_of([part.node for part in clause.parts])
    return all_of(nodes) if every else any_of(nodes)


def _moved(clause: Clause) -> Iterator[tuple[str, Node]]:
    """Yield one test with its number or its modifier changed."""
    node = clause.node
    if not isinstance(node, Leaf):
        return
    atom = node.atom
    if atom.kind == "compares" and atom.operands[0] in ORDERS:
        order, number = atom.operands
        yield f"{clause.words} with {ORDERS[order]}", _leaf(node, ORDERS[order], number)
        for step in (-1, 1):
            moved = str(int(number) + step)
            yield f"{clause.words} with {moved}", _leaf(node, order, moved)
    for word, other in (
        ("contains", "startswith"),
        ("startswith", "contains"),
        ("endswith", "contains"),
    ):
        if f"|{word}" in clause.words and atom.kind == "like" and "|all" not in clause.words:
            patterns = [_anchored(one, other) for one in atom.operands]
            moved_atom = Atom(atom.column, "like", tuple(patterns))
            yield f"{clause.words} with {other}", Leaf(moved_atom, node.wanted)


def _anchored(pattern: str, manner: str) -> str:
    """Return a pattern that holds anywhere, or at the beginning alone."""
    bare = pattern.replace("(?s:^", "(?s:").replace("$)", ")")
    return bare if manner == "contains" else bare.replace("(?s:", "(?s:^")


def _leaf(leaf: Leaf, order: str, number: str) -> Leaf:
    """Return a comparison of the same column."""
    return Leaf(Atom(leaf.atom.column, "compares", (order, number)), leaf.wanted)


def of_correlation(asked: Correlation, where: str) -> Iterator[Change]:
    """Yield changes of what is asked of a window: limits, span, groups."""
    for place, (order, limit) in enumerate(asked.limits):
        for step in (-1, 1):
            moved = (order, limit + step)
            limits = (*asked.limits[:place], moved, *asked.limits[place + 1 :])
            yield Change(f"{order} {limit + step}", where, replace(asked, limits=limits))
    for step in (-SECOND, SECOND):
        words = "a second shorter" if step < 0 else "a second longer"
        yield Change(f"timespan {words}", where, replace(asked, span=asked.span + step))
    for name in asked.group:
        group = tuple(one for one in asked.group if one != name)
        yield Change(f"not by {name}", where, replace(asked, group=group))


def of_statement(one: Statement) -> Iterator[Change]:
    """Yield changes of a permit or forbid: gone, a clause or requirement gone, dates moved."""
    yield Change("left out", one.place, None)
    for name in COVERS:
        if getattr(one, name) is not None:
            all_of_them: dict[str, Any] = {name: None}
            yield Change(f"{name} left out", one.place, replace(one, **all_of_them))
    for key in ("any_of", "all_of", "unless"):
        names = getattr(one, key)
        for name in names:
            left = tuple(each for each in names if each != name)
            fewer: dict[str, Any] = {key: left}
            yield Change(f"{name} left out of {key}", one.place, replace(one, **fewer))
    if len(one.any_of) > 1:
        both = (*one.all_of, *one.any_of)
        yield Change("all for one of", one.place, replace(one, any_of=(), all_of=both))
    for key in ("since", "until"):
        day = getattr(one, key)
        for step in (-DAY, DAY) if day is not None else ():
            moved: dict[str, Any] = {key: day + step}
            words = f"{key} {(day + step).isoformat()}"
            yield Change(words, one.place, replace(one, **moved))


def of_purpose(purpose: Purpose, where: str) -> Iterator[Change]:
    """Yield changes of the days on which a code may be declared."""
    for place, spell in enumerate(purpose.spells):
        for key in ("valid_from", "valid_to"):
            day = getattr(spell, key)
            for step in (-DAY, DAY) if day is not None else ():
                moved = replace(spell, **{key: day + step})
                spells = (*purpose.spells[:place], moved, *purpose.spells[place + 1 :])
                words = f"{key} {(day + step).isoformat()}"
                yield Change(words, where, replace(purpose, spells=spells))


def of_exemption(one: Exemption) -> Iterator[Change]:
    """Yield changes of an exception: gone, a term gone, its hours and its ceiling moved."""
    yield Change("left out", one.place, None)
    for name in one.only:
        only = {each: one.only[each] for each in one.only if each != name}
        yield Change(f"{name} left out", one.place, replace(one, only=only))
    for step in (-HOUR, HOUR):
        words = "an hour earlier" if step < timedelta() else "an hour later"
        yield Change(f"from {words}", one.place, replace(one, since=one.since + step))
        yield Change(f"until {words}", one.place, replace(one, until=one.until + step))
    for number in (-1, 1):
        ceiling = one.ceiling + number
        yield Change(f"a ceiling of {ceiling}", one.place, replace(one, ceiling=ceiling))
