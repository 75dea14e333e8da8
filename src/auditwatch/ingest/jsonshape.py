"""JSON lines that a program wrote: all of one shape, read all at once.

Such lines differ in their values alone: what stands between them is the same to the byte. A line
that is made of these bytes, plain texts, numbers and literal names means the same to every JSON
reader: no key stands twice, nothing nests, no escape hides anything. All lines of a block are
walked together, key by key; a line that differs anywhere is left to be read by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.ingest.mapping import fold_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["Shape", "Uniform", "read_uniform"]

#: What may stand without quotes beside ``null``; kept as it is written.
BARE: Final = r"\A(?:-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?|true|false)\z"
NULL: Final = b"null"
#: What stands behind a key and between two pairs, in the styles that programs write.
COLONS, COMMAS = (b": ", b":"), (b", ", b",")
KEYS_MAX: Final = 200
KEY_BYTES_MAX: Final = 1000
QUOTE, SLASH, BRACE, RETURN, SPACE = b'"\\}\r '
#: What may stand behind a backslash. Others are left to the slow way: ``\\`` may be followed by a
#: quote that ends the text, and ``\u`` may be half a character.
ESCAPES: Final = np.isin(np.arange(256), list(b'"/bfnrt'))


@dataclass(frozen=True)
class Shape:
    """What the lines of one shape hold.

    Parameters
    ----------
    keys : tuple of str
        Keys as written, in order.
    fields : mapping of str to str
        Canonical name to the key that it is read from.
    """

    keys: tuple[str, ...]
    fields: Mapping[str, str]

    @classmethod
    def of(cls, record: Object, names: Mapping[str, Sequence[str]]) -> Shape | None:
        """Return the shape of a record.

        Parameters
        ----------
        record : dict
            One object, keys as written.
        names : mapping of str to sequence of str
            Folded names to look for by canonical name, the first found counts.

        Returns
        -------
        Shape or None
            None for a record that has to be read by itself.
        """
        folded = {fold_name(key): key for key in record}
        if len(folded) != len(record) or len(record) > KEYS_MAX:
            return None
        if any(json.dumps(key, ensure_ascii=False) != f'"{key}"' for key in record):
            return None
        if sum(len(key.encode("utf-8", "replace")) for key in record) > KEY_BYTES_MAX:
            return None
        found = {}
        for name, keys in names.items():
            key = next((folded[one] for one in keys if one in folded), None)
            if key is not None:
                found[name] = key
        return cls(tuple(record), found)

    def between(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Return what stands before each value, and between two pairs, in the style of a text."""
        keys = [b'"' + key.encode("utf-8", "replace") + b'"' for key in self.keys]
        colon = next((one for one in COLONS if keys[0] + one in data), COLONS[-1])
        comma = next((one for one in COMMAS if one + keys[-1] + colon in data), COMMAS[-1])
        opened = [b"{", *[comma] * (len(keys) - 1)]
        return [mark + key + colon for mark, key in zip(opened, keys, strict=True)], comma


@dataclass(frozen=True)
class Uniform:
    """The lines of a block that have one shape, and their values by canonical name."""

    lines: Flags
    columns: Mapping[str, pa.Array]


def read_uniform(block: Block, shape: Shape, limit: int) -> Uniform:
    """Read all lines of one shape.

    Parameters
    ----------
    block : Block
        Whole lines.
    shape : Shape
        The shape.
    limit : int
        Longest line (bytes).

    Returns
    -------
    Uniform
        The lines it holds for, which may be none.
    """
    chosen = np.zeros(len(block), np.bool_)
    if not shape.fields:
        return Uniform(chosen, {})
    likely = block.readable() & (np.diff(block.edges) <= limit)
    walk = _Walk(block, likely, KEY_BYTES_MAX)
    before, comma = shape.between(block.data)
    taken = set(shape.fields.values())
    for n, key in enumerate(shape.keys):
        walk.pass_text(before[n])
        walk.pass_value(len(comma) if n + 1 < len(shape.keys) else 0, key if key in taken else None)
    walk.end()
    chosen[walk.lines] = True
    return Uniform(chosen, {name: walk.values(key) for name, key in shape.fields.items()})


class _Walk:
    """Goes through many lines at once, a token at a time; who stumbles drops out.

    Parameters
    ----------
    block : Block
        Whole lines.
    likely : ndarray of bool, shape (lines,)
        Where to begin.
    margin : int
        How far behind a line's place one may look (bytes).

    Attributes
    ----------
    lines : ndarray of int64
        Those that are still walked, by position.
    """

    def __init__(self, block: Block, likely: Flags, margin: int) -> None:
        self._size = size = len(block.data)
        self._data = np.empty(size + margin + 16, np.uint8)
        self._data[:size] = np.frombuffer(block.data, np.uint8)
        self._data[size:] = QUOTE  # so that there is one more wherever one looks
        #: eight bytes from each place on as one number
        self._eights = np.ndarray((size + margin + 8,), "<u8", self._data, strides=(1,))
        self._text = pa.py_buffer(self._data)
        self._escaped = b"\\" in block.data
        self._edges = block.edges
        self._ends = self._contents(block)
        self._quotes = np.flatnonzero(self._data[: size + 2] == QUOTE)
        if self._escaped:
            self._unescape(likely)
        likely[self._controls(block)] = False
        self.lines: Ints = np.flatnonzero(likely)
        self._at, self._stop = block.edges[self.lines], self._ends[self.lines]
        self._turn = np.searchsorted(self._quotes, self._at)
        self._found: dict[str, tuple[Ints, Ints, Ints, Flags | None]] = {}

    def _contents(self, block: Block) -> Ints:
        """Return where each line ends, its line end left out."""
        ends: Ints = block.edges[1:] - block.ends_in_newline()
        ends[(ends > block.edges[:-1]) & (self._data[ends - 1] == RETURN)] -= 1
        return ends

    def _owners(self, places: Ints) -> Ints:
        """Return the lines in which some places are."""
        return np.searchsorted(self._edges, places, "right") - 1

    def _controls(self, block: Block) -> Ints:
        """Return the lines with control characters before their ends."""
        low = self._data[: self._size] < SPACE
        if np.count_nonzero(low) == np.count_nonzero(block.ends_in_newline()):
            return np.zeros(0, np.int64)
        places = np.flatnonzero(low)
        owners = self._owners(places)
        return owners[places < self._ends[owners]]

    def _unescape(self, likely: Flags) -> None:
        """Let go of quotes that a backslash stands before, and of lines with doubtful escapes."""
        slashes = np.flatnonzero(self._data == SLASH)
        behind = self._data[slashes + 1]
        likely[self._owners(slashes[~ESCAPES[behind]])] = False
        hidden = slashes[behind == QUOTE] + 1
        hidden = hidden[hidden < self._size]
        self._quotes = np.setdiff1d(self._quotes, hidden, assume_unique=True)

    def _keep(self, walked: Flags) -> None:
        """Go on with some of the lines."""
        if not walked.all():
            self.lines, self._stop = self.lines[walked], self._stop[walked]
            self._at, self._turn = self._at[walked], self._turn[walked]

    def _stands(self, text: bytes) -> Flags:
        """Tell where a text stands at the place of a line."""
        if not len(self.lines):
            return np.zeros(0, np.bool_)
        if len(text) < 8:
            mask = np.uint64((1 << 8 * len(text)) - 1)
            short: Flags = (self._eights[self._at] & mask) == int.from_bytes(text, "little")
            return short
        # looked at where it stands once, then eight bytes at a time
        size, count = len(text), len(self.lines)
        held = np.ndarray((self._size + 1,), f"V{size}", self._data, strides=(1,))[self._at]
        found = np.ones(count, np.bool_)
        for start in {*range(0, size - 7, 8), size - 8}:
            part = np.ndarray((count,), "<u8", held, start, (size,))
            found &= part == int.from_bytes(text[start : start + 8], "little")
        return found

    def pass_text(self, text: bytes) -> None:
        """Walk over what stands before a value: a key with its two quotes."""
        self._keep(self._stands(text))
        self._at = self._at + len(text)
        self._turn = self._turn + 2

    def pass_value(self, comma: int, key: str | None) -> None:
        """Walk over a value.

        Parameters
        ----------
        comma : int
            Length of what stands between it and the quote of the next key; 0 for the last value.
        key : str or None
            Keep it under this name.
        """
        quoted = self._data[self._at] == QUOTE
        null, walked = None, quoted
        start, end = self._at + quoted, self._quotes[self._turn + 1]
        if not quoted.all():
            end = np.where(quoted, end, start + len(NULL))
            null = ~quoted & self._stands(NULL)
            bare = np.flatnonzero(~(quoted | null))
            end[bare] = self._bare_ends(bare, comma)
            walked = quoted | null
            walked[bare] = self._bare_values(start[bare], end[bare])
        if key is not None:
            self._found[key] = (self.lines, start, end, null)
        self._at = end + quoted
        self._turn = self._turn + 2 * quoted
        self._keep(walked & (end < self._stop))

    def _bare_ends(self, bare: Ints, comma: int) -> Ints:
        """Return where values without quotes end: before the next key, or before the brace."""
        if not comma:
            return self._stop[bare] - 1
        return self._quotes[self._turn[bare]] - comma

    def _bare_values(self, start: Ints, end: Ints) -> Flags:
        """Tell which values without quotes are numbers, true or false."""
        sound = end > start
        sound[sound] = pc.match_substring_regex(
            self._strings(start[sound], end[sound]), BARE
        ).to_numpy(zero_copy_only=False)
        return sound

    def end(self) -> None:
        """Keep the lines that end here."""
        self._keep((self._data[self._at] == BRACE) & (self._at + 1 == self._stop))

    def values(self, key: str) -> pa.Array:
        """Return the values under a key of the lines that came through, as text."""
        lines, start, end, null = self._found[key]
        if len(lines) > len(self.lines):
            kept = np.searchsorted(lines, self.lines)
            start, end = start[kept], end[kept]
            null = None if null is None else null[kept]
        values = self._strings(start, end, null)
        if not self._escaped:
            return values
        hidden = pc.match_substring(values, "\\").fill_null(False)
        told = [json.loads(f'"{one}"') for one in values.filter(hidden).to_pylist()]
        return pc.replace_with_mask(values, hidden, pa.array(told, pa.string()))

    def _strings(self, start: Ints, end: Ints, null: Flags | None = None) -> pa.Array:
        """Return the texts between places that rise from line to line."""
        count = len(start)
        if not count:
            return pa.array([], pa.string())
        edges = np.empty(2 * count, np.int32)
        edges[0::2], edges[1::2] = start, end
        pieces = pa.Array.from_buffers(
            pa.string(), 2 * count - 1, [None, pa.py_buffer(edges), self._text]
        )
        return pieces.take(pa.array(np.arange(0, 2 * count, 2), mask=null))
