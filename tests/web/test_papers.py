"""Papers in a real browser: from disk, without network, at desk and phone width."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from auditwatch.config import make_workspace
from auditwatch.core.mask import Masker
from auditwatch.core.schema import LOOKUPS
from auditwatch.report.case import case_matter, case_paper
from auditwatch.report.delivery import write_paper
from auditwatch.report.filing import annual_document
from auditwatch.report.form import read_form
from auditwatch.report.night import write_night
from auditwatch.report.sampling import sample_paper
from auditwatch.report.subject import subject_paper
from tests.axe import WCAG, complaints
from tests.findings_fabric import (
    decided,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
)
from tests.web.test_night_report import browse

if TYPE_CHECKING:
    from pathlib import Path

PAPERS = ("night", "case", "annual", "sample", "subject")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case file with long words in it, and a year, both as pages."""
    root = make_workspace(tmp_path_factory.mktemp("papers"))
    rows = [lookup(day, 1, "T1", "P1", reason="x" * 3000) for day in range(9)]
    pieces = gathered(
        night_of(8),
        rows,
        hits=[hit(rows[-1], "colleague-without-number")],
        surprises=[surprise(rows)],
    )
    fabric = make_fabric(root, rows, [result(night_of(8), pieces)])
    (finding,) = fabric.store.findings()
    matter = case_matter(fabric.store, finding.finding_id)
    masker = Masker("key", reveal=True)
    write_paper(
        case_paper(matter, fabric.lake, fabric.workspace, masker), "html", root / "case.html"
    )
    decided(fabric.store, finding.finding_id, "misuse", "seen", "lead")
    form = read_form(fabric.workspace.rules, "ca-hdc-0010")
    year = annual_document(
        fabric.store, fabric.workspace, form, 2023, masker=masker, asked=None, actor="lead"
    )
    write_paper(year, "html", root / "annual.html")
    nights = fabric.lake.nights(LOOKUPS)
    sample = sample_paper(
        fabric.store, fabric.lake, fabric.workspace, masker,
        nights=nights, at_random=4, at_risk=1, seed=1,
    )  # fmt: skip
    write_paper(sample, "html", root / "sample.html")
    subject = subject_paper(fabric.lake, fabric.workspace, "P1", nights, masker)
    write_paper(subject, "html", root / "subject.html")
    last = night_of(8)
    page = write_night(fabric.store, fabric.lake, fabric.workspace, last, masker)
    page.rename(root / "night.html")
    fabric.store.close()
    return root


#: Advice that goes beyond the guidelines.
BEST = ("best-practice",)


def test_axe_has_nothing_to_say(papers: Path, chromium: str, axe: str) -> None:
    """Every paper at telephone and desk width, on light and dark: WCAG 2.2 AA, best practice."""
    found: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width, scheme in ((320, "dark"), (1280, "light")):
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
            )
            for name in PAPERS:
                page = context.new_page()
                page.goto((papers / f"{name}.html").as_uri())
                found += [f"{name} {width}: {said}" for said in complaints(page, axe, WCAG + BEST)]
        browser.close()
    assert found == []


@pytest.mark.parametrize("name", ["case", "annual"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_paper_sticks_out(
    papers: Path, chromium: str, tmp_path: Path, name: str, width: int
) -> None:
    """A page framed at that width scrolls down only; wide tables scroll by themselves."""
    page = papers / f"{name}.html"
    probe = tmp_path / "probe.html"
    probe.write_text(
        f'<iframe id="f" style="width:{width}px;height:800px" src="{page.as_uri()}"></iframe>'
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


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_asks_for_nothing_outside_itself(papers: Path, name: str) -> None:
    """No script, no address but anchors, and each anchor is there."""
    text = (papers / f"{name}.html").read_text()
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)=["'](?!#)""", text)
    targets = set(re.findall(r'href="#([^"]*)"', text))
    assert targets <= set(re.findall(r'id="([^"]*)"', text))
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))
