"""What makes the papers and packages of the desk: the room of reports, for the room of reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.findings.store import Store
from auditwatch.report.case import case_matter
from auditwatch.report.document import Picture, Sentences
from auditwatch.report.filing import annual_document
from auditwatch.report.form import read_form
from auditwatch.report.package import package_files
from auditwatch.report.seal import seal, signing_key
from auditwatch.review.press import Part, Passage, Press, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.report.document import Block, Cell
    from auditwatch.review.desk import Desk

__all__ = ["FORM", "PRESS"]

FORM: Final = "ca-hdc-0010"  # of the year, where nobody names another


def _package(desk: Desk, finding_id: str, makers: Sequence[str]) -> bytes:
    """Return the signed archive of a finding; it shows identities when two persons made it."""
    place = desk.workspace
    steps = desk.seen(finding_id).steps
    with Store(place.database) as store:
        matter = case_matter(store, finding_id)
    masker = place.masker(reveal=len(makers) > 1)
    files = package_files(matter, steps, place, masker, makers=makers)
    return seal(files, signing_key(place.signing_key))


def _annual(desk: Desk, year: int) -> Sheet:
    """Return the draft of a year's report, masked."""
    place = desk.workspace
    form, masker = read_form(place.rules, FORM), place.masker()
    with Store(place.database) as store:
        paper = annual_document(store, place, form, year, masker=masker, asked=None, actor="")
    parts = [
        Part(one.name, one.title, tuple(_passage(block) for block in one.blocks))
        for one in paper.sections
    ]
    return Sheet(paper.title, paper.over, paper.lede, tuple(parts), paper.foot)


def _passage(block: Block) -> Passage:
    """Return a block of a paper as the desk shows it."""
    if isinstance(block, Sentences):
        return Passage(block.said, block.manner)
    if isinstance(block, Picture):
        return Passage((block.words,))
    columns = tuple((one.label, one.number) for one in block.columns)
    rows = tuple(tuple(_shown(cell) for cell in row) for row in block.rows)
    return Passage(caption=block.caption, columns=columns, rows=rows)


def _shown(cell: Cell) -> str:
    """Return a cell as people write it."""
    return f"{cell:,}" if isinstance(cell, int) else cell


PRESS: Final = Press(_package, _annual)
