"""The house itself: what must be in it, what must not, and pages that cannot drift."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REFERENCE = (
    "commands.md",
    "tables.md",
    "errors.md",
    "exit-codes.md",
    "settings.md",
    "scenarios.md",
    "formats.md",
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")


def tracked(repository: Path) -> list[Path]:
    """Return the files of this checkout that belong to the project."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    paths = [repository / line for line in done.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


def test_the_reference_pages_say_what_the_code_says(repository: Path, tmp_path: Path) -> None:
    """Commands, tables, errors, exit codes, settings, the index of formats come from the code."""
    build = repository / "docs" / "build_reference.py"
    subprocess.run([sys.executable, build, tmp_path], check=True, timeout=120)
    kept = repository / "docs" / "reference"
    behind = [
        name for name in REFERENCE if (tmp_path / name).read_text() != (kept / name).read_text()
    ]
    assert not behind, "run `make docs`"


def test_the_architecture_fits_on_few_screens(repository: Path) -> None:
    """At most 150 lines, or nobody reads it."""
    assert len((repository / "ARCHITECTURE.md").read_text().splitlines()) <= 150


def test_the_readme_begins_with_the_two_commands(repository: Path) -> None:
    """A newcomer sees make demo and make test first."""
    first = (repository / "README.md").read_text().splitlines()[:8]
    assert any("make demo" in line for line in first)
    assert any("make test" in line for line in first)


def test_every_path_that_the_documents_name_is_there(repository: Path) -> None:
    """A map with wrong roads is worse than none."""
    text = "".join(
        path.read_text() for path in [repository / "ARCHITECTURE.md", repository / "README.md"]
    )
    named = set(
        re.findall(r"`((?:docs|rules|sample_logs|tests)/[\w./-]*|\w+/(?:[\w/]+\.py)?)`", text)
    )
    roots = (repository, repository / "src" / "auditwatch")
    missing = [name for name in named if not any((root / name).exists() for root in roots)]
    assert not missing


def test_every_link_of_the_documents_leads_somewhere(repository: Path) -> None:
    """A link names a file that is there, and a heading of it where it names one."""
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(repository)}: {found[0]}"
        for page in pages
        for found in LINK.finditer(page.read_text("utf-8"))
        if not leads(page, found[1], found[2])
    ]
    assert not broken


def leads(page: Path, file: str, heading: str | None) -> bool:
    """Tell whether a link of a page leads to a file, and to a heading in it."""
    target = page.parent / file if file else page
    if heading is None or not target.is_file():
        return target.exists()
    titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in titles}


def test_no_file_names_a_person_s_machine(repository: Path) -> None:
    """Paths of somebody's machine have no place in the project."""
    pattern = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")
    here = Path(__file__).name
    found = [
        path
        for path in tracked(repository)
        if path.suffix in {".py", ".md", ".yml", ".toml", ".json", ".csv", ""}
        and path.name not in {here, "LICENSE"}
        and pattern.search(path.read_text("utf-8", "replace"))
    ]
    assert not found


def test_every_test_says_what_it_shows(repository: Path) -> None:
    """A test without a sentence is a riddle for whom it stops."""
    start = re.compile(r"^(?: {4})?def (test_\w+)\([^)]*\)[^:]*:\n\s+(.)", re.MULTILINE)
    silent = [
        f"{path.name}:{found[1]}"
        for path in (repository / "tests").rglob("test_*.py")
        for found in start.finditer(path.read_text())
        if found[2] not in {'"', "r"}
    ]
    assert not silent
