"""Problems for other programs: SARIF, and the annotations of GitHub's checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditwatch.check.trial.linting.problem import Problem

__all__ = ["github_line", "sarif"]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
GITHUB_LEVELS: Final = {"error": "error", "warning": "warning", "info": "notice"}

#: Signs that end a workflow command, and those that end one of its parts.
TEXT_SIGNS: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PART_SIGNS: Final = {**TEXT_SIGNS, ":": "%3A", ",": "%2C"}


def sarif(
    problems: Sequence[Problem], shown: Callable[[Problem], str], version: str
) -> dict[str, Any]:
    """Return problems as a SARIF 2.1.0 log.

    Parameters
    ----------
    problems : sequence of Problem
        In order.
    shown : callable
        The path of a problem's file, as whoever reads the log knows it.
    version : str
        Of auditwatch.
    """
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "auditwatch", "version": version, "rules": [{"id": code} for code in codes]}
    results = [
        {
            "ruleId": problem.code,
            "ruleIndex": codes.index(problem.code),
            "level": SARIF_LEVELS[problem.level],
            "message": {"text": _message(problem)},
            "locations": [_location(problem, shown(problem))],
        }
        for problem in problems
    ]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _location(problem: Problem, path: str) -> dict[str, Any]:
    """Return where a problem is."""
    region = {"startLine": problem.line, "startColumn": problem.column}
    return {"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}


def github_line(problem: Problem, path: str) -> str:
    """Return a problem as a workflow command that GitHub shows beside the line."""
    place = f"file={_escaped(path)},line={problem.line},col={problem.column}"
    head = f"::{GITHUB_LEVELS[problem.level]} {place},title={problem.code}"
    return f"{head}::{_escaped(_message(problem), TEXT_SIGNS)}"


def _message(problem: Problem) -> str:
    """Return all that is said of a problem in one text."""
    told = [problem.what]
    told += [f"expected: {problem.expected}"] if problem.expected else []
    told += [f"do: {problem.hint}"] if problem.hint else []
    return "; ".join(told)


def _escaped(text: str, signs: Mapping[str, str] = PART_SIGNS) -> str:
    """Return text that cannot end a workflow command or one of its parts."""
    return "".join(signs.get(sign, sign) for sign in text)
