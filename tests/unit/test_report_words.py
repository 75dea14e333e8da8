from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditwatch.core.words import (
    MASKED,
    harmless,
    local_time,
    long_day,
    masked_reason,
    name_words,
)


@given(st.text(max_size=400), st.integers(1, 200))
def test_harmless_text_is_one_short_line_of_visible_characters(text: str, longest: int) -> None:
    """No control, format or unassigned character survives, and length is bounded."""
    shown = harmless(text, longest)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert "\n" not in shown
    assert len(shown) <= longest + len("… (400 characters)")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"]), max_size=80))
def test_short_plain_text_keeps_every_word(text: str) -> None:
    """Ordinary text is shown as it is, spaces folded."""
    assert harmless(text, 80) == " ".join(text.split())


def test_a_flood_is_cut_and_says_how_long_it_was() -> None:
    """64 KB of reason show as a line with the length in it."""
    assert harmless("a" * 65536, 20) == "a" * 20 + "… (65,536 characters)"


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("traffic stop", "traffic stop"),
        ("TRAFFIC STOP 26-00417", f"TRAFFIC STOP {MASKED}-{MASKED}"),
        ("welfare check on Odalys", f"welfare check on {MASKED}"),
        ("plate 8abc123 from call", f"plate {MASKED} from call"),
        ("o'quillfeather's address", f"{MASKED} address"),
        ("met at the park", f"{MASKED} at the {MASKED}"),
        ("", ""),
    ],
)
def test_a_masked_reason_shows_ordinary_words_only(reason: str, shown: str) -> None:
    """Numbers, unknown words and words of the subject's name are hidden, ordinary ones are not."""
    assert masked_reason(reason, name_words(["Park, Odalys", None])) == shown


def test_an_ordinary_word_is_hidden_when_it_is_the_subjects_name() -> None:
    """A person called Street is not given away by being called like a street."""
    assert masked_reason("street check", name_words(["Street, Odalys"])) == f"{MASKED} check"


def test_times_are_on_the_agencys_clock_and_name_the_zone() -> None:
    """The two hours of an autumn night that look alike are told apart."""
    zone = ZoneInfo("America/Los_Angeles")
    times = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (8, 9)]
    assert [local_time(time, zone) for time in times] == [
        "2026-11-01 01:30 PDT",
        "2026-11-01 01:30 PST",
    ]


def test_a_night_is_named_in_words() -> None:
    """Weekday, day, month, year."""
    assert long_day("2026-03-05") == "Thursday, 5 March 2026"
