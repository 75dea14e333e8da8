"""Rule sets of the past: a folder, or the rules as some revision of their repository has them."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["rules_folder"]

TIMEOUT: Final = 60  # seconds that git may take


@contextmanager
def rules_folder(name: str, beside: Path) -> Iterator[Path]:
    """Yield the folder of a rule set.

    Parameters
    ----------
    name : str
        A folder; or a git revision of the repository that `beside` is in, of which the same folder
        is then read.
    beside : Path
        The rules at hand.

    Raises
    ------
    UsageError
        ``AW-BENCH-021`` it is neither; ``-022`` git is not installed, or does not answer.
    """
    if Path(name).is_dir():
        yield Path(name)
        return
    with TemporaryDirectory(prefix="auditwatch-rules-") as made:
        archive = _archive(name, beside)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(made, filter="data")
        yield Path(made)


def _archive(revision: str, beside: Path) -> bytes:
    """Return the rules of a revision as a tar file."""
    if shutil.which("git") is None:
        raise UsageError(
            f"{revision!r} is no folder, and git is not installed",
            code="AW-BENCH-022",
            expected="a folder of rules, or git",
        )
    commit = _git(
        beside, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"
    )
    top = _git(beside, "rev-parse", "--show-toplevel")
    below = _git(beside, "rev-parse", "--show-prefix")
    if not commit or top is None or below is None:
        raise UsageError(
            f"{revision!r} is neither a folder nor a revision of the rules",
            code="AW-BENCH-021",
            where=str(beside),
            expected="a folder of rules, or a git revision of the repository the rules are in",
            hint="see the revisions: git log -- " + str(beside),
        )
    tree = commit.decode().strip() + ":" + below.decode().strip()
    made = _git(Path(top.decode().rstrip("\n")), "archive", "--format=tar", tree)
    if made is None:
        raise UsageError(
            f"the revision {revision!r} has no rules in this folder",
            code="AW-BENCH-021",
            where=str(beside),
            expected="a revision in which the rules were where they are now",
        )
    return made


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git says; None when it refuses."""
    program = str(shutil.which("git"))
    try:
        done = subprocess.run(  # noqa: S603 - git itself, and a revision that cannot be an option
            [program, "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            "git does not answer",
            code="AW-BENCH-022",
            expected=f"an answer within {TIMEOUT} s",
        ) from error
    return None if done.returncode else done.stdout
