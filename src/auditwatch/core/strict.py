"""Strict YAML: every scalar stays text, every value has a line and a column, no surprises.

YAML 1.1 turns ``NO`` into false, ``0123`` into 83 and ``22:30`` into 1350; purpose codes, case
numbers and times must not change value. So the parser's events are read, never made objects of.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import yaml

from auditwatch.core.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Document", "Plain", "parse_documents", "read_documents", "read_raw", "suggest"]

MAX_BYTES: Final = 256 * 1024  # a rule file is read by people; larger is a mistake or an attack
MAX_DEPTH: Final = 16

#: Asked what YAML 1.1 would make of a scalar; never used to read one.
YAML: Final = yaml.constructor.SafeConstructor()
RESOLVER: Final[Any] = yaml.resolver.Resolver()

#: A document's content: text, lists and mappings only; an empty scalar is None.
Plain = str | None | list["Plain"] | dict[str, "Plain"]
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """One YAML document with the place of each of its values.

    Parameters
    ----------
    file : str
        Name to show in errors.
    content : Plain
        Text, lists and mappings.
    marks : dict
        Path (keys and list positions) to (line, column), both from 1. A mapping's key has the
        place of the key itself.
    changed: dict
        Path of each unquoted scalar that a YAML 1.1 reader takes for another value, with that
        one:
        ``NO`` for false, ``0123`` for 83, ``22:30`` for 1350.
    """

    file: str
    content: Plain
    marks: dict[Path_, tuple[int, int]] = field(repr=False)
    changed: dict[Path_, str] = field(repr=False, default_factory=dict)

    def place(self, *path: str | int) -> str:
        """Return ``file:line:column`` of a path, or of the nearest place above it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.marks:
                line, column = self.marks[path[:end]]
                return f"{self.file}:{line}:{column}"
        return self.file

    def error(
        self, what: str, *path: str | int, code: str, expected: str = "", hint: str = ""
    ) -> RuleError:
        """Return a `RuleError` that points at a path of this document."""
        return RuleError(what, code=code, where=self.place(*path), expected=expected, hint=hint)

    def refuse_unknown(self, known: Iterable[str], *path: str | int) -> None:
        """Refuse keys that are not in `known` in the mapping at `path`.

        Raises
        ------
        RuleError
            ``AW-YAML-006`` with the nearest known key.
        """
        node = self.at(*path)
        known = list(known)
        if not isinstance(node, dict):
            return
        for key in node:
            if key not in known:
                raise self.error(
                    f"unknown key {key!r}",
                    *path,
                    key,
                    code="AW-YAML-006",
                    expected="one of " + ", ".join(known),
                    hint=suggest(key, known),
                )

    def at(self, *path: str | int) -> Plain:
        """Return the value at a path."""
        node: Plain = self.content
        for step in path:
            node = node[step]  # type: ignore[index]
        return node


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean …?`` for a misspelt word, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def read_documents(path: Path, *, shown: str | None = None) -> list[Document]:
    """Read a YAML file strictly.

    Parameters
    ----------
    path : Path
        The file.
    shown : str, optional
        Name to show in errors instead of the path.

    Returns
    -------
    list of Document
        One for each document in the file, in order.

    Raises
    ------
    RuleError
        ``AW-YAML-001`` syntax or encoding, ``-002`` duplicate key, ``-003`` alias or anchor,
        ``-004`` tag, ``-005`` too large or too deep, ``-007`` a key that is not text, ``-008`` no
        file that can be read.
    """
    name = shown or str(path)
    return parse_documents(read_raw(path, name), name)


def parse_documents(raw: bytes, name: str) -> list[Document]:
    """Read the bytes of a YAML file strictly.

    Parameters
    ----------
    raw : bytes
        The file's content.
    name : str
        Name to show in errors.

    Raises
    ------
    RuleError
        As `read_documents`, but for ``-008``.
    """
    try:
        text = raw.decode("utf-8-sig")
        return list(_documents(yaml.parse(text, yaml.CSafeLoader), name))
    except UnicodeDecodeError as error:
        raise RuleError(
            "not UTF-8 text", code="AW-YAML-001", where=f"{name}:byte {error.start}"
        ) from error
    except yaml.MarkedYAMLError as error:
        where = _where(error.problem_mark or error.context_mark, name)
        problem = error.problem or "not readable as YAML"
        code = "AW-YAML-003" if "alias" in problem else "AW-YAML-001"
        raise RuleError(problem, code=code, where=where, expected="plain YAML") from error
    except yaml.YAMLError as error:
        raise RuleError(
            "not readable as YAML", code="AW-YAML-001", where=name, expected="plain YAML text"
        ) from error


def read_raw(path: Path, name: str) -> bytes:
    """Read a file that is not too large, and never a device or a pipe, which have no end.

    Raises
    ------
    RuleError
        ``AW-YAML-005`` too large, ``-008`` no file that can be read.
    """
    try:
        if not path.is_file():
            raise RuleError(
                "not a regular file",
                code="AW-YAML-008",
                where=name,
                expected="a text file",
                hint="a dangling link, a pipe or a device cannot be read: move it away",
            )
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RuleError(
            f"cannot be read: {error.strerror}",
            code="AW-YAML-008",
            where=name,
            expected="a file that this account may read",
            hint="check its owner and mode",
        ) from error
    if len(raw) > MAX_BYTES:
        raise RuleError(
            "file too large",
            code="AW-YAML-005",
            where=name,
            expected="at most 256 KiB",
            hint="cut it into several files",
        )
    return raw


def _where(mark: object, name: str) -> str:
    """Return ``file:line:column`` of a parser mark."""
    line, column = getattr(mark, "line", None), getattr(mark, "column", None)
    return name if line is None or column is None else f"{name}:{line + 1}:{column + 1}"


def _place(event: yaml.Event) -> tuple[int, int]:
    """Return line and column of what the parser found, from 1."""
    mark = event.start_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


def _documents(events: Iterator[yaml.Event], name: str) -> Iterator[Document]:
    """Yield the documents that the parser tells of.

    Its events are read, never composed: the composer goes down a level of the C stack for each
    level of nesting, and would end the process at some ten thousand of them.
    """
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            found = Document(name, None, {})
            yield replace(found, content=_plain(next(events), events, (), found))


def _plain(event: yaml.Event, events: Iterator[yaml.Event], path: Path_, found: Document) -> Plain:
    """Turn what begins with an event into text, lists and mappings, noting places on the way."""
    _refuse_trick(event, found.file, len(path))
    found.marks.setdefault(path, _place(event))
    if isinstance(event, yaml.ScalarEvent):
        return _text(event, path, found)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Plain] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(_plain(inner, events, (*path, len(items)), found))
        return items
    pairs: dict[str, Plain] = {}
    while not isinstance(inner := next(events), yaml.MappingEndEvent):
        key = _key(inner, path, found, pairs)
        pairs[key] = _plain(next(events), events, (*path, key), found)
    return pairs


def _refuse_trick(event: yaml.Event, name: str, depth: int) -> None:
    """Refuse anchors and aliases, which hide copies, tags, which change types, and deep nesting."""
    if depth >= MAX_DEPTH and isinstance(event, yaml.CollectionStartEvent):
        raise RuleError(
            "nested too deep",
            code="AW-YAML-005",
            where=_where(event.start_mark, name),
            expected=f"at most {MAX_DEPTH} levels",
        )
    trick = "alias" if isinstance(event, yaml.AliasEvent) else ""
    trick = trick or ("anchor" if getattr(event, "anchor", None) else "")
    trick = trick or ("tag" if getattr(event, "tag", None) else "")
    if trick:
        raise RuleError(
            f"{'aliases' if trick == 'alias' else trick + 's'} are not allowed",
            code="AW-YAML-004" if trick == "tag" else "AW-YAML-003",
            where=_where(event.start_mark, name),
            expected="the value written out, without & * or !",
        )


def _text(event: yaml.ScalarEvent, path: Path_, found: Document) -> str | None:
    """Return a scalar as it is written; None for nothing at all."""
    text = str(event.value)
    if event.style:  # quoted or a block
        return text
    if other := _taken_for(text):
        found.changed[path] = other
    return text or None


def _taken_for(text: str) -> str:
    """Return what YAML 1.1 makes of an unquoted scalar; nothing when that is the same text."""
    tag = RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return "null"
    if kind not in ("bool", "int", "float"):
        return ""
    node = yaml.ScalarNode(tag, text)
    if kind == "bool":
        return str(YAML.construct_yaml_bool(node)).lower()
    try:
        read = YAML.construct_yaml_int(node) if kind == "int" else YAML.construct_yaml_float(node)
    except ValueError:  # a number only by its looks, such as 08:99
        return "a number"
    return "" if str(read) == text else str(read)


def _key(event: yaml.Event, path: Path_, found: Document, pairs: Mapping[str, Plain]) -> str:
    """Return a mapping's key with its place noted; refuse one that clashes or is not text."""
    _refuse_trick(event, found.file, len(path))
    if not isinstance(event, yaml.ScalarEvent):
        where = _where(event.start_mark, found.file)
        raise RuleError("a key that is not text", code="AW-YAML-007", where=where)
    key = str(event.value)
    if key in pairs:
        raise RuleError(
            f"duplicate key {key!r}",
            code="AW-YAML-002",
            where=_where(event.start_mark, found.file),
            expected=f"one {key!r}; the other is in line {found.marks[*path, key][0]}",
            hint="remove or rename one of them",
        )
    found.marks[*path, key] = _place(event)
    return key
