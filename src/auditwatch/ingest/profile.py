"""What a source does not say although it has the column: masks and overwritten columns."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.ingest.spans import Chunk

__all__ = ["Profile", "is_mask"]

#: How released logs mask a value: asterisks, hash signs, dashes, or the word, alone in the cell.
MASK: Final = re.compile(
    r"\s*(?:[*#] ?){2,}\s*|\s*[\[(<]?\s*(?:REDACTED|MASKED)\s*[\])>]?\s*", re.IGNORECASE
)
#: How such a value begins, and what stands in the bytes of a chunk that may hold one: cheap looks
#: before the close one, because nearly all values are none.
FIRST: Final = frozenset("*#[(<RrMm")
TRACE: Final = r"\*\*|\* \*|##|# #|(?i:redacted|masked)"
#: Columns that tell who, whom and why; a constant one says nothing about a single lookup.
TELLING: Final = ("operator_id", "subject_id", "reason", "case_id")
ROWS_LEAST: Final = 100
SHOWN: Final = 3


def is_mask(text: str) -> bool:
    """Tell whether a value was put there to hide another, such as ``***`` or ``[REDACTED]``."""
    return text.lstrip()[:1] in FIRST and MASK.fullmatch(text) is not None


def _may_hold_masks(data: bytes) -> bool:
    """Tell whether a trace of a mask stands anywhere in some bytes."""
    return bool(pc.match_substring_regex(pa.scalar(data, pa.large_binary()), TRACE).as_py())


@dataclass
class _Column:
    """What was seen of one column."""

    rows: int = 0
    masked: Counter[str] = field(default_factory=Counter)
    values: set[str] = field(default_factory=set)


@dataclass
class Profile:
    """Looks at the telling columns of a source, chunk by chunk."""

    columns: dict[str, _Column] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Take in the text columns of one chunk."""
        perhaps = not chunk.data or _may_hold_masks(chunk.data)
        for name in TELLING:
            if name not in chunk.columns:
                continue
            seen = self.columns.setdefault(name, _Column())
            values = chunk.columns[name]
            seen.rows += len(values)
            for one in pc.value_counts(values).to_pylist() if perhaps else ():
                if one["values"] and is_mask(one["values"]):
                    seen.masked[one["values"].strip()] += one["counts"]
            if len(seen.values) < 2:  # a second value settles it
                seen.values |= set(pc.unique(values)[:2].to_pylist())

    def gaps(self) -> Iterator[tuple[str, str]]:
        """Yield kind and sentence of each column that does not say what its name promises."""
        for name, seen in self.columns.items():
            only = next(iter(seen.values)) if len(seen.values) == 1 else None
            if seen.masked:
                masks = ", ".join(mask for mask, _ in seen.masked.most_common(SHOWN))
                number = seen.masked.total()
                share = f"{number:,} of {seen.rows:,} records hold a mask ({masks})"
                yield "masked_values", f"{name}: {share}; what it hides cannot be compared"
            elif only and only.strip() and seen.rows >= ROWS_LEAST:
                why = "the column was overwritten before release, or the export is of one alone"
                yield "one_value", f"{name}: all {seen.rows:,} records hold the same value; {why}"
