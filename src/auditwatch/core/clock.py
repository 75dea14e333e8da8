"""Time: the only caller of the wall clock, and the agency's own day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auditwatch.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "night_bounds",
    "nights_between",
    "nights_missing",
    "now",
    "silent_before",
    "stretch_of",
    "zone",
]


def now() -> datetime:
    """Return the current instant in UTC.

    Nothing that decides a finding may call this: results depend on inputs alone.
    """
    return datetime.now(UTC)  # noqa: TID251 - the one place


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Parameters
    ----------
    name : str
        Such as ``America/Los_Angeles``.

    Raises
    ------
    ConfigError
        ``AW-CONFIG-002`` when the name is not a known zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"unknown time zone {name!r}",
            code="AW-CONFIG-002",
            expected="an IANA name such as America/Los_Angeles",
            hint="set agency.timezone in auditwatch.toml",
        ) from error


def nights_between(first: str, last: str) -> list[str]:
    """Return every night from `first` to `last`, both included, as ISO dates."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


def nights_missing(night: str, known: Iterable[str]) -> list[str]:
    """Return the nights right before a night that have no lookups at all, in order.

    Parameters
    ----------
    night : str
        ISO date.
    known : iterable of str
        Nights that have lookups, ISO dates. Before the first of them nothing is missing.
    """
    before = max((one for one in known if one < night), default="")
    return nights_between(before, night)[1:-1] if before else []


def stretch_of(nights: Sequence[str]) -> str:
    """Return nights on end as people write them: ``2026-02-27 to 2026-03-02``."""
    return nights[0] if len(nights) == 1 else f"{nights[0]} to {nights[-1]}"


def silent_before(night: str, known: Iterable[str]) -> str:
    """Say which nights right before a night have no lookups at all; nothing when there are none.

    A dead export job looks like a quiet night, so somebody must look.

    Parameters
    ----------
    night, known
        As for `nights_missing`.
    """
    missing = nights_missing(night, known)
    if not missing:
        return ""
    return f"There is not one lookup of {stretch_of(missing)}: the trail may not have come."


def night_bounds(night: str, timezone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a night and of the next one, in UTC.

    Parameters
    ----------
    night : str
        Agency-local date, ISO.
    timezone : str
        IANA name of the agency's zone.
    """
    day = date.fromisoformat(night)
    local = zone(timezone)
    start = datetime(day.year, day.month, day.day, tzinfo=local)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=local)
    return start.astimezone(UTC), end.astimezone(UTC)
