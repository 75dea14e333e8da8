"""A workspace: the folder of one installation, found, or made with a rule pack in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditwatch.config.reading import default_toml, load_settings
from auditwatch.core.errors import RefusedError, UsageError
from auditwatch.core.files import ensure_folder, write_atomic
from auditwatch.core.mask import Masker

if TYPE_CHECKING:
    from auditwatch.config.settings import Settings

__all__ = ["FILE_NAME", "Workspace", "find_workspace", "make_workspace", "shipped_rules"]

FILE_NAME: Final = "auditwatch.toml"


@dataclass(frozen=True)
class Workspace:
    """The folder of one installation and where things are in it."""

    root: Path
    settings: Settings

    @property
    def rules(self) -> Path:
        """The agency's rule pack."""
        return self.root / "rules"

    @property
    def lake(self) -> Path:
        """Delta tables, one folder each."""
        return self.root / "lake"

    @property
    def staging(self) -> Path:
        """Records on their way from a file to the lake; gone when nobody is reading."""
        return self.root / ".staging"

    @property
    def spark(self) -> Path:
        """Where Spark keeps its log and passing files."""
        return self.root / ".spark"

    @property
    def database(self) -> Path | str:
        """The findings database: a file, or the URL of a server's."""
        return self.settings.findings.database or self.root / "findings.db"

    @property
    def context(self) -> Path:
        """Copies of the context tables as they were last given."""
        return self.root / "context"

    @property
    def reports(self) -> Path:
        """Where reports are written."""
        return self.root / "reports"

    def masker(self, *, reveal: bool = False) -> Masker:
        """Return what shows identities of this installation: masked, or revealed."""
        settings = self.settings
        return Masker(settings.review.mask_key or settings.agency.ori, reveal)

    @property
    def signing_key(self) -> Path:
        """What signs evidence packages; made with the first one, for this account only."""
        return self.root / "signing-key.pem"

    @property
    def factor_key(self) -> Path:
        """What locks second factors in the database; made with the first, for this account only."""
        return self.root / "factor-key"

    @property
    def lock_file(self) -> Path:
        """Held while a scan or an ingest is at work."""
        return self.root / ".lock"


def find_workspace(given: Path | None, start: Path) -> Workspace:
    """Return the workspace at `given`, or the nearest one at or above `start`.

    Raises
    ------
    UsageError
        ``AW-CONFIG-004`` when there is none.
    """
    candidates = [given] if given else [start, *start.parents]
    for folder in candidates:
        if _is_file(folder / FILE_NAME):
            return Workspace(folder, load_settings(folder / FILE_NAME))
    raise UsageError(
        "no workspace here",
        code="AW-CONFIG-004",
        where=str(given or start),
        expected=f"a folder with {FILE_NAME}",
        hint=f"make one: auditwatch init {given or 'FOLDER'}",
    )


def _is_file(path: Path) -> bool:
    """Tell whether a file is there; a path that the system refuses holds none."""
    try:
        return path.is_file()
    except OSError:
        return False


def make_workspace(root: Path, pack: str = "") -> Path:
    """Make a workspace, or add what an existing one lacks; return its folder.

    Parameters
    ----------
    root : Path
        Its folder.
    pack : str
        Name of the rule pack to copy: a folder of ``packs/``; the police pack when empty.

    Raises
    ------
    RefusedError
        When the system refuses.
    UsageError
        ``AW-CONFIG-007`` no pack of that name.
    """
    source = _pack(pack) if pack else shipped_rules()
    ensure_folder(root)
    if not (root / FILE_NAME).exists():
        write_atomic(root / FILE_NAME, default_toml().encode())
    if not (root / "rules").exists():
        _copy_rules(root, source)
    return root


def _pack(name: str) -> Path:
    """Return the folder of another pack that came with this installation."""
    installed = Path(str(package_files("auditwatch"))) / "shipped_packs"
    packs = installed if installed.is_dir() else Path(__file__).parents[3] / "packs"
    known = {path.name: path for path in packs.iterdir() if path.is_dir()}
    if name not in known:
        raise UsageError(
            f"no rule pack {name!r}",
            code="AW-CONFIG-007",
            expected="one of " + ", ".join(sorted(known)),
            hint="or init without --rules, and put your own pack into the rules folder",
        )
    return known[name]


def _copy_rules(root: Path, source: Path) -> None:
    """Copy a pack under a passing name first, so that half a pack is never used."""
    passing = root / ".rules.new"
    shutil.rmtree(passing, ignore_errors=True)
    for path in sorted(source.rglob("*.yml")):
        write_atomic(passing / path.relative_to(source), path.read_bytes())
    try:
        passing.rename(root / "rules")
    except OSError as error:
        raise RefusedError(
            f"cannot put the rules in place: {error.strerror}",
            code="AW-FILES-001",
            where=str(root / "rules"),
            hint="look at what stands there now; move it away and run init again",
        ) from error


def shipped_rules() -> Path:
    """Return the rule pack that came with this installation."""
    installed = Path(str(package_files("auditwatch"))) / "shipped_rules"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "rules"
