"""The installed command, and a small city that it has scanned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.preloaded import Preloaded

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def auditwatch(
    *arguments: object, cwd: Path | None = None, patience: int = 280, typed: str = ""
) -> Told:
    """Run the command as a person would, without a terminal, for so many seconds at most."""
    code, out, err = preloaded().run([*map(str, arguments)], cwd, typed, patience)
    return Told(code, out, err)


@cache
def preloaded() -> Preloaded:
    """The process that has imported what commands need; one a worker."""
    return Preloaded()


@dataclass(frozen=True)
class City:
    """Files of a sample city."""

    folder: Path

    @property
    def trail(self) -> Path:
        """The trail."""
        return self.folder / "trail.csv"

    @property
    def context(self) -> list[object]:
        """Options that give all context tables."""
        names = ("roster", "cases", "duty", "relations", "links")
        return [part for name in names for part in (f"--{name}", self.folder / f"{name}.csv")]


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A town of forty operators and eight nights."""
    folder = tmp_path_factory.mktemp("city")
    told = auditwatch("sample", folder, "--seed", 11, "--operators", 40, "--days", 8)
    assert told.code == 0, told.err
    return City(folder)


@pytest.fixture(scope="session")
def scanned(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which that town was scanned in one go; tests only read it."""
    workspace = tmp_path_factory.mktemp("scanned") / "w"
    assert auditwatch("init", workspace).code == 0
    told = auditwatch("-w", workspace, "scan", city.trail, *city.context)
    assert told.code == 0, told.err
    return workspace


def export(workspace: Path) -> str:
    """Return the findings of a workspace as JSON lines."""
    told = auditwatch("-w", workspace, "findings", "export", "--format", "jsonl")
    assert told.code == 0, told.err
    return told.out
