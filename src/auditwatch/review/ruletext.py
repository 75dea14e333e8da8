"""A rule as it stands in its file, with the clause that was not met marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Line", "RuleText", "rule_text"]

LINES_MAX: Final = 60
#: What a verdict calls missing, to the clause of the statement that asks for it.
CLAUSES: Final = {
    "unit": "who",
    "role": "who",
    "jurisdiction": "who",
    "transaction": "may",
    "system": "may",
    "purpose": "for",
}


class Line(msgspec.Struct, frozen=True):
    """One line of a rule file."""

    number: int
    text: str
    missed: bool


class RuleText(msgspec.Struct, frozen=True):
    """A rule as it stands in its file.

    Parameters
    ----------
    place : str
        ``file:line`` within the rule pack.
    lines : tuple of Line
        The rule without its tests, at most 60 lines.
    """

    place: str
    lines: tuple[Line, ...]


def rule_text(rules: Path, rule_id: str, missing: str = "") -> RuleText | None:
    """Return the text of a rule or statement, or None where no file of the pack has it.

    Parameters
    ----------
    rules : Path
        The rule pack.
    rule_id : str
        Name of a detection or id of a statement.
    missing : str
        What a verdict says was missing; marks the clause that asks for it.
    """
    start = re.compile(rf"^(?:name|- id|  - id):\s*{re.escape(rule_id)}\s*$")
    for folder in ("detections", "permits"):
        for path in sorted((rules / folder).rglob("*.yml")):
            text = path.read_text("utf-8", "replace").splitlines()
            found = next((n for n, line in enumerate(text) if start.match(line)), None)
            if found is not None:
                whole = text[found].startswith("name:")
                first, lines = (0, _without_tests(text)) if whole else (found, _item(text, found))
                shown = _marked(lines[:LINES_MAX], first, missing)
                return RuleText(f"{path.relative_to(rules).as_posix()}:{first + 1}", shown)
    return None


def _without_tests(text: list[str]) -> list[str]:
    """Return a detection's lines up to its tests."""
    end = next((n for n, line in enumerate(text) if line.strip() == "tests:"), len(text))
    return text[:end]


def _item(text: list[str], start: int) -> list[str]:
    """Return the lines of one item of a list."""
    indent = len(text[start]) - len(text[start].lstrip())
    taken = [text[start]]
    for line in text[start + 1 :]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        taken.append(line)
    return taken


def _marked(lines: list[str], first: int, missing: str) -> tuple[Line, ...]:
    """Return lines with the clause marked that was not met."""
    clauses = {CLAUSES.get(word, "needs") for word in re.split(r" or |, ", missing) if word}
    starts = tuple(f"{clause}:" for clause in clauses)
    return tuple(
        Line(first + n, line, bool(starts) and line.strip().startswith(starts))
        for n, line in enumerate(lines, 1)
    )
