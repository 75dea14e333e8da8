"""A rule file in canonical order: whole pieces of text are moved, and their comments with them.

No value is written anew. What comes out is read again, and has to say the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import yaml

from auditwatch.check.trial.linting.looking import fixed
from auditwatch.check.trial.linting.texts import look_at_text
from auditwatch.check.trial.orders import CONDITION, order_of
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import parse_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.core.strict import Document

    Path = tuple[str | int, ...]

__all__ = ["format_text"]

#: Blank lines that may follow one another.
BLANK_MOST: Final = 1


def format_text(text: str, file: str) -> str:
    """Return the text of a rule file in canonical form.

    Parameters
    ----------
    text : str
        The file's content.
    file : str
        Its name below the pack, such as ``permits/units.yml``: it decides the order.

    Returns
    -------
    str
        Keys in order, codes and keys that other readers change in quotes, no blanks at the ends of
        lines, one blank line at most, one end of line. Comments stay with what they stand above.
        Formatting again changes nothing.

    Raises
    ------
    RuleError
        ``AW-YAML-…`` the text cannot be read; ``AW-BENCH-004`` it cannot be put in order.
    """
    before = parse_documents(text.encode(), file)
    made = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n")
    made = fixed(made, [one for document in before for one in look_at_text(document, made)])
    while (ordered := _reordered(made, file)) != made:
        made = ordered
    made = _tidied(made)
    if _said(parse_documents(made.encode(), file)) != _said(before):
        raise RuleError(
            "this file cannot be put in order without changing what it says",
            code="AW-BENCH-004",
            where=file,
            hint="write each key on a line of its own",
        )
    return made


def _said(documents: Sequence[Document]) -> list[object]:
    """Return what documents say, whatever the order of keys."""
    return [document.content for document in documents]


def _reordered(text: str, file: str) -> str:
    """Return the text with the first mapping put in order that is not; the same when all are."""
    for node in yaml.compose_all(text, yaml.CSafeLoader):
        for path, mapping in _mappings(node, ()):
            keys = [key.value for key, _ in mapping.value]
            wanted = _in_order(keys, order_of(file, path))
            if wanted != keys:
                return _moved(text, mapping, [keys.index(key) for key in wanted])
    return text


def _mappings(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.MappingNode]]:
    """Yield mappings that are written a key a line, outer ones first."""
    if isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _mappings(item, (*path, place))
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        yield path, node
        for key, value in node.value:
            yield from _mappings(value, (*path, key.value))


def _in_order(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return keys in order; those that nobody put in order stay between."""
    if not order:
        return list(keys)
    ranks = {key: place for place, key in enumerate(order)}
    if tuple(order) == (CONDITION,):
        ranks = {CONDITION: len(order) + 1}
    return sorted(keys, key=lambda key: ranks.get(key, len(order)))


def _moved(text: str, mapping: yaml.MappingNode, order: Sequence[int]) -> str:
    """Return the text with the pieces of one mapping in another order."""
    lines = text.splitlines(keepends=True)
    marks = [key.start_mark for key, _ in mapping.value]
    column = marks[0].column
    begins = [_leading(lines, mark.line, column) for mark in marks[1:]]
    first, last = marks[0].line, _end(lines, mapping, marks[-1].line, column)
    dash = lines[first][:column]
    lines[first] = " " * column + lines[first][column:]
    cuts = [first, *begins, last]
    pieces = [lines[start:stop] for start, stop in pairwise(cuts)]
    pieces = [pieces[place] for place in order]
    if not dash.isspace() and dash:
        pieces[0] = _dashed(pieces[0], dash)
    moved = [line if line.endswith("\n") else line + "\n" for piece in pieces for line in piece]
    return "".join([*lines[:first], *moved, *lines[last:]])


def _dashed(piece: list[str], dash: str) -> list[str]:
    """Return the first piece of an entry of a list; its comments stand above the dash."""
    key = next(n for n, line in enumerate(piece) if not _is_comment(line))
    indent = " " * (len(dash) - len(dash.lstrip()))
    above = [indent + line.lstrip() if line.strip() else line for line in piece[:key]]
    return [*above, dash + piece[key][len(dash) :], *piece[key + 1 :]]


def _leading(lines: Sequence[str], line: int, column: int) -> int:
    """Return the first of the comments and blank lines that belong to a key below them."""
    while _is_comment(lines[line - 1]) and _indent(lines[line - 1], column) <= column:
        line -= 1
    return line


def _end(lines: Sequence[str], mapping: yaml.MappingNode, last_key: int, column: int) -> int:
    """Return the line behind a mapping, without comments that belong to what follows."""
    end = min(mapping.end_mark.line + (mapping.end_mark.column > 0), len(lines))
    if mapping.end_mark.line < len(lines) and not _is_own(lines, mapping, column):
        end = mapping.end_mark.line
    while end > last_key + 1 and _is_comment(lines[end - 1]):
        if lines[end - 1].strip() and _indent(lines[end - 1], column) >= column > 0:
            break
        end -= 1
    return end


def _is_own(lines: Sequence[str], mapping: yaml.MappingNode, column: int) -> bool:
    """Tell whether the line on which the reader saw a mapping end is still the mapping's."""
    line = lines[mapping.end_mark.line]
    return bool(line.strip()) and not _is_comment(line) and _indent(line, column) >= column > 0


def _is_comment(line: str) -> bool:
    """Tell whether a line says nothing but a comment, or nothing at all."""
    return not line.strip() or line.lstrip().startswith("#")


def _indent(line: str, otherwise: int) -> int:
    """Return how far a line is indented; a blank line as far as what is asked about."""
    return len(line) - len(line.lstrip()) if line.strip() else otherwise


def _tidied(text: str) -> str:
    """Return text without blanks at ends of lines, and with few blank lines; scalars untouched."""
    written = set(_inside_scalars(text))
    kept: list[str] = []
    blank = BLANK_MOST  # none at the top
    for number, line in enumerate(text.splitlines()):
        if number in written:
            kept.append(line)
            blank = 0
            continue
        blank = blank + 1 if not line.strip() else 0
        if blank <= BLANK_MOST:
            kept.append(line.rstrip())
    return "\n".join(kept).rstrip() + "\n"


def _inside_scalars(text: str) -> Iterator[int]:
    """Yield the lines of values that are written over several lines: blanks in them count."""
    for event in yaml.parse(text, yaml.CSafeLoader):
        start, end = event.start_mark, event.end_mark
        if isinstance(event, yaml.ScalarEvent) and start is not None and end is not None:
            yield from range(start.line, end.line)
