"""All looks at a pack together: sorted, with what its authors chose to keep left out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from auditwatch.check.ruleset import FOLDERS
from auditwatch.check.trial.linting.detections import look_at_rules
from auditwatch.check.trial.linting.faults import settle
from auditwatch.check.trial.linting.policies import look_at_policy
from auditwatch.check.trial.linting.texts import look_at_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from auditwatch.check.trial.linting.problem import Problem
    from auditwatch.check.trial.pack import Pack

__all__ = ["Looked", "fixed", "look_over"]

#: A comment on a line, or on the line above it, that keeps a warning of that code away.
IGNORED: Final = re.compile(r"#.*\blint: ignore ((?:AW-[A-Z]+-\d+[ ,]*)+)")
QUOTED: Final = "\"'"


@dataclass(frozen=True)
class Looked:
    """What a look at a pack came to.

    Parameters
    ----------
    pack : Pack, optional
        What loads of it; None when the catalogue does not.
    problems : tuple of Problem
        By place. Errors first kept the pack from loading as a whole.
    texts : mapping of str to str
        Content of each file, by its name below the pack.
    """

    pack: Pack | None
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]

    @property
    def counts(self) -> Counter[str]:
        """Problems of each level."""
        return Counter(problem.level for problem in self.problems)


def look_over(folder: Path, instead: tuple[str, bytes] | None = None) -> Looked:
    """Look a rule pack over.

    Parameters
    ----------
    folder : Path
        The pack.
    instead : tuple of str and bytes, optional
        A file below the pack, and the content that it is to have: of an editor, not saved yet.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` no rule pack at all.
    """
    reading = settle(folder, instead)
    texts = _texts(folder, instead)
    found = list(reading.faults)
    if reading.pack is not None:
        for document in chain.from_iterable(reading.pack.documents.values()):
            found += look_at_text(document, texts.get(document.file, ""))
        found += look_at_rules(reading.pack)
        found += look_at_policy(reading.pack)
    kept = {problem for problem in found if not _is_ignored(problem, texts)}
    if instead is not None:
        kept = {problem for problem in kept if problem.file == instead[0]}
    return Looked(reading.pack, tuple(sorted(kept, key=lambda one: one.order)), texts)


def _texts(folder: Path, instead: tuple[str, bytes] | None) -> dict[str, str]:
    """Return the content of each file of a pack."""
    paths = (path for name in FOLDERS for path in sorted((folder / name).glob("*.yml")))
    found = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace")
        for path in paths
        if path.is_file()
    }
    if instead is not None:
        found[PurePosixPath(instead[0]).as_posix()] = instead[1].decode("utf-8", "replace")
    return found


def _is_ignored(problem: Problem, texts: Mapping[str, str]) -> bool:
    """Tell whether a comment keeps a problem away; what does not load cannot be kept away."""
    if problem.level == "error":
        return False
    lines = texts.get(problem.file, "").splitlines()
    near = lines[max(problem.line - 2, 0) : problem.line]
    return any(problem.code in found[1] for line in near for found in IGNORED.finditer(line))


def fixed(text: str, problems: Sequence[Problem]) -> str:
    """Return the text of a file with what a program may put right.

    Parameters
    ----------
    text : str
        The file's content.
    problems : sequence of Problem
        Of that file; those without a fix are left.
    """
    lines = text.splitlines(keepends=True)
    for problem in sorted(problems, key=lambda one: one.order, reverse=True):
        if problem.fix is not None and problem.line <= len(lines):
            lines[problem.line - 1] = _fixed_line(lines[problem.line - 1], problem)
    return "".join(lines)


def _fixed_line(line: str, problem: Problem) -> str:
    """Return one line put right: the first such word at or behind the place, not in quotes."""
    assert problem.fix is not None, problem.code
    start = problem.column - 1
    word = re.compile(rf"(?<![^\s\[{{:,]){re.escape(problem.fix.old)}(?=\s*(?:[,\]}}:#]|$))")
    at_key = re.match(r"[\w|.-]+\s*:\s", line[start:])
    if at_key and problem.code != "AW-LINT-002":
        start += at_key.end()
    found = word.search(line, start)
    if found is None or line[found.start() - 1 : found.start()] in tuple(QUOTED):
        return line
    return line[: found.start()] + problem.fix.new + line[found.end() :]
