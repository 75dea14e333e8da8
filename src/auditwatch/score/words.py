"""Words for numbers in sentences that a reviewer reads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from auditwatch.core.mask import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["count", "day_number", "iso", "nights_seen", "number", "operator", "subject"]

EPOCH = date(1970, 1, 1)


def day_number(night: str) -> int:
    """Return the number of a night (days since 1970-01-01) from its ISO date."""
    return (date.fromisoformat(night) - EPOCH).days


def iso(night_number: float) -> str:
    """Return the ISO date of a night from its number (days since 1970-01-01)."""
    return (EPOCH + timedelta(days=int(night_number))).isoformat()


def count(amount: float, one: str, many: str = "") -> str:
    """Return a whole number with its noun, such as ``1 day`` or ``1,204 days``."""
    return f"{int(amount):,} {one if int(amount) == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Return an expected count with as many digits as it carries."""
    if value >= 10:
        return f"{value:,.0f}"
    if value >= 0.095:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.005 else "less than 0.01"


def operator(identity: object) -> str:
    """Return an operator's identity, marked."""
    return mark("operator", str(identity))


def subject(identity: object) -> str:
    """Return a subject's identity, marked."""
    return mark("subject", str(identity))


def nights_seen(row: Mapping[str, Any]) -> str:
    """Return how many nights a window really has: no more than there is history."""
    return count(min(int(row["window"]), int(row["history"]) + 1), "night")
