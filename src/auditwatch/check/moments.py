"""Times as events write them, and the parts of a time that a condition may ask for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

__all__ = ["PARTS", "microseconds", "moment"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

#: Seconds since 1970 with 9 or 10 digits, and thousandths, millionths, billionths of them.
NUMBER: Final = re.compile(
    r"([0-9]{9,10})(?:\.([0-9]{1,9}))?|([0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})"
)
WHOLE_DIGITS: Final = {12: 3, 13: 3, 15: 6, 16: 6, 18: 9, 19: 9}

#: Parts of a time by Sigma's names; weeks are those of ISO 8601.
PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "minute": lambda when: when.minute,
    "hour": lambda when: when.hour,
    "day": lambda when: when.day,
    "week": lambda when: when.isocalendar().week,
    "month": lambda when: when.month,
    "year": lambda when: when.year,
}


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant that a text means; None when it is no time.

    Parameters
    ----------
    text : str
        ISO 8601, or a number since 1970 in seconds, milli-, micro- or nanoseconds, told by its
        digits (1973 to 2286). What is finer than a microsecond is cut off.
    zone : ZoneInfo
        The clock of a time without an offset.
    """
    text = text.strip()
    try:
        number = NUMBER.fullmatch(text)
        if number:
            return EPOCH + timedelta(microseconds=_since_1970(text))
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def microseconds(when: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (when - EPOCH) // MICROSECOND


def _since_1970(text: str) -> int:
    """Return microseconds of a number that is one of `NUMBER`."""
    whole, _, rest = text.partition(".")
    digits = WHOLE_DIGITS.get(len(whole), 0)
    return int((whole + rest).ljust(len(whole) + 9, "0")[: len(whole) - digits + 6])
