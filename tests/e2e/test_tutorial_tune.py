"""The tutorial of the rule developer, command by command, as its reader would type it."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import preloaded

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "docs/tutorial/tune-a-rule.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


#: A busy machine takes minutes for the walk.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def walked(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """All blocks of the page run in one shell, and what each said."""
    folder = tmp_path_factory.mktemp("tutorial")
    blocks = BLOCK.findall((repository / PAGE).read_text("utf-8"))
    script = "set -e\n" + "".join(f"echo '=== {n}'\n{block}" for n, block in enumerate(blocks))
    with preloaded().on_path() as command:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=os.environ | {"PATH": os.pathsep.join([str(command), os.environ["PATH"]])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=570,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = re.split(r"^=== \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(told) == len(blocks)
    return folder, told


def said(walked: tuple[Path, list[str]], repository: Path, command: str) -> str:
    """Return what the first block with a command said."""
    blocks = BLOCK.findall((repository / PAGE).read_text("utf-8"))
    return next(text for block, text in zip(blocks, walked[1], strict=True) if command in block)


def test_the_draft_that_loses_a_confirmed_finding_is_refused(
    walked: tuple[Path, list[str]], repository: Path
) -> None:
    """The far draft ends with 1 and names what is lost; the close one loses nothing."""
    far = said(walked, repository, "rules diff w/rules far")
    assert "LOST: a reviewer confirmed it" in far
    assert far.endswith("ends with 1\n")
    close = said(walked, repository, "rules diff w/rules close")
    assert "removed: " in close
    assert "LOST" not in close
    assert "ends with" not in close


def test_the_rule_is_promoted_once_the_nights_are_enough(
    walked: tuple[Path, list[str]], repository: Path
) -> None:
    """Before, the command says how many are missing; after, the evidence stands in the file."""
    early = said(walked, repository, "--nights 30")
    assert "not yet: 14 of 30 nights in shadow" in early
    text = (walked[0] / "w" / "rules" / "detections" / "by-night.yml").read_text()
    assert 'nights: "14, 2026-03-10 to 2026-03-23"' in text
    assert "mode:" not in text


def test_the_changed_rule_fails_its_old_test_first(
    walked: tuple[Path, list[str]], repository: Path
) -> None:
    """The sample of somebody on duty shows the part that no longer holds."""
    told = said(walked, repository, "cp close/detections")
    assert "hours_off_duty|gte: 1   hours_off_duty is unknown" in told
    assert told.endswith("2 samples, 0 failed\n")


def test_a_draft_names_no_operator_unless_asked(
    walked: tuple[Path, list[str]], repository: Path
) -> None:
    """The exception is printed with a pseudonym, and with the difference that it makes."""
    told = said(walked, repository, "rules tune")
    assert "lifted by an exception" in told
    assert 'approved: {by: "", date: ""}' in told
    assert not re.search(r'operators: \["T\d', told)
