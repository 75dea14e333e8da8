from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditwatch.report.document import Column, Table
from auditwatch.report.widths import widths_of

CELLS = st.one_of(st.text(max_size=200), st.integers())
KINDS = st.sampled_from([{}, {"number": True}, {"short": True}, {"prose": True}])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of any kinds of columns."""
    kinds = draw(st.lists(KINDS, min_size=1, max_size=16))
    columns = tuple(
        Column(f"c{n}", draw(st.text(max_size=20)), **kind) for n, kind in enumerate(kinds)
    )
    row = st.tuples(*(CELLS for _ in columns))
    return Table("t", "T", columns, tuple(draw(st.lists(row, max_size=3))))


@given(tables())
def test_columns_share_the_whole_table_and_none_vanishes(table: Table) -> None:
    """Shares add up to a hundred, each is above nothing, and no table is wider than its sheet."""
    widths = widths_of(table)
    assert len(widths.columns) == len(table.columns)
    assert abs(sum(widths.columns) - 100) < 0.5
    assert min(widths.columns) > 0
    assert 0 < widths.table <= 100


def test_ids_keep_their_room_where_prose_gives_way() -> None:
    """On a sheet that is too narrow an id is not broken."""
    columns = (
        Column("id", "Id", short=True),
        *(Column(f"p{n}", "Words", prose=True) for n in range(4)),
    )
    widths = widths_of(Table("t", "T", columns, (("F-YABM4MIM6MAN", *("many words " * 40,) * 4),)))
    assert widths.table == 100
    assert widths.columns[0] * 112 / 100 > 14 * 1.3
