"""What the sources of a night do not say, put in words, and what views may make of it."""

from __future__ import annotations

import pyarrow as pa
from tests.score_town import lookup, table

from auditwatch.core.contexttables import Context
from auditwatch.core.fieldstates import FieldStates
from auditwatch.night.blindness import Blindness
from auditwatch.score import pair_nights, views

HIDDEN = FieldStates(True, {"masked": 9})
SAME = FieldStates(True, {"value": 150}, one_value=True)
PLAIN = FieldStates(True, {"value": 9})


def blindness(**states: FieldStates) -> Blindness:
    """Return the blindness of one source, ``s``, of the file ``a.csv``."""
    return Blindness({"s": "a.csv"}, {"s": states})


def test_every_view_is_blind_for_a_source_without_operators() -> None:
    """Views count who looked at whom: where nobody is named they say so, file by file."""
    names = {f"s{n}": f"{n}.csv" for n in range(5)}
    many = Blindness(names, {source: {"operator_id": HIDDEN} for source in names})
    blind = many.blind_views({"tie": "no roster was given"}, list(names))
    assert set(blind) == {view.NAME for view in views()}
    assert blind.pop("tie") == "no roster was given"
    files = "0.csv, 1.csv, 2.csv and 2 more"
    said = f"operator_id is masked in every record ({files}); lookups from there cannot be counted"
    assert set(blind.values()) == {said}


def test_views_are_not_blind_for_what_is_only_missing_a_case_column() -> None:
    """Most sources have none; their lookups are counted all the same."""
    told = blindness(case_id=FieldStates(False), operator_id=PLAIN, subject_id=PLAIN)
    assert told.blind_views({}, ["s"]) == {}
    assert blindness(subject_id=HIDDEN).blind_views({}, ["another"]) == {}


def test_an_overwritten_case_number_is_not_held_against_anyone() -> None:
    """One number in every record says of no lookup whether a case explains it."""
    rows = [lookup(0, "T1", "P-1", case_id="26-00417", source_id=one) for one in ("s", "other")]
    told = blindness(case_id=SAME)
    assert told.unknown == {"s": frozenset({"case_id"})}
    (row,) = pair_nights(told.seen_by_views(table(rows)), Context()).to_pylist()
    assert (row["lookups"], row["explained"], row["numbered"]) == (2, 1, 2)


def test_views_see_other_sources_as_they_are() -> None:
    """Where nothing was overwritten no lookup is touched."""
    rows = pa.table({"source_id": ["s"], "case_id": ["26-00417"]})
    assert blindness(case_id=PLAIN).seen_by_views(rows) is rows
