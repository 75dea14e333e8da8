"""JSON lines, strictly: one object a line, no key twice, numbers as they are written."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from auditwatch.ingest.mapping import fold_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.spans import Flags, Reject

__all__ = [
    "LineError",
    "Object",
    "as_text",
    "find_value",
    "fold_keys",
    "read_object",
    "read_objects",
]

DEPTH_MAX: Final = 64
KEYS_MAX: Final = 1000
STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
BLANK: Final = re.compile(rb"\s*")
BOM: Final = b"\xef\xbb\xbf"

Object = dict[str, Any]


class _Folded(dict[str, Any]):
    """An object under folded keys."""


class LineError(ValueError):
    """A line that is no usable record; its text is the reason code."""


def read_objects(
    block: Block, limit: int, chosen: Flags | None = None
) -> Iterator[tuple[int, Object | Reject | None]]:
    """Read each line of a block.

    Parameters
    ----------
    block : Block
        Whole lines.
    limit : int
        Longest line (bytes).
    chosen : ndarray of bool, optional
        Which lines to read; all if left out.

    Yields
    ------
    tuple of int and dict, Reject or None
        Position of the line and its object; the reject of a line that is none; None for an empty
        line.
    """
    for at in range(len(block)) if chosen is None else np.flatnonzero(chosen).tolist():
        line = block.text(at)
        if block.base == 0 and at == 0:
            line = line.removeprefix(BOM)
        if BLANK.fullmatch(line):
            yield at, None
            continue
        try:
            yield at, read_object(line, limit)
        except LineError as error:
            yield at, block.refuse(at, at + 1, str(error))


def read_object(line: bytes, limit: int) -> Object:
    """Read one line, or one record of a document, as one object.

    Parameters
    ----------
    line : bytes
        Its text.
    limit : int
        Longest record (bytes).

    Returns
    -------
    dict
        Keys as written, numbers as text.

    Raises
    ------
    LineError
        ``too_long``, ``nul_byte``, ``too_deep``, ``not_utf8``, ``bad_json``, ``not_object``,
        ``duplicate_key``, ``too_many_keys``, ``not_finite``.
    """
    if len(line) > limit:
        raise LineError("too_long")
    if b"\0" in line:
        raise LineError("nul_byte")
    if line.count(b"{") + line.count(b"[") > DEPTH_MAX and _depth(line) > DEPTH_MAX:
        raise LineError("too_deep")
    try:
        found = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise LineError("not_utf8") from error
    except json.JSONDecodeError as error:
        raise LineError("bad_json") from error
    if not isinstance(found, dict):
        raise LineError("not_object")
    return found


def _depth(line: bytes) -> int:
    """Return how deep the brackets of a line nest, those inside strings left out."""
    depth = deepest = 0
    for char in STRINGS.sub(b"", line):
        if char in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in b"}]":
            depth -= 1
    return deepest


def _pairs(pairs: Sequence[tuple[str, Any]]) -> Object:
    """Make an object of its pairs, refusing a key that stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise LineError("duplicate_key")
    if len(found) > KEYS_MAX:
        raise LineError("too_many_keys")
    return found


def _no_constant(_: str) -> Any:
    """Refuse NaN and Infinity, which JSON does not know."""
    raise LineError("not_finite")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=str, parse_int=str, parse_constant=_no_constant
)


@lru_cache(maxsize=10_000)
def _folded(name: str) -> str:
    """Return a key as it is compared."""
    return fold_name(name)


def fold_keys(record: Object) -> Object:
    """Return an object under its folded keys.

    Raises
    ------
    LineError
        ``duplicate_key`` when two keys fold to the same one.
    """
    if isinstance(record, _Folded):
        return record
    found = _Folded((_folded(key), value) for key, value in record.items())
    if len(found) != len(record):
        raise LineError("duplicate_key")
    return found


def find_value(record: Object, name: str) -> tuple[bool, Any]:
    """Find a key, or a nested one by its dotted name.

    Parameters
    ----------
    record : dict
        One object under folded keys; objects inside are folded in place.
    name : str
        Folded name; ``user.id`` is the key of that very name or `id` inside `user`.

    Returns
    -------
    tuple of bool and value
        Whether it is there, and what it is.
    """
    if name in record:
        return True, record[name]
    first, dot, rest = name.partition(".")
    inside = record.get(first) if dot else None
    if not isinstance(inside, dict):
        return False, None
    # kept, so that the next look into the same object need not fold it again
    record[first] = inside = fold_keys(inside)
    return find_value(inside, rest)


def as_text(value: Any) -> str | None:
    """Return a scalar as text, numbers as written.

    Raises
    ------
    LineError
        ``nested_value`` for lists and objects, ``nul_byte``, ``not_utf8`` for half a surrogate.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise LineError("nested_value")
    if "\0" in value:
        raise LineError("nul_byte")
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LineError("not_utf8") from error
    return value
