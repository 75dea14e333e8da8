"""An agency's own message keys and system names, and which of the catalogue each stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import RuleError
from auditwatch.core.files import require_file
from auditwatch.core.strict import read_documents, suggest
from auditwatch.ingest.folding import read_followers

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from auditwatch.core.strict import Document

__all__ = ["LOCAL_SECTIONS", "read_local_keys"]

LOCAL_SECTIONS: Final = ("transactions", "systems")
SYSTEMS: Final = "catalogue/systems.yml"


def read_local_keys(document: Document, section: str, rules: Path) -> dict[str, str]:
    """Read one of the sections `LOCAL_SECTIONS` of a mapping file.

    Parameters
    ----------
    document : Document
        The mapping file.
    section : str
        ``transactions`` or ``systems``.
    rules : Path
        The rule pack, whose catalogue says what the agency's words may stand for.

    Returns
    -------
    dict of str to str
        The agency's word in upper case to the catalogue's; empty without the section.

    Raises
    ------
    RuleError
        ``AW-INGEST-022`` with line and column, and the nearest word of the catalogue.
    """
    content = document.content
    entries = content.get(section) if isinstance(content, dict) else None
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        raise document.error(
            "no translation",
            section,
            code="AW-INGEST-022",
            expected=f"{section}: {{your word: a word of catalogue/{section}.yml}}",
        )
    known = read_followers(rules) if section == "transactions" else _systems(rules)
    found: dict[str, str] = {}
    for own, meant in entries.items():
        word = own.strip().upper()
        if not word or word in found:
            raise document.error(
                f"{own!r} a second time" if word else "an empty word",
                section,
                own,
                code="AW-INGEST-022",
                expected="each word once; upper and lower case are the same",
            )
        found[word] = _meant(document, section, own, meant, known)
    return found


def _meant(
    document: Document, section: str, own: str, meant: object, known: Collection[str]
) -> str:
    """Return the catalogue's word that an agency's word stands for."""
    word = meant.strip().upper() if isinstance(meant, str) else ""
    if word in known:
        return word
    raise document.error(
        f"{own!r} stands for nothing in the catalogue",
        section,
        own,
        code="AW-INGEST-022",
        expected=f"a word of catalogue/{section}.yml",
        hint=suggest(word, known)
        or f"leave it out: what nobody maps is counted as unmapped; or "
        f"add it to catalogue/{section}.yml",
    )


def _systems(rules: Path) -> frozenset[str]:
    """Return the codes of the catalogue's systems."""
    found: set[str] = set()
    for document in read_documents(require_file(rules / SYSTEMS)):
        content = document.content
        entries = content.get("systems") if isinstance(content, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            code = entry.get("code") if isinstance(entry, dict) else None
            if not isinstance(code, str):
                raise RuleError(
                    "not a system",
                    code="AW-INGEST-021",
                    where=document.place("systems"),
                    expected="code: NLETS, and its name",
                )
            found.add(code.upper())
    return frozenset(found)
