"""What every paper stands in every format: hostile cells, a full disk, being written twice."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook
from tests.findings_fabric import Fabric, gathered, hit, lookup, make_fabric, night_of, result

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BIDI = "\u202e"
HOSTILE = (
    '=cmd|"/c calc"!A1',
    "\uff1dHYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    f"{BIDI}gpj.exe",
    "<script>alert(1)</script>\x00\x1b[31m",
    "x" * (1 << 20),
)
PAPERS = {
    "night": [],
    "case": ["FINDING", "--reveal", "--reason", "test"],
    "annual": ["--year", "2026"],
    "sample": ["--seed", "1", "--reveal", "--reason", "test"],
    "subject": ["P1", "--reveal", "--reason", "test"],
}
LONG = ("night", "case")  # to print
FORMATS = ("html", "xlsx", "csv", "json")


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """One night of one operator whose every free text is hostile, and 500 plain lookups."""
    root = make_workspace(tmp_path_factory.mktemp("hardship"))
    rows = [
        lookup(0, n, "T1", "P1", reason=text, purpose=text, case_id=text, terminal=text)
        for n, text in enumerate(HOSTILE)
    ]
    rows += [lookup(0, 20, "T1", "P1", event_id=f"E{n}", lookup_id=f"E{n}") for n in range(500)]
    pieces = gathered(night_of(0), rows, hits=[hit(row, "colleague") for row in rows])
    made = make_fabric(root, rows, [result(night_of(0), pieces)])
    yield made
    made.store.close()


def arguments(fabric: Fabric, paper: str, given: list[str] | None = None) -> list[str]:
    """Return the command that writes a paper."""
    (finding,) = fabric.store.findings()
    more = [finding.finding_id if one == "FINDING" else one for one in given or PAPERS[paper]]
    return ["-w", str(fabric.workspace.root), "report", paper, *more]


def written(fabric: Fabric, paper: str, form: str, more: list[str] | None = None) -> bytes:
    """Write a paper and return it; `more` instead of its usual arguments."""
    path = fabric.workspace.root / f"{paper}.{form}"
    command = [*arguments(fabric, paper, more), "--format", form, "-o", str(path)]
    CliRunner().invoke(cli, command, catch_exceptions=False)
    return path.read_bytes()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("paper", PAPERS)
def test_hostile_text_is_text_and_two_runs_are_byte_equal(
    fabric: Fabric, paper: str, form: str
) -> None:
    """No formula, no script, no turned direction, no flood; and the same bytes again."""
    data = written(fabric, paper, form)
    if paper != "case":  # who has read it is part of a case file, and reading is on record
        assert data == written(fabric, paper, form)
    assert len(data) < 1 << 20
    if form == "xlsx":
        book = zipfile.ZipFile(io.BytesIO(data))
        parts = [book.read(name) for name in book.namelist()]
        assert not [part for part in parts if b"<f>" in part or BIDI.encode() in part]
        return
    text = data.decode("utf-8-sig")
    assert BIDI not in text
    assert "<script" not in text or form in ("json", "csv")
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [one for one in cells if one.strip().startswith(("=", "+", "-", "@", "\uff1d"))]
    if form == "json":
        assert json.loads(text)["kind"] == paper


@pytest.mark.parametrize("command", [["mail"], ["ocsf"], ["metrics"]], ids=str)
def test_what_is_for_machines_is_byte_equal(fabric: Fabric, command: list[str]) -> None:
    """The mail, the events and the figures, twice."""
    root = ["-w", str(fabric.workspace.root), "report"]
    how = ["night", "--format", "mail"] if command == ["mail"] else command
    path = fabric.workspace.root / "out.machine"
    told = []
    for _ in range(2):
        CliRunner().invoke(cli, [*root, *how, "-o", str(path)], catch_exceptions=False)
        told.append(path.read_bytes())
    assert told[0] == told[1]
    assert BIDI.encode() not in told[0]


@pytest.mark.parametrize(
    "paper",
    ["annual", "sample", "subject", *(pytest.param(n, marks=pytest.mark.long) for n in LONG)],
)
def test_a_pdf_is_byte_equal(fabric: Fabric, paper: str) -> None:
    """Of every paper, also in the hands of another library; a case file as it was before a look."""
    pytest.importorskip("weasyprint", exc_type=ImportError)
    more = {"case": ["FINDING"], "sample": ["--seed", "1", "--random", "3", "--risk", "1"]}
    told = [written(fabric, paper, "pdf", more.get(paper)) for _ in range(2)]
    assert told[0] == told[1]


@pytest.mark.parametrize("form", FORMATS)
def test_a_masked_case_file_is_byte_equal(fabric: Fabric, form: str) -> None:
    """Nobody's look is put on record by it."""
    told = [written(fabric, "case", form, ["FINDING"]) for _ in range(2)]
    assert told[0] == told[1]


class Tables(HTMLParser):
    """Reads the cells of every table body of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's
        """Open a table, a row or a cell."""
        if tag == "table":
            self.tables.append([])
        elif tag in ("thead", "tbody"):
            self._inside = tag == "tbody"
        elif self._inside and tag == "tr":
            self.tables[-1].append([])
        elif self._inside and tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close a table's body."""
        self._inside = self._inside and tag != "tbody"

    def handle_data(self, data: str) -> None:
        """Add to the cell that is open."""
        if self._inside and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data


def plain(cell: object) -> str:
    """Return a cell without what a format adds: commas in numbers, the mark of inert text."""
    text = f"{cell:.0f}" if isinstance(cell, float) else str(cell)
    return text.removeprefix("'").replace(",", "").strip()


def rows_of_csv(data: bytes) -> dict[str, list[list[str]]]:
    """Return the tables of a paper in CSV by name, without their heads."""
    found: dict[str, list[list[str]]] = {}
    for part, number, *cells in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        if part in ("part", "title", "text"):
            continue
        own = found.setdefault(part, [])
        if number != "head":
            own.append([plain(one) for one in cells])
    return found


@pytest.mark.parametrize("paper", ["case", "annual", "sample", "subject"])
def test_every_cell_is_the_same_in_every_format(fabric: Fabric, paper: str) -> None:
    """HTML, XLSX, CSV and JSON hold the same tables, so every count of one is that of all."""
    more = ["FINDING"] if paper == "case" else None
    data = {form: written(fabric, paper, form, more) for form in FORMATS}
    told = {
        name: [[plain(cell) for cell in row.values()] for row in rows]
        for name, rows in json.loads(data["json"])["tables"].items()
    }
    assert rows_of_csv(data["csv"]) == told
    book = CalamineWorkbook.from_filelike(io.BytesIO(data["xlsx"]))
    sheets = [book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names[1:]]
    assert [[[plain(one) for one in row] for row in sheet] for sheet in sheets] == [*told.values()]
    page = Tables()
    page.feed(data["html"].decode())
    shown = [[[plain(one) for one in row] for row in table] for table in page.tables]
    assert shown == [rows or [["None."]] for rows in told.values()]


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday"])
def test_a_day_that_no_calendar_has_is_refused(fabric: Fabric, day: str) -> None:
    """As a date, not as a night that nobody scanned."""
    command = ["-w", str(fabric.workspace.root), "report", "night", "--night", day]
    with pytest.raises(UsageError, match="no calendar has such a day"):
        CliRunner().invoke(cli, command, catch_exceptions=False)


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_no_other(
    fabric: Fabric, tmp_path: Path
) -> None:
    """One message with a code, the code's exit, and what stood there before stays."""
    out = tmp_path / "sample.json"
    out.write_text("of yesterday")
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        "from auditwatch.cli import main; main(sys.argv[1:])"
    )
    command = [*arguments(fabric, "sample")[:-3], "--random", "400", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-c", limited, *command, "-o", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "cannot write this file: File too large [AW-FILES-002]" in done.stderr
    assert "limit on the size of files" in done.stderr
    assert "Traceback" not in done.stderr
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [
        (out.name, "of yesterday")
    ]
