"""The ``expand`` modifier: entries of named lists in the place of ``%name%``."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final

from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.check.catalogue import WordList
    from auditwatch.check.section import Section

__all__ = ["expand"]

PLACEHOLDER: Final = re.compile(r"%([A-Za-z0-9_-]+)%")
#: Signs that Sigma text gives a meaning; in a list of values they stand for themselves.
SPECIAL: Final = re.compile(r"([\\*?])")
#: What one value may become (texts): lists multiply when one value names several.
MOST: Final = 10_000


def expand(
    section: Section,
    path: Sequence[str | int],
    key: str,
    text: str,
    lists: Mapping[str, WordList],
) -> tuple[str, list[str]]:
    """Return the key without ``expand`` and the texts that one value stands for.

    Parameters
    ----------
    section : Section
        Where it stands, for refusals.
    path : sequence of str or int
        The value's place below `section`.
    key : str
        ``column|modifiers`` with ``expand`` among them.
    text : str
        The value as written.
    lists : mapping of str to WordList
        By name.

    Raises
    ------
    RuleError
        ``AW-RULES-004`` no such list, ``-009`` no list at all, a list of words or patterns
        beside other text or modifiers, or lists that multiply to more than `MOST` texts.
    """
    column, *modifiers = key.split("|")
    others = [modifier for modifier in modifiers if modifier != "expand"]
    named = [_named(section, path, name, lists) for name in PLACEHOLDER.findall(text)]
    if not named:
        raise section.error(
            "expand without a list",
            *path,
            code="AW-RULES-009",
            expected=f"{column}|expand: '%name_of_list%'",
        )
    if all(words.match == "value" for words in named):
        return "|".join([column, *others]), _filled(section, path, text, named, others)
    if others or not PLACEHOLDER.fullmatch(text):
        raise section.error(
            f"{named[0].name!r} is a list of words or patterns, which stands alone",
            *path,
            code="AW-RULES-009",
            expected=f"{column}|expand: '%{named[0].name}%'",
            hint="with other text or modifiers use a list with match: value",
        )
    return f"{column}|re", list(named[0].patterns)


def _named(
    section: Section, path: Sequence[str | int], name: str, lists: Mapping[str, WordList]
) -> WordList:
    """Return a list by its name, or refuse."""
    if name not in lists:
        raise section.error(
            f"unknown list {name!r}",
            *path,
            code="AW-RULES-004",
            expected="one of " + ", ".join(lists) if lists else "a file in lists/ with that name",
            hint=suggest(name, lists),
        )
    return lists[name]


def _filled(
    section: Section,
    path: Sequence[str | int],
    text: str,
    named: Sequence[WordList],
    modifiers: Sequence[str],
) -> list[str]:
    """Return the text with every choice of entries; entries stand for themselves."""
    quoted = re.escape if "re" in modifiers else lambda entry: SPECIAL.sub(r"\\\1", entry)
    between = PLACEHOLDER.split(text)[::2]
    count = 1
    for words in named:
        count *= len(words.entries)
    if count > MOST:
        raise section.error(
            f"lists that multiply to {count:,} texts",
            *path,
            code="AW-RULES-009",
            expected=f"at most {MOST:,}",
        )
    return [
        between[0]
        + "".join(quoted(e) + after for e, after in zip(chosen, between[1:], strict=True))
        for chosen in product(*(words.entries for words in named))
    ]
