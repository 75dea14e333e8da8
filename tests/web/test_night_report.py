"""The night report in a real browser: from disk, without network, at desk and phone width."""

from __future__ import annotations

import re
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import City, auditwatch

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small town's last night."""
    folder = tmp_path_factory.mktemp("report")
    auditwatch("sample", folder / "town", "--seed", 3, "--operators", 30, "--days", 10)
    auditwatch("init", folder / "w")
    city = City(folder / "town")
    assert auditwatch("-w", folder / "w", "scan", city.trail, *city.context).code == 0
    (page,) = (folder / "w" / "reports").glob("night-*.html")
    return page


def browse(chromium: str, tmp_path: Path, *arguments: str) -> str:
    """Run the browser once with a profile of its own; return what it printed."""
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def test_the_page_asks_for_nothing_outside_itself(report: Path) -> None:
    """No script, no link to load, no address but anchors: it opens from disk for ever."""
    text = report.read_text()
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    assert "url(" not in text


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_at_phone_or_desk_width(
    report: Path, chromium: str, tmp_path: Path, width: int
) -> None:
    """A page framed at that width scrolls down only, never sideways."""
    probe = tmp_path / "probe.html"
    probe.write_text(
        f'<iframe id="f" style="width:{width}px;height:800px" src="{report.as_uri()}"></iframe>'
        '<p id="told">?</p><script>onload = () => { const page = document.getElementById("f")'
        '.contentDocument.documentElement; document.getElementById("told").textContent = '
        '"WIDE " + page.scrollWidth; };</script>'
    )
    told = browse(
        chromium, tmp_path, "--allow-file-access-from-files", "--dump-dom", probe.as_uri()
    )
    found = re.search(r"WIDE (\d+)", told)
    assert found, told
    assert int(found[1]) <= width


def test_it_shows_and_prints(report: Path, chromium: str, tmp_path: Path) -> None:
    """A picture and a PDF come out, with something on them."""
    picture, paper = tmp_path / "page.png", tmp_path / "page.pdf"
    browse(
        chromium, tmp_path, "--window-size=1280,2000", f"--screenshot={picture}", report.as_uri()
    )
    browse(chromium, tmp_path, f"--print-to-pdf={paper}", report.as_uri())
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1280, 2000)
    assert len(data) > 50_000
    assert paper.read_bytes().count(b"/Type /Page\n") >= 2
