"""What leaves the desk as a paper or a package, made by whoever the desk is given to do it.

Both are made where findings become documents, and this room knows nothing of that one: whoever
opens the desk brings the two together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from auditwatch.review.desk import Desk

__all__ = ["Part", "Passage", "Press", "Sheet", "without"]

WITHHELD: Final = "withheld"


class Passage(msgspec.Struct, frozen=True):
    """Sentences, or rows under a caption.

    Parameters
    ----------
    said : tuple of str
        Sentences; empty for rows.
    manner : str
        Of sentences: ``plain``, ``list`` or ``notice``.
    caption : str
        What the rows are.
    columns : tuple of (str, bool)
        Name of each column, and whether its cells are numbers.
    rows : tuple of tuple of str
        Cells as shown.
    """

    said: tuple[str, ...] = ()
    manner: str = "plain"
    caption: str = ""
    columns: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A heading and what stands under it."""

    name: str
    title: str
    passages: tuple[Passage, ...]


class Sheet(msgspec.Struct, frozen=True):
    """A paper as the desk shows it.

    Parameters
    ----------
    title, over, lede : str
        What it is, whose it is, the whole in a sentence or two.
    parts : tuple of Part
        In reading order.
    foot : tuple of str
        How it was made.
    """

    title: str
    over: str
    lede: str
    parts: tuple[Part, ...]
    foot: tuple[str, ...]


class Press(msgspec.Struct, frozen=True):
    """Who makes what leaves the desk; whether somebody may have it is settled before.

    Parameters
    ----------
    package : callable
        From the desk, the id of a finding and its makers to the bytes of a signed archive. The
        makers are who takes it and, for one that shows identities, who agreed.
    annual : callable
        From the desk and a calendar year to the masked draft of the year's report.
    """

    package: Callable[[Desk, str, Sequence[str]], bytes]
    annual: Callable[[Desk, int], Sheet]


def without(sheet: Sheet, names: Collection[str]) -> tuple[Sheet, int]:
    """Return a paper without the rows about some matters, and how many rows that were.

    Parameters
    ----------
    sheet : Sheet
        The paper.
    names : collection of str
        Findings and investigations that the reader must keep away from. Numbers of the form count
        them all the same: they are the agency's.
    """
    whole = _words(sheet)
    names = [one for one in names if one in whole]  # of hundreds, few are in a paper
    if not names:
        return sheet, 0
    choice = "|".join(re.escape(one) for one in sorted(names, key=len, reverse=True))
    named = re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])")
    left_out = 0

    def passage(one: Passage) -> Passage:
        nonlocal left_out
        rows = [row for row in one.rows if not named.fullmatch(row[0])]
        left_out += len(one.rows) - len(rows)
        return msgspec.structs.replace(
            one,
            said=tuple(named.sub(WITHHELD, text) for text in one.said),
            rows=tuple(tuple(named.sub(WITHHELD, cell) for cell in row) for row in rows),
        )

    parts = tuple(
        msgspec.structs.replace(part, passages=tuple(passage(one) for one in part.passages))
        for part in sheet.parts
    )
    return msgspec.structs.replace(sheet, parts=parts), left_out


def _words(sheet: Sheet) -> str:
    """Return all words of the passages of a paper."""
    passages = [one for part in sheet.parts for one in part.passages]
    said = [text for one in passages for text in one.said]
    return "\n".join([*said, *(cell for one in passages for row in one.rows for cell in row)])
