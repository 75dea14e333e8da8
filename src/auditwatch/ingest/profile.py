"""What a source does not say although it has the column: masks and overwritten columns."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

__all__ = ["Profile", "is_mask"]

#: How released logs mask a value: asterisks, hash signs, dashes, or the word, alone in the cell.
MASK: Final = re.compile(
    r"\s*(?:[*#] ?){2,}\s*|\s*[\[(<]?\s*(?:REDACTED|MASKED)\s*[\])>]?\s*", re.IGNORECASE
)
#: The same for a whole column at once: what cannot be a mask is left out before a closer look.
PERHAPS: Final = r"(?i)^\s*(\*|#|[\[(<]?\s*(redacted|masked))"
#: Columns that tell who, whom and why; a constant one says nothing about a single lookup.
TELLING: Final = ("operator_id", "subject_id", "reason", "case_id")
ROWS_LEAST: Final = 100
SHOWN: Final = 3


def is_mask(text: str) -> bool:
    """Tell whether a value was put there to hide another, such as ``***`` or ``[REDACTED]``."""
    return MASK.fullmatch(text) is not None


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

    def add(self, chunk: Mapping[str, pa.Array]) -> None:
        """Take in the text columns of one chunk."""
        for name in TELLING:
            if name not in chunk:
                continue
            seen = self.columns.setdefault(name, _Column())
            values = chunk[name]
            seen.rows += len(values)
            perhaps = values.filter(pc.match_substring_regex(values, PERHAPS).fill_null(False))
            for one in pc.value_counts(perhaps).to_pylist():
                if is_mask(one["values"]):
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
