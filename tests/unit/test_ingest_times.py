"""Event times that are numbers: counts since 1970 and the day numbers of spreadsheets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.clock import zone
from auditwatch.ingest.times import BAD, QUALITIES, read_times

AGENCY = zone("America/Los_Angeles")
MARCH = datetime(2026, 3, 14, 9, 11, 9, 402_000, tzinfo=UTC)


def read_one(text: str) -> tuple[datetime, str]:
    """Return the instant and the quality of one time."""
    instants, quality = read_times(pa.array([text]), AGENCY)
    told = QUALITIES[quality[0]] if quality[0] != BAD else "bad"
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(instants[0])), told


@pytest.mark.parametrize("text", ["1773479469.402", "1773479469402", "1773479469402000"])
def test_a_count_since_1970_is_told_by_its_digits(text: str) -> None:
    """Seconds, milliseconds and microseconds of one instant are that instant, exactly."""
    assert read_one(text) == (MARCH, "exact")


def test_the_day_number_of_a_spreadsheet_is_local_time() -> None:
    """46095.0919... is 02:12:19 on the agency's own clock, with the zone assumed."""
    number = 46095 + (2 * 3600 + 12 * 60 + 19) / 86_400
    expected = datetime(2026, 3, 14, 2, 12, 19, tzinfo=AGENCY).astimezone(UTC)
    assert read_one(repr(number)) == (expected, "assumed_zone")


@pytest.mark.parametrize(
    "text", ["46095", "177347946", "17734794694", "1e9", "-1773479469", "٤٦٠٩٥.5"]
)
def test_any_other_number_is_no_time(text: str) -> None:
    """Five bare digits, other lengths, exponents, signs and foreign digits are refused."""
    assert read_one(text)[1] == "bad"


@given(st.integers(10**15, 7 * 10**15), st.sampled_from([10, 13, 16]))
def test_every_count_comes_back_as_the_instant_it_was_made_from(micros: int, digits: int) -> None:
    """Writing an instant as a count and reading it gives the instant, cut to the unit."""
    unit = 10 ** (16 - digits)
    whole = timedelta(microseconds=micros // unit * unit)
    assert read_one(str(micros // unit))[0] == datetime(1970, 1, 1, tzinfo=UTC) + whole
