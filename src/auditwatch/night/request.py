"""What a scan is asked, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Ingested", "Request", "Scan", "Wanted"]


@dataclass(frozen=True)
class Wanted:
    """A file to read, and how.

    Parameters
    ----------
    path : Path
        A log.
    format_name : str
        A format's name, or ``auto``.
    mapping : Path, optional
        A mapping file.
    source : str
        Name of the source in the settings that it was found by; empty when a person named it.
    upto : int, optional
        Bytes to read, where the file may grow meanwhile; all if left out.
    """

    path: Path
    format_name: str = "auto"
    mapping: Path | None = None
    source: str = ""
    upto: int | None = None


@dataclass(frozen=True)
class Request:
    """What a scan was asked to do.

    Parameters
    ----------
    files : tuple of Path
        Sources to read first; when empty, what is new in the sources of the settings.
    format_name, mapping
        How to read them.
    context : mapping of str to Path
        Context tables by name; those of the settings are used for the names that are missing.
    first, last : str, optional
        Nights (ISO) to judge again even if they were judged before.
    known_on : str, optional
        Day (ISO): judge by what was approved by then.
    engine : str
        What judges: ``local`` or ``spark``; that of the settings when empty.
    """

    files: tuple[Path, ...] = ()
    format_name: str = "auto"
    mapping: Path | None = None
    context: Mapping[str, Path] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    known_on: str | None = None
    engine: str = ""

    @property
    def wanted(self) -> list[Wanted]:
        """The files, each with how to read it."""
        return [Wanted(path, self.format_name, self.mapping) for path in self.files]


@dataclass(frozen=True)
class Ingested:
    """What reading came to; `stored` is path to source_id of each file that was read."""

    accounts: list[dict[str, Any]]
    notes: list[str]
    incomplete: bool
    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scan:
    """What a scan came to, for the person or the timer that started it."""

    accounts: list[dict[str, Any]]
    notes: list[str]
    incomplete: bool
    nights: list[str]
    lookups: int
    new: int
    grown: int
    open: int
    severities: list[str]
    holes: list[str]
    top: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the summary for ``--json``."""
        return {
            "sources": self.accounts,
            "notes": self.notes,
            "incomplete": self.incomplete,
            "nights": self.nights,
            "lookups": self.lookups,
            "findings": {"new": self.new, "grown": self.grown, "open": self.open},
        }
