from __future__ import annotations

import builtins
import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from click.testing import CliRunner
from tests.findings_fabric import (
    Fabric,
    decided,
    follower,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
)

from auditwatch.cli import cli
from auditwatch.config import make_workspace
from auditwatch.core.errors import UsageError
from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.findings.investigations import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditwatch.findings.model import Finding

HOSTILE = "=cmd|'/c calc'!A0 \u202egnp.exe <script>alert(1)</script> CANARY-NAME"
RULE = "colleague-without-number"


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Six nights of one operator and one subject, hostile in every free text."""
    root = tmp_path_factory.mktemp("case")
    make_workspace(root)
    rows = [lookup(day, 1, "CANARY-T1", "CANARY-P1", reason=HOSTILE) for day in range(6)]
    rows[2] |= {"case_id": "CANARY-CASE", "terminal": "CANARY-TERM"}
    last = rows[-1]
    pieces = gathered(
        last["night"], rows, hits=[hit(last, RULE)], surprises=[surprise(rows, "pair")]
    )
    made = make_fabric(root, [*rows, follower(last)], [result(night_of(5), pieces)])
    made.lake.replace(PAIR_NIGHTS, _profiles(), [night_of(5)])
    yield made
    made.store.close()


def _profiles() -> pa.Table:
    """Return one night of the operator and of nine peers with 1 to 9 lookups."""
    plain = {"operator_role": "officer", "operator_unit": "patrol-north"}
    rows = [
        dict.fromkeys(PAIR_NIGHTS.names, 0)
        | plain
        | {"number": None}
        | {"night": night_of(5), "operator_id": who, "subject_id": "S", "lookups": number}
        for who, number in [("CANARY-T1", 30), *((f"PEER-{n}", n) for n in range(1, 10))]
    ]
    return pa.Table.from_pylist(rows, PAIR_NIGHTS.schema)


@pytest.fixture
def finding(fabric: Fabric) -> Finding:
    """Its one finding."""
    (found,) = fabric.store.findings()
    return found


def written(fabric: Fabric, name: str, *more: str, form: str = "json") -> bytes:
    """Write a case file through the command line and return it."""
    path = fabric.workspace.root / f"out.{form}"
    arguments = ["-w", str(fabric.workspace.root), "report", "case", name, "--format", form]
    CliRunner().invoke(cli, [*arguments, "-o", str(path), *more], catch_exceptions=False)
    return path.read_bytes()


def test_a_masked_file_names_nobody(fabric: Fabric, finding: Finding) -> None:
    """No identity, name or case number in any format, also not in what a reviewer wrote."""
    decided(fabric.store, finding.finding_id, "explained", "asked Quillfeather, CANARY-T1", "lead")
    for form in ("html", "csv", "json"):
        text = written(fabric, finding.finding_id, form=form).decode()
        assert "CANARY" not in text
        assert "Quillfeather" not in text
        assert "lead" in text


def test_a_full_file_is_asked_for_with_a_reason_and_the_next_one_says_so(
    fabric: Fabric, finding: Finding
) -> None:
    """The journal has the reveal before the file is there; readers are listed."""
    with pytest.raises(UsageError, match="for a reason only"):
        written(fabric, finding.finding_id, "--reveal")
    full = written(fabric, finding.finding_id, "--reveal", "--reason", "hearing of May")
    assert b"CANARY-T1" in full
    assert fabric.store.journal()[-1].detail == "hearing of May"
    readers = json.loads(written(fabric, finding.finding_id))["tables"]["readers"]
    assert readers[-1]["why"] == "hearing of May"


def test_each_lookup_names_its_file_and_line(fabric: Fabric, finding: Finding) -> None:
    """Seven records, of which one is machine-made and names its lookup."""
    tables = json.loads(written(fabric, finding.finding_id))["tables"]
    assert [row["line"] for row in tables["lookups"]] == [3, 1003, 2003, 3003, 4003, 5003, 5503]
    assert [row["lookup"] for row in tables["lookups"]][-1] == tables["lookups"][-2]["record"]
    assert {row["file"] for row in tables["lookups"]} == {row["file"] for row in tables["files"]}


def test_the_rule_stands_in_it_with_its_lines(fabric: Fabric, finding: Finding) -> None:
    """The text of the pack, and a notice when the pack is not that of the night."""
    paper = json.loads(written(fabric, finding.finding_id))
    (table,) = (rows for name, rows in paper["tables"].items() if name == f"rule {RULE}")
    assert table[0] == {
        "line": "1",
        "text": "title: Colleague looked up without a number",
    }
    assert any("has changed since" in one["text"] for one in paper["sentences"])


def test_the_band_of_peers_is_by_nearest_rank(fabric: Fabric, finding: Finding) -> None:
    """Nine peers with 1 to 9 lookups: 1, 5 and 9 beside the operator's 30."""
    rows = json.loads(written(fabric, finding.finding_id))["tables"]["peers"]
    row = rows[0]
    assert (row["median"], row["peers"]) == (30, 9)
    assert (row["low"], row["middle"], row["high"]) == (1, 5, 9)


def test_no_cell_is_a_formula(fabric: Fabric, finding: Finding) -> None:
    """Not in CSV, where it is disarmed, nor in XLSX, where it is text; no direction is turned."""
    name, full = finding.finding_id, ("--reveal", "--reason", "test")
    text = written(fabric, name, *full, form="csv").decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "\u202e" not in text
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert [cell for cell in cells if cell.startswith("'=cmd")]
    book = zipfile.ZipFile(io.BytesIO(written(fabric, name, *full, form="xlsx")))
    assert all(b"<f>" not in book.read(one) for one in book.namelist())


def test_the_page_runs_nothing(fabric: Fabric, finding: Finding) -> None:
    """Hostile text is text."""
    page = written(fabric, finding.finding_id, "--reveal", "--reason", "test", form="html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("form", ["html", "xlsx", "csv", "json"])
def test_two_runs_are_byte_equal(fabric: Fabric, finding: Finding, form: str) -> None:
    """As long as nothing happens to the finding."""
    assert written(fabric, finding.finding_id, form=form) == written(
        fabric, finding.finding_id, form=form
    )


def test_an_investigation_has_the_files_of_its_findings(fabric: Fabric, finding: Finding) -> None:
    """By its number one gets the same lookups, and its entries among the decisions."""
    opened = Entry(
        "IA-9", "open", "2026-03-01", finding_ids=(finding.finding_id,), note="n", recorder="lead"
    )
    if not fabric.store.investigations():
        fabric.store.investigate([opened])
    paper = json.loads(written(fabric, "IA-9"))["tables"]
    assert len(paper["lookups"]) == 7
    assert "IA-9" in {row["about"] for row in paper["decisions"]}


def test_what_is_not_there_is_said(fabric: Fabric) -> None:
    """An unknown id leaves no file."""
    with pytest.raises(UsageError, match="no such finding"):
        written(fabric, "F-NOBODY", form="csv")


def test_without_weasyprint_one_is_told_what_to_do(
    fabric: Fabric, finding: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pango missing, or the extra: one message, no partial file."""
    real = builtins.__import__

    def refusing(name: str, *more: object, **others: object) -> object:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *more, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refusing)
    told = CliRunner().invoke(
        cli,
        ["-w", str(fabric.workspace.root), "report", "case", finding.finding_id, "--format", "pdf"],
    )
    assert getattr(told.exception, "code", "") == "AW-REPORT-001"
    assert not list(fabric.workspace.reports.glob("*.pdf"))
