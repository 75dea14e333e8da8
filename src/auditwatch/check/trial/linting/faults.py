"""Everything that keeps a pack from loading, not the first fault alone.

The loader is asked again and again, each time without the piece at which it stopped, until it
takes what is left. What refers to a piece that was left out is no fault of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from auditwatch.check.catalogue_files import read_file, rule_files
from auditwatch.check.ruleset import FOLDERS, refuse_missing, refuse_unknown
from auditwatch.check.trial.linting.problem import Problem, problem_of
from auditwatch.check.trial.pack import make_pack
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import Document, parse_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditwatch.check.trial.pack import Pack

__all__ = ["Reading", "settle"]

MOST: Final = 100  # faults of one pack that are looked for
#: Lists of which one entry can be left out, by the folder they stand in.
LISTS: Final = {"permits": ("permits", "forbids"), "tests": ("decisions", "tests")}
WHOLE: Final = ("detections", "exceptions", "tests")


@dataclass
class Reading:
    """A pack as far as it loads.

    Parameters
    ----------
    pack : Pack, optional
        What is left without the pieces at fault; None when the catalogue itself is.
    faults : list of Problem
        What keeps the whole from loading.
    """

    pack: Pack | None = None
    faults: list[Problem] = field(default_factory=list)

    def tried(self, work: Callable[[], Any]) -> Any:
        """Return what some reading returns, or keep its refusal."""
        try:
            return work()
        except RuleError as error:
            self.faults.append(problem_of(error))
            return None


def settle(folder: Path, instead: tuple[str, bytes] | None = None) -> Reading:
    """Read as much of a pack as loads.

    Parameters
    ----------
    folder : Path
        The pack.
    instead : tuple of str and bytes, optional
        A file below the pack, and the content that it is to have.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` no rule pack at all.
    """
    refuse_missing(folder)
    reading = Reading()
    reading.tried(partial(refuse_unknown, folder))
    documents = {name: list(_documents(reading, folder, name, instead)) for name in FOLDERS}
    left_out: set[str] = set()
    while len(reading.faults) < MOST:
        try:
            reading.pack = make_pack(documents)
            break
        except RuleError as error:
            if not any(f"{name!r}" in error.what for name in left_out):
                reading.faults.append(problem_of(error))
            names = _leave_out(documents, problem_of(error))
            if names is None:
                break
            left_out |= names
    return reading


def _documents(
    reading: Reading, folder: Path, name: str, instead: tuple[str, bytes] | None
) -> Iterator[Document]:
    """Yield the documents of a subfolder that can be read."""
    shown, text = instead or ("", b"")
    for path in rule_files(folder, name):
        if f"{name}/{path.name}" != shown:
            yield from reading.tried(partial(read_file, path, name)) or ()
    if shown and PurePosixPath(shown).parent.as_posix() == name:
        yield from reading.tried(partial(parse_documents, text, shown)) or ()


def _leave_out(documents: dict[str, list[Document]], fault: Problem) -> set[str] | None:
    """Leave out the piece at which the loader stopped; return its names, None where it cannot."""
    folder = PurePosixPath(fault.file).parent.as_posix()
    ours = [one for one in documents.get(folder, ()) if one.file == fault.file]
    begun = [one for one in ours if one.marks[()][0] <= fault.line] or ours[:1]
    if not begun:
        return None
    document = begun[-1]
    place = next(i for i, one in enumerate(documents[folder]) if one is document)
    item = _item(document, folder, fault.line)
    if item is not None:
        names = _names(document.at(*item))
        documents[folder][place] = _without(document, *item)
        return names
    if folder not in WHOLE:
        return None
    del documents[folder][place]
    return _names(document.content)


def _item(document: Document, folder: str, line: int) -> tuple[str, int] | None:
    """Return the entry of a document's list that a line belongs to."""
    begun = [
        (mark[0], path)
        for path, mark in document.marks.items()
        if len(path) == 2 and path[0] in LISTS.get(folder, ()) and mark[0] <= line
    ]
    if not begun:
        return None
    key, place = max(begun)[1]
    return (str(key), int(place)) if isinstance(place, int) else None


def _names(content: Any) -> set[str]:
    """Return the names by which others refer to a piece."""
    given = content if isinstance(content, dict) else {}
    return {str(given[key]) for key in ("id", "name") if isinstance(given.get(key), str)}


def _without(document: Document, key: str, place: int) -> Document:
    """Return a document without one entry of a list; the others keep their places in the file."""

    def moved(path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
        if len(path) < 2 or path[0] != key or not isinstance(path[1], int) or path[1] < place:
            return path
        return None if path[1] == place else (key, path[1] - 1, *path[2:])

    def kept(known: dict[Any, Any]) -> dict[Any, Any]:
        told = ((moved(path), value) for path, value in known.items())
        return {path: value for path, value in told if path is not None}

    content = dict(document.content) if isinstance(document.content, dict) else {}
    items = content[key]
    assert isinstance(items, list), key
    content[key] = [*items[:place], *items[place + 1 :]]
    return replace(
        document, content=content, marks=kept(document.marks), changed=kept(document.changed)
    )
