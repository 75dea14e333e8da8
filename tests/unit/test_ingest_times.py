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


@pytest.mark.parametrize(
    ("text", "instant", "quality"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00", "exact"),
        ("2026-03-14T02:11:09,402Z", "2026-03-14T02:11:09.402", "exact"),
        ("2026-11-01 01:30:00", "2026-11-01T08:30:00", "ambiguous_fold"),
        ("2026-11-01 01:30:00 PST", "2026-11-01T09:30:00", "exact"),
        ("2026-03-08 02:30:00", "2026-03-08T10:30:00", "skewed"),
        ("2038-01-19T03:14:08Z", "2038-01-19T03:14:08", "exact"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "exact"),
    ],
)
def test_the_edges_of_clock_and_calendar(text: str, instant: str, quality: str) -> None:
    """A leap second, an hour that comes twice or never, the ends of 32-bit and of no time."""
    assert read_one(text) == (datetime.fromisoformat(instant).replace(tzinfo=UTC), quality)


@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59:59Z", "26-03-14 10:00:00", "03/14/26 10:00", "2026-02-30T00:00:00Z"],
)
def test_what_is_not_one_clear_instant_is_refused(text: str) -> None:
    """The end of the calendar, years of two digits, days that do not exist."""
    assert read_one(text)[1] == "bad"
