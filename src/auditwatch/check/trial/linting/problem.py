"""What a look at a rule pack found, with its place and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from auditwatch.core.errors import RuleError

__all__ = ["LEVELS", "Edit", "Problem", "problem_of"]

#: Worst first. An error keeps the pack from loading.
LEVELS: Final = ("error", "warning", "info")
PLACE: Final = re.compile(r"(?P<file>.*?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?")


@dataclass(frozen=True)
class Edit:
    """A change of a file that cannot change what the file means.

    Parameters
    ----------
    old, new : str
        What stands at the problem's place, and what is to stand there.
    """

    old: str
    new: str


@dataclass(frozen=True)
class Problem:
    """One problem.

    Parameters
    ----------
    what : str
        One sentence.
    code : str
        Stable, with an entry in `docs/reference/errors.md`.
    where : str
        ``file:line:column``, the file below the pack.
    level : str
        One of `LEVELS`.
    expected, hint : str
        What would be right, and what to do.
    fix : Edit, optional
        Where a program may put it right.
    """

    what: str
    code: str
    where: str
    level: str = "warning"
    expected: str = ""
    hint: str = ""
    fix: Edit | None = None

    @property
    def file(self) -> str:
        """The file below the pack."""
        return self._place("file") or ""

    @property
    def line(self) -> int:
        """Its line, from 1; 1 where the whole file is meant."""
        return int(self._place("line") or 1)

    @property
    def column(self) -> int:
        """Its column, from 1."""
        return int(self._place("column") or 1)

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Key that sorts problems by their place."""
        return self.file, self.line, self.column, self.code

    def plain(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "code": self.code,
            "level": self.level,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "what": self.what,
            "expected": self.expected,
            "hint": self.hint,
            "fixable": self.fix is not None,
        }

    def _place(self, part: str) -> str | None:
        """Return a part of its place."""
        found = PLACE.fullmatch(self.where)
        return found[part] if found else None


def problem_of(error: RuleError) -> Problem:
    """Return what keeps a pack from loading as a problem."""
    fix = None
    if error.code == "AW-YAML-009" and error.expected.startswith('"'):
        fix = Edit(error.expected[1:-1], error.expected)
    return Problem(error.what, error.code, error.where, "error", error.expected, error.hint, fix)
