"""Which record a simple statement names: ``select … from person where last_name = 'DOE'``.

Only statements of one table whose condition is a conjunction of ``column = value`` have a key; for
all others the object alone is the subject. Nothing here is executed.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["record_key", "table_named"]

TOKEN: Final = re.compile(
    r"""\s+
    | (?P<text>'(?:[^'\\]|'')*+')
    | (?P<name>"(?:[^"]|"")++" | `(?:[^`]|``)++` | [A-Za-z_][A-Za-z0-9_]*+)
    | (?P<number>-?\d++(?:\.\d++)?)
    | (?P<slot>\$\d++)
    | (?P<sign>::|[(),.=*;+<>!~|/%-])
    """,
    re.VERBOSE,
)
COMMENT: Final = re.compile(r"--|/\*|\$\w*\$")
STATEMENT_MAX: Final = 4096
BREAKS: Final = frozenset(
    [
        "join",
        "union",
        "intersect",
        "except",
        "with",
        "or",
        "not",
        "in",
        "between",
        "like",
        "ilike",
        "is",
        "exists",
        "any",
        "all",
        "returning",
        "using",
        "values",
        "only",
        "lateral",
        "having",
        "group",
        "window",
    ]
)
TAIL: Final = frozenset(["order", "limit", "offset", "fetch", "for"])
STARTS: Final = {"select": "from", "delete": "from", "update": "update"}
QUOTES: Final = ('"', "`")
#: What stands before the table; and the words that bring in more tables than one.
ANCHORS: Final = {**STARTS, "insert": "into"}
MANY: Final = frozenset(
    ["join", "union", "intersect", "except", "with", "using", "lateral", "only", "table"]
)

Token = tuple[str, str]


def record_key(statement: str, parameters: str, object_name: str) -> str:
    """Return the record that a statement names, such as ``last_name=DOE``.

    Parameters
    ----------
    statement : str
        SQL text as logged.
    parameters : str
        pgAudit's PARAMETER field: CSV of the values of ``$1``, ``$2`` …
    object_name : str
        The logged object; the statement's only table must be this one.

    Returns
    -------
    str
        ``column=value`` pairs in column order joined by ``&``; empty when the statement is not of
        the simple kind or a value is not in the log.
    """
    if not object_name or _is_doubtful(statement):
        return ""
    tokens = _tokens(statement)
    words = [value for kind, value in tokens if kind == "name"]
    if not words or words[0] not in STARTS or BREAKS & set(words) or words.count("where") != 1:
        return ""
    reads = words[0] == "select"
    if words.count("select") > reads or words.count("from") > (words[0] != "update"):
        return ""
    where = tokens.index(("name", "where"))
    if not _names_table(tokens[:where], STARTS[words[0]], object_name):
        return ""
    pairs = _pairs(tokens[where + 1 :], _values(parameters))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def table_named(statement: str) -> str:
    """Return the only table that a simple statement reads or changes, such as ``public.person``.

    Parameters
    ----------
    statement : str
        SQL text as logged, whole.

    Returns
    -------
    str
        Its name, parts joined by dots; empty when there may be more than one, or none.
    """
    if _is_doubtful(statement):
        return ""
    tokens = _tokens(statement)
    words = [value for kind, value in tokens if kind == "name"]
    if not words or tokens[0] != ("name", words[0]) or MANY & set(words):
        return ""
    anchor = ANCHORS.get(words[0], "")
    if words.count(anchor) != 1 or words.count("select") > (words[0] == "select"):
        return ""
    name, rest = _dotted(tokens[tokens.index(("name", anchor)) + 1 :])
    if rest[:1] == [("sign", "(")] and anchor != "into":
        return ""  # a function
    after = rest[2:] if rest[:1] == [("name", "as")] else rest
    return "" if ("sign", ",") in after[:2] and anchor == "from" else ".".join(name)


def _is_doubtful(statement: str) -> bool:
    """Tell whether a statement is too long, or holds what a server may read in its own way."""
    return len(statement) > STATEMENT_MAX or "\0" in statement or bool(COMMENT.search(statement))


def _tokens(statement: str) -> list[Token]:
    """Cut a statement into tokens; nothing when something in it is not understood."""
    found: list[Token] = []
    at = 0
    while at < len(statement):
        matched = TOKEN.match(statement, at)
        if not matched:
            return []
        at = matched.end()
        kind = matched.lastgroup
        if kind == "name":
            found.append((kind, _name(matched[0])))
        elif kind == "text":
            found.append((kind, matched[0][1:-1].replace("''", "'")))
        elif kind:
            found.append((kind, matched[0]))
    return found


def _name(written: str) -> str:
    """Return an identifier as the server sees it; MySQL quotes with backticks."""
    quote = written[0]
    return written[1:-1].replace(quote * 2, quote) if quote in QUOTES else written.lower()


def _names_table(tokens: Sequence[Token], before: str, object_name: str) -> bool:
    """Tell whether the statement reads or changes that one table and no other."""
    if tokens.count(("name", before)) != 1:
        return False
    rest = tokens[tokens.index(("name", before)) + 1 :]
    if before == "update":
        rest = rest[: rest.index(("name", "set"))] if ("name", "set") in rest else []
    name, rest = _dotted(rest)
    if rest[:1] == [("name", "as")]:
        rest = rest[1:]
    alone = not rest or (len(rest) == 1 and rest[0][0] == "name")
    return bool(name) and alone and object_name.lower().split(".")[-1] == name[-1].lower()


def _dotted(tokens: Sequence[Token]) -> tuple[list[str], Sequence[Token]]:
    """Take a name such as ``public.person`` off the front."""
    parts: list[str] = []
    while tokens and tokens[0][0] == "name":
        parts.append(tokens[0][1])
        if tokens[1:2] != [("sign", ".")]:
            return parts, tokens[1:]
        tokens = tokens[2:]
    return [], tokens


def _pairs(tokens: Sequence[Token], values: Sequence[str]) -> list[tuple[str, str]]:
    """Return columns and values of a conjunction of equalities; nothing for anything else."""
    pairs: list[tuple[str, str]] = []
    while True:
        name, tokens = _dotted(tokens)
        if not name or tokens[:1] != [("sign", "=")] or len(tokens) < 2:
            return []
        value = _value(tokens[1], values)
        if not value:
            return []
        pairs.append((name[-1], value))
        tokens = _without_cast(tokens[2:])
        if not tokens or tokens[0] == ("sign", ";") or tokens[0][1] in TAIL:
            return pairs if len(tokens) < 2 or tokens[0][1] in TAIL else []
        if tokens[0] != ("name", "and"):
            return []
        tokens = tokens[1:]


def _without_cast(tokens: Sequence[Token]) -> Sequence[Token]:
    """Skip ``::type`` behind a value."""
    return tokens[2:] if tokens[:1] == [("sign", "::")] else tokens


def _value(token: Token, values: Sequence[str]) -> str:
    """Return a literal's text or a parameter's value; nothing when it is not in the log."""
    kind, text = token
    if kind in {"text", "number"}:
        return text
    if kind == "slot" and 0 < int(text[1:]) <= len(values):
        value = values[int(text[1:]) - 1]
        return "" if value.startswith("<") and value.endswith(">") else value
    return ""


def _values(parameters: str) -> list[str]:
    """Return the values of ``$1``, ``$2`` …; none when they were not logged."""
    if parameters.startswith("<") and parameters.endswith(">"):
        return []
    try:
        rows = list(csv.reader([parameters], strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []
