"""How sources hide values: what a mask looks like. No Arrow here: commands must start at once."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ABSENT", "MASK", "SHAPES", "is_mask", "mask_shown"]

#: What is stored where a source hides a value. It is a mask itself, so whoever reads it later needs
#: no list to know that a value was there and cannot be known.
MASK: Final = "[masked]"
#: What is stored of a field in the records of a table without its column, in a source of which
#: another table has it: nobody knows what it was, as behind a mask.
ABSENT: Final = "[not exported]"

WORD: Final = r"(?i:redacted|masked)"
STAMP: Final = rf"(?:REDACTED|MASKED|[\[(<{{]\s*{WORD}\s*[\])>}}])"
#: How released logs hide a value: signs, black boxes, or the word, alone in the cell; or the word
#: as a stamp, in capitals or brackets, with a text behind it. ``REDACTED-1`` is a pseudonym,
#: ``9ZZ*`` and ``*`` are wildcards: values.
SHAPES: Final = (
    r"(?:[*#█■●•] ?){2,}",
    r"\[not exported\]",
    rf"[\[(<{{]?\s*{WORD}\s*[\])>}}]?",
    rf"{STAMP}[\s:;,/](?s:.*)",
)
SHAPE: Final = re.compile("|".join(SHAPES))
SHOWN_MAX: Final = 40  # characters of a mask in a list


def is_mask(text: str) -> bool:
    """Tell whether a value is one of the masks that need no list, such as ``***`` or `MASK`."""
    return SHAPE.fullmatch(text.strip()) is not None


def mask_shown(text: str) -> str:
    """Return a mask as a list may show it: what stands behind a stamp is left out."""
    bare = text.strip()
    stamp = re.match(STAMP, bare)
    return (f"{stamp[0]} …" if stamp and stamp[0] != bare else bare)[:SHOWN_MAX]
