"""Requirements: named conditions on a lookup that permits ask for and forbids look out for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditwatch.check.condition import Node, leaves
from auditwatch.check.fields import FIELDS
from auditwatch.check.selection import compile_detection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.check.catalogue import WordList
    from auditwatch.check.section import Section

__all__ = ["Requirement", "read_logsources", "read_requirements"]


@dataclass(frozen=True)
class Requirement:
    """A named condition.

    Parameters
    ----------
    name : str
        As permits and forbids use it.
    means : str
        In words that follow "with": a case number, a reason that says something.
    tree : Node
        Its condition.
    needs : tuple of str
        Fields a source must export for it to be decided.
    """

    name: str
    means: str
    tree: Node

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields that a source must export for it to be decided."""
        return tuple(dict.fromkeys(need for field in self._fields for need in FIELDS[field].needs))

    @property
    def tables(self) -> tuple[tuple[str, ...], ...]:
        """Context tables it draws on: one of each that stand together must be given."""
        drawn = (FIELDS[field].context for field in self._fields)
        return tuple(dict.fromkeys(tables for tables in drawn if tables))

    @property
    def _fields(self) -> list[str]:
        """Columns it reads."""
        return [column for leaf in leaves(self.tree) for column in leaf.atom.columns]


def read_requirements(
    sections: Iterable[Section], lists: Mapping[str, WordList]
) -> dict[str, Requirement]:
    """Read the items of ``catalogue/requirements.yml``: ``name``, ``means``, ``detection``.

    Raises
    ------
    RuleError
        ``AW-RULES-007`` a name is given twice; those of `compile_detection`.
    """
    found: dict[str, Requirement] = {}
    for section in sections:
        name = section.text("name")
        means = section.text("means")
        if name in found:
            raise section.error(f"{name!r} a second time", "name", code="AW-RULES-007")
        found[name] = Requirement(
            name, means, compile_detection(section.section("detection"), lists)
        )
    return found


def read_logsources(
    sections: Iterable[Section], lists: Mapping[str, WordList]
) -> dict[str, Node | None]:
    """Read the items of ``catalogue/logsources.yml``: ``product``, ``means``, ``detection``.

    Returns
    -------
    dict of str to Node or None
        Which lookups come from each product; None without a ``detection``: all of them.

    Raises
    ------
    RuleError
        ``AW-RULES-007`` a product is given twice; those of `compile_detection`.
    """
    found: dict[str, Node | None] = {}
    for section in sections:
        name = section.text("product")
        section.text("means")
        if name in found:
            raise section.error(f"{name!r} a second time", "product", code="AW-RULES-007")
        has = section.has("detection")
        found[name] = compile_detection(section.section("detection"), lists) if has else None
    return found
