"""JSON lines that a program wrote: all of one shape, parsed all at once.

A line that matches one linear-time expression — these keys in this order, each with a plain text or
nothing — means the same to every JSON reader: no key stands twice, nothing nests, no escape hides
anything. Such lines go to a columnar parser together; every other line is read by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from auditwatch.core.errors import IntegrityError
from auditwatch.ingest.mapping import fold_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.ingest.jsontext import Object
    from auditwatch.ingest.lines import Block
    from auditwatch.ingest.spans import Flags

__all__ = ["Shape", "Uniform", "read_uniform"]

TEXT: Final = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*"'
NUMBER: Final = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?"
TAKEN: Final = f"(?:{TEXT}|null)"
LEFT: Final = f"(?:{TEXT}|{NUMBER}|null|true|false)"
KEYS_MAX: Final = 200
BLOCK_BYTES: Final = 1 << 20


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
        found = {}
        for name, keys in names.items():
            key = next((folded[one] for one in keys if one in folded), None)
            if key is not None:
                found[name] = key
        return cls(tuple(record), found)

    @property
    def expression(self) -> str:
        """Expression of a line of this shape, for RE2."""
        taken = set(self.fields.values())
        pairs = (f'"{re.escape(k)}": ?{TAKEN if k in taken else LEFT}' for k in self.keys)
        return r"\A\{" + ", ?".join(pairs) + r"\}\r?\n?\z"


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
    sizes = np.diff(block.edges)
    found = pc.match_substring_regex(block.array(), shape.expression)
    chosen: Flags = found.to_numpy(zero_copy_only=False) & block.readable() & (sizes <= limit)
    if not chosen.any() or not shape.fields:
        return Uniform(np.zeros(len(block), np.bool_), {})
    keys = sorted(set(shape.fields.values()))
    table = pa.json.read_json(
        pa.BufferReader(block.gather(chosen)),
        pa.json.ReadOptions(block_size=max(BLOCK_BYTES, 2 * int(sizes[chosen].max()))),
        pa.json.ParseOptions(
            explicit_schema=pa.schema([(key, pa.string()) for key in keys]),
            unexpected_field_behavior="ignore",
        ),
    )
    if table.num_rows != chosen.sum():
        raise IntegrityError(
            f"{chosen.sum()} lines of one shape gave {table.num_rows} records",
            code="AW-INGEST-010",
        )
    return Uniform(
        chosen, {name: table[key].combine_chunks() for name, key in shape.fields.items()}
    )
