"""Long tables as lines of print."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from auditwatch.report.document import Column, Table
from auditwatch.report.listing import LISTED_ABOVE, TURNED, UPRIGHT, listing_of

TEXTS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=60).map(
    lambda text: " ".join(text.split())
)
ROW = st.tuples(TEXTS, TEXTS, st.integers(0, 10**6), TEXTS)
COLUMNS = (
    Column("a", "Time"),
    Column("b", "Reason", prose=True),
    Column("n", "Line", number=True),
    Column("c", "Record"),
)


def table_of(rows: list[tuple[str | int, ...]], columns: tuple[Column, ...] = COLUMNS) -> Table:
    """Return some rows again and again until they are many."""
    return Table("t", "T", columns, tuple((rows * (LISTED_ABOVE + 1))[: LISTED_ABOVE + 1]))


def signs(text: str) -> Counter[str]:
    """Count what is printed in a text."""
    return Counter("".join(text.split()))


@given(st.lists(ROW, min_size=2, max_size=4, unique=True))
def test_a_listing_says_every_sign_of_every_cell(rows: list[tuple[str | int, ...]]) -> None:
    """Once for what is the same in all rows, once in its row for all else; nothing is cut."""
    table = table_of(rows)
    listing = listing_of(table, turned=True)
    assert listing is not None
    alike = [len(set(cells)) == 1 for cells in zip(*table.rows, strict=True)]
    told = sum((signs(group) for group in listing.groups), Counter[str]())
    own = (
        f"{cell:,}" if isinstance(cell, int) else cell
        for row in table.rows
        for cell, same in zip(row, alike, strict=True)
        if not same
    )
    assert told == sum(map(signs, own), Counter[str]())
    assert {label for label, _ in listing.same} == {
        column.label
        for column, same, cell in zip(COLUMNS, alike, table.rows[0], strict=True)
        if same and str(cell)
    }


@given(st.lists(ROW, min_size=2, max_size=4, unique=True))
def test_no_line_is_longer_than_its_sheet(rows: list[tuple[str | int, ...]]) -> None:
    """However long the texts are."""
    for turned, most in ((True, TURNED), (False, UPRIGHT)):
        listing = listing_of(table_of(rows), turned=turned)
        assert listing is not None
        lines = "\n".join([listing.head, *listing.groups]).split("\n")
        assert max(map(len, lines)) <= most


def test_short_tables_and_those_that_are_written_into_stay_tables() -> None:
    """A listing has no blanks to fill in and no place to lead to."""
    rows: list[tuple[str | int, ...]] = [("a", 1), ("b", 2)]
    plain = (Column("a", "A"), Column("n", "N", number=True))
    assert listing_of(table_of(rows, plain), turned=False) is not None
    assert listing_of(Table("t", "T", plain, tuple(rows)), turned=False) is None
    written = (Column("a", "A", blank=True), Column("n", "N", number=True))
    assert listing_of(table_of(rows, written), turned=False) is None
    assert listing_of(Table("t", "T", plain, tuple(rows) * 200, "row"), turned=False) is None
