"""pgAudit's classes of access, for databases whose own logs have none: one vocabulary for rules.

READ, WRITE, FUNCTION, ROLE, DDL and MISC mean what pgAudit's README says of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["access", "statement_access"]

CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "READ": frozenset(["SELECT", "TABLE", "VALUES", "WITH", "UNLOAD", "GET"]),
    "WRITE": frozenset(
        ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "LOAD", "COPY", "PUT"]
    ),
    "FUNCTION": frozenset(["CALL", "DO"]),
    "ROLE": frozenset(["GRANT", "REVOKE"]),
    "DDL": frozenset(["CREATE", "ALTER", "DROP", "RENAME", "COMMENT", "UNDROP"]),
}
MISC: Final = "MISC"
#: What makes a statement about rights, by its second word.
WHO: Final = frozenset(["USER", "ROLE", "GROUP", "PASSWORD"])
TWO_WORDS: Final = frozenset(["CREATE", "ALTER", "DROP", "RENAME", "SET"])
BETWEEN: Final = r"(?:OR|REPLACE|TEMPORARY|TEMP|UNIQUE|IF|NOT|EXISTS)\s+"
COMMAND: Final = re.compile(
    rf"[\s(]*(?P<first>[A-Z]{{2,20}})\b(?:\s+(?:{BETWEEN}){{0,4}}(?P<second>[A-Z]{{2,20}})\b)?",
    re.IGNORECASE,
)
OUT: Final = re.compile(
    r"\bINTO\s+(?:OUTFILE|DUMPFILE)\b|\ACOPY\b.{1,4096}?\bTO\b", re.IGNORECASE | re.DOTALL
)
CHANGES: Final = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


def access(command: str) -> str:
    """Return class and command, such as ``ROLE.CREATE USER``.

    Parameters
    ----------
    command : str
        Words of a command in upper case, joined by spaces or underscores.

    Returns
    -------
    str
        ``MISC`` is the class of what is in none of the others; an empty text for no command.
    """
    words = command.replace("_", " ").split()
    if not words:
        return ""
    about_rights = words[0] in TWO_WORDS and words[-1] in WHO
    kind = next((name for name, firsts in CLASSES.items() if words[0] in firsts), MISC)
    return f"{'ROLE' if about_rights else kind}.{command}"


def statement_access(statement: str) -> str:
    """Return class and command of an SQL statement, such as ``READ.SELECT``.

    Parameters
    ----------
    statement : str
        SQL text, perhaps cut off at its end.

    Returns
    -------
    str
        As `access`; ``READ.COPY`` for what takes rows out into a file, whatever its words.
    """
    found = COMMAND.match(statement)
    if not found:
        return ""
    first, second = found["first"].upper(), (found["second"] or "").upper()
    if OUT.search(statement) and first in {"SELECT", "COPY"}:
        return "READ.COPY"
    if first == "WITH" and CHANGES.search(statement):
        return "WRITE.WITH"
    return access(f"{first} {second}" if second and first in TWO_WORDS else first)
