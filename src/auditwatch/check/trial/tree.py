"""A tree of tests with their answers: what explanations and failed tests print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.answers import NO, UNKNOWN, YES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ANSWERS", "FREE_TEXT", "Line", "Value", "plainly"]

#: Kind of a value that people typed: it may hold names.
FREE_TEXT: Final = "text"

#: How an answer is written, all of one width.
ANSWERS: Final = {YES: "PASS", NO: "FAIL", UNKNOWN: "????"}
#: The same for programs.
NAMES: Final = {YES: "pass", NO: "fail", UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Value:
    """What a lookup has in a column.

    Parameters
    ----------
    column : str
        Its name.
    text : str
        The value; empty when there is none.
    kind : str
        Kind of identity (`core.mask`), `FREE_TEXT`, or empty when anybody may see it.
    without : str
        Why there is no value: ``absent`` or ``unknown``; empty when there is one.
    """

    column: str
    text: str
    kind: str = ""
    without: str = ""


def plainly(value: Value) -> str:
    """Return a value as it is: of a sample, in which nobody is real."""
    return value.without or value.text


@dataclass(frozen=True)
class Line:
    """One test and what became of it.

    Parameters
    ----------
    answer : int
        NO, YES or UNKNOWN.
    words : str
        What is asked.
    values : tuple of Value
        What the lookup has there; empty when the parts tell it.
    place : str
        ``file:line`` of the test.
    parts : tuple of Line
        What it is made of.
    """

    answer: int
    words: str
    values: tuple[Value, ...] = ()
    place: str = ""
    parts: tuple[Line, ...] = ()

    def lines(self, show: Callable[[Value], str], depth: int = 0) -> Iterator[str]:
        """Yield the tree as indented lines of text, values as `show` shows them."""
        actual = ", ".join(f"{one.column} is {show(one)}" for one in self.values)
        place = f"   [{self.place}]" if self.place and not depth else ""
        told = f"   {actual}" if actual else ""
        yield f"{'  ' * depth}{ANSWERS[self.answer]}  {self.words}{told}{place}"
        for part in self.parts:
            yield from part.lines(show, depth + 1)

    def plain(self, show: Callable[[Value], str]) -> dict[str, Any]:
        """Return the tree for programs, values as `show` shows them."""
        told: dict[str, Any] = {"answer": NAMES[self.answer], "asks": self.words}
        told |= {"actual": {one.column: show(one) for one in self.values}} if self.values else {}
        told |= {"place": self.place} if self.place else {}
        told |= {"parts": [part.plain(show) for part in self.parts]} if self.parts else {}
        return told
