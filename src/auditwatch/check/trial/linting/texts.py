"""What other readers of YAML take for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from auditwatch.check.trial.linting.problem import Edit, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.core.strict import Document

__all__ = ["look_at_text"]

#: Asked what YAML 1.1 would make of a key; never used to read one.
READER: Final = yaml.SafeLoader("")
#: Words of YAML 1.1's truths that PyYAML leaves alone and others do not.
TRUTHS: Final = frozenset({"y", "Y", "n", "N"})
PLAIN: Final = "tag:yaml.org,2002:str"
#: What our own files write without quotes on purpose.
MEANT: Final = frozenset({"true", "false", "null", "~", ""})


def look_at_text(document: Document, text: str) -> Iterator[Problem]:
    """Yield values and keys without quotes that another reader of the file would change.

    Parameters
    ----------
    document : Document
        A document that loads.
    text : str
        Content of its file.
    """
    yield from _values(document)
    yield from _keys(document, text)


def _values(document: Document) -> Iterator[Problem]:
    """Yield values that are changed."""
    for path, other in document.changed.items():
        value = document.at(*path)
        if isinstance(value, str) and value not in MEANT:
            yield Problem(
                f"{value!r} stands without quotes: YAML 1.1 takes it for {other}",
                code="AW-LINT-001",
                where=document.place(*path),
                expected=f'"{value}"',
                hint="put it in quotes, so that every reader sees the same text",
                fix=Edit(value, f'"{value}"'),
            )


def _keys(document: Document, text: str) -> Iterator[Problem]:
    """Yield keys that are changed."""
    lines = text.splitlines()
    for path, (line, column) in document.marks.items():
        key = path[-1] if path else 0
        if not isinstance(key, str) or line > len(lines):
            continue
        written = lines[line - 1][column - 1 :]
        if written.startswith(key) and _is_changed(key):
            yield Problem(
                f"the key {key!r} stands without quotes: YAML 1.1 takes it for no text",
                code="AW-LINT-002",
                where=document.place(*path),
                expected=f'"{key}"',
                hint="put it in quotes, so that every reader sees the same key",
                fix=Edit(key, f'"{key}"'),
            )


def _is_changed(key: str) -> bool:
    """Tell whether YAML 1.1 makes something else of a key."""
    kind = READER.resolve(yaml.ScalarNode, key, (True, False))  # type: ignore[no-untyped-call]
    return key in TRUTHS or kind != PLAIN
