"""The text of a rule or a statement as it stands in the pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["rule_text"]


def rule_text(rules: Path, place: str) -> list[str]:
    """Return the lines of the mapping at a place: one document, or one item of a list.

    Parameters
    ----------
    rules : Path
        The pack.
    place : str
        ``file:line`` or ``file:line:column`` below it, as rules and statements carry it.
    """
    name, line, *_ = place.split(":")
    lines = (rules / name).read_text("utf-8").splitlines()
    start = int(line) - 1
    first = lines[start]
    depth = len(first) - len(first.lstrip())
    item = first.lstrip().startswith("- ")
    taken = [first]
    for following in lines[start + 1 :]:
        blank = not following.strip()
        inside = len(following) - len(following.lstrip()) > depth
        if following.startswith("---") or (item and not blank and not inside):
            break
        taken.append(following)
    while taken and not taken[-1].strip():
        taken.pop()
    return taken
