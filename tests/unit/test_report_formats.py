"""What holds for every format of papers, found by itself."""

from __future__ import annotations

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.report.cells import FORMULA_STARTS, inert
from auditwatch.report.document import Column, Document, Section, Sentences, Table
from auditwatch.report.formats import Format, paper_formats

FORMATS = paper_formats()
PAPER = Document(
    kind="test",
    title="Paper of Aldersley",
    over="Bexwick",
    lede="Corrivale in a sentence.",
    sections=(
        Section(
            "one",
            "First part",
            (
                Sentences(("Dunmarrow stands alone.",), "notice"),
                Table(
                    "rows",
                    "Rows of Ellanby",
                    (Column("name", "Name"), Column("number", "Number", number=True)),
                    (("Fenwhistle", 7275), ("=1+1", 0)),
                    "row",
                ),
            ),
        ),
    ),
    foot=("Garrowdale made it.",),
)
SAID = ("Corrivale in a sentence.", "Dunmarrow stands alone.", "Fenwhistle", "Garrowdale made it.")


def text_of(data: bytes) -> str:
    """Return the text of a file, packed or not."""
    if data[:2] == b"PK":
        book = zipfile.ZipFile(io.BytesIO(data))
        return "".join(book.read(name).decode() for name in book.namelist())
    return data.decode("utf-8")


@pytest.mark.parametrize("one", FORMATS.values(), ids=FORMATS)
def test_a_format_says_it_all_in_the_same_bytes(one: Format) -> None:
    """Every sentence and cell, twice the same; a PDF is compared by its bytes alone."""
    data = one.write(PAPER)
    assert data == one.write(PAPER)
    if one.NAME != "pdf":
        told = text_of(data)
        assert [said for said in SAID if said not in told] == []
        assert "7275" in told.replace(",", "")


@given(st.text(max_size=8))
def test_an_inert_cell_never_begins_like_a_formula(text: str) -> None:
    """Whatever a program folds or drops before it looks at the first sign."""
    plain = unicodedata.normalize("NFKC", str(inert(text)))
    assert not plain.lstrip().startswith(FORMULA_STARTS)
    assert str(inert(text)).endswith(text)


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\uff1d1", "\uff0b1", " =1"]
)
def test_what_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    """Full-width signs and signs after blanks among them."""
    assert inert(text) == f"'{text}"


def test_rows_of_a_sheet_are_as_high_as_their_text() -> None:
    """Not every program works that out, and lines would be printed over each other."""
    text = "many words " * 40
    table = Table("t", "T", (Column("a", "A"),), ((text,), ("short",)))
    paper = Document("k", "Title", "Over", "Lede", (Section("s", "S", (table,)),), ())
    book = zipfile.ZipFile(io.BytesIO(FORMATS["xlsx"].write(paper)))
    rows = book.read("xl/worksheets/sheet2.xml").decode().split("<row ")[2:]
    assert ' ht="120"' in rows[0]
    assert ' ht="' not in rows[1]
