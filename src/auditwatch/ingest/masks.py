"""Which masks and placeholders the rule pack knows beside the usual ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from auditwatch.core.cells import Cells
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import read_documents

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_cells"]

LISTS: Final = "catalogue/lists"


def read_cells(rules: Path) -> Cells:
    """Read ``masks.yml`` and ``placeholders.yml`` of a rule pack; a pack may lack them.

    Parameters
    ----------
    rules : Path
        The rule pack.

    Raises
    ------
    RuleError
        ``AW-INGEST-034`` with line and column.
    """
    masks = tuple(_entries(rules / LISTS / "masks.yml"))
    words = frozenset(one.strip().lower() for one in _entries(rules / LISTS / "placeholders.yml"))
    cells = Cells(masks, words)
    try:
        cells.state_of("reason", "")
    except pa.ArrowInvalid as error:
        raise RuleError(
            "an entry that is no RE2 pattern",
            code="AW-INGEST-034",
            where=str(rules / LISTS / "masks.yml"),
            expected="patterns without look-around and back-references",
        ) from error
    return cells


def _entries(path: Path) -> list[str]:
    """Return the entries of one list; none when the pack does not have it."""
    found: list[str] = []
    for document in read_documents(path) if path.exists() else ():
        content = document.content
        entries = content.get("entries") if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise document.error(
                "no list of entries", code="AW-INGEST-034", expected="entries: [...]"
            )
        for n, entry in enumerate(entries):
            if not isinstance(entry, str) or not entry.strip():
                where = ("entries", n)
                raise document.error("not text", *where, code="AW-INGEST-034", expected="a text")
            found.append(entry)
    return found
