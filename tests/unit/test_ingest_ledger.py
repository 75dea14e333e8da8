"""The account: a hole, an overlap or a rest stops the run."""

from __future__ import annotations

import pytest

from auditwatch.core.errors import IntegrityError
from auditwatch.ingest.ledger import Account, Ledger
from auditwatch.ingest.spans import Chunk, Reject, Spans


def _chunk(*records: tuple[int, int, int, int]) -> Chunk:
    """Return a chunk of some records."""
    return Chunk({}, Spans.of(records))


def test_chunks_that_tile_the_source_pass() -> None:
    """Records, rejects, blanks and headers in any order are one whole."""
    ledger = Ledger("t")
    ledger.tile(_chunk((1, 1, 0, 10), (2, 2, 10, 30)))
    rejects = (Reject(5, 1, 31, 40, "x", ""),)
    blanks, headers = Spans.of([(4, 1, 30, 31)]), Spans.of([(6, 1, 40, 44)])
    ledger.tile(Chunk({}, Spans.of([]), rejects, blanks, headers))
    ledger.close(44, 6)
    assert (ledger.blank, ledger.header) == (1, 1)


@pytest.mark.parametrize(
    "second",
    [(3, 1, 10, 20), (2, 1, 11, 20), (2, 1, 9, 20), (1, 1, 10, 20), (2, 0, 10, 20)],
    ids=["line left out", "byte left out", "byte twice", "line twice", "no line"],
)
def test_a_hole_or_an_overlap_is_an_integrity_error(second: tuple[int, int, int, int]) -> None:
    """Within one chunk or between two, the first torn place is named."""
    with pytest.raises(IntegrityError, match="line 2, byte 10"):
        Ledger("t").tile(_chunk((1, 1, 0, 10), second))
    ledger = Ledger("t")
    ledger.tile(_chunk((1, 1, 0, 10)))
    with pytest.raises(IntegrityError, match="line 2, byte 10"):
        ledger.tile(_chunk(second))


@pytest.mark.parametrize("whole", [(11, 1), (10, 2), (9, 1)])
def test_a_rest_is_an_integrity_error(whole: tuple[int, int]) -> None:
    """A source longer than its chunks, in bytes or lines, is not finished."""
    ledger = Ledger("t")
    ledger.tile(_chunk((1, 1, 0, 10)))
    with pytest.raises(IntegrityError):
        ledger.close(*whole)


def test_classes_that_do_not_add_up_are_an_integrity_error() -> None:
    """Six lines in five places are no account, nor are minus one and one."""
    assert Account(5, 1, 1, 1, 1, 1).check("t").lines == 5
    for wrong in (Account(6, 1, 1, 1, 1, 1), Account(2, 3, -1, 0, 0, 0)):
        with pytest.raises(IntegrityError, match="does not add up"):
            wrong.check("t")
