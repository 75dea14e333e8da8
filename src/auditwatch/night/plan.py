"""Which nights to judge, in which portions."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import IntegrityError, UsageError
from auditwatch.core.schema import LOOKUPS
from auditwatch.night.gaps import noted_gaps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from auditwatch.core.contexttables import Context
    from auditwatch.engine.lake import Lake
    from auditwatch.night.request import Request

__all__ = [
    "known_day",
    "night_tokens",
    "nights_asked",
    "nights_to_judge",
    "oldest",
    "portions",
    "refuse_lost",
]

#: Part of every night's token: raise it when a change of code changes what a night comes to.
RESULTS_VERSION: Final = 6

#: Nights of a long trail are judged and published in portions of about this many records, so
#: that memory depends on a night and not on the trail.
PORTION_ROWS: Final = 3_000_000


def oldest(night: str, history_nights: int) -> str:
    """Return the last night that is too old to be compared with `night`, ISO."""
    return (date.fromisoformat(night) - timedelta(days=history_nights)).isoformat()


def night_tokens(lake: Lake, context: Context, history_nights: int) -> dict[str, str]:
    """Return for each night of the lake a text that changes with all that it depends on.

    A night depends on its own lookups and on those of the nights it is compared with, on which
    context tables are given, and on the gaps that were noted for it. It does not depend on the
    content of these tables or on the rules of a later day: a night stays as it was judged until
    someone judges it again.

    Parameters
    ----------
    lake : Lake
        Where the lookups are.
    context : Context
        What is known beside them.
    history_nights : int
        Nights that a night is compared with.
    """
    prints = lake.fingerprints(LOOKUPS)
    noted: dict[str, list[list[str]]] = {}
    for night, gap in noted_gaps(lake):
        noted.setdefault(night, []).append([gap["kind"], gap["source_id"], gap["detail"]])
    known = list(prints)
    tokens = {}
    for position, night in enumerate(known):
        window = [n for n in known[: position + 1] if n > oldest(night, history_nights)]
        told = noted.get(night, [])
        parts = [RESULTS_VERSION, context.given, [(n, prints[n]) for n in window], told]
        tokens[night] = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return tokens


def nights_to_judge(
    tokens: Mapping[str, str], known: Mapping[str, str], request: Request
) -> list[str]:
    """Return the nights to judge: new or changed ones, or all of the period that was asked for.

    Raises
    ------
    UsageError
        ``AW-SCAN-001`` when a date is not a date, ``-002`` when the period holds no night,
        ``-004`` when it ends before it begins.
    """
    if request.first is None and request.last is None:
        return [night for night, token in tokens.items() if known.get(night) != token]
    return nights_asked(tokens, request.first, request.last)


def nights_asked(known: Collection[str], first: str | None, last: str | None) -> list[str]:
    """Return the nights of a period, in order; refuse one that holds none.

    Raises
    ------
    UsageError
        As `nights_to_judge`.
    """
    first, last = _iso(first, "0001-01-01"), _iso(last, "9999-12-31")
    if first > last:
        raise UsageError(
            "the period ends before it begins",
            code="AW-SCAN-004",
            expected="--from DATE not later than --to DATE",
        )
    asked = [night for night in sorted(known) if first <= night <= last]
    if not asked:
        span = f"the lake holds {min(known)} to {max(known)}" if known else "the lake is empty"
        raise UsageError(
            "no lookups in the period of --from and --to", code="AW-SCAN-002", expected=span
        )
    return asked


def refuse_lost(tokens: Mapping[str, str], known: Mapping[str, str], lake: Path) -> None:
    """Refuse to go on when lookups that were judged are no longer in the lake.

    Raises
    ------
    IntegrityError
        ``AW-SCAN-003``, naming the first such night.
    """
    lost = [night for night in known if night not in tokens]
    if lost:
        raise IntegrityError(
            f"{len(lost)} night(s) were judged whose lookups are gone, the first {lost[0]}",
            code="AW-SCAN-003",
            where=str(lake),
            expected="the lake as the last scan left it",
            hint="restore it from a backup; findings and decisions are untouched",
        )


def _iso(given: str | None, otherwise: str) -> str:
    """Return an ISO date as given, or refuse it."""
    if given is None:
        return otherwise
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise UsageError(
            f"{given!r} is not a date", code="AW-SCAN-001", expected="a date such as 2026-03-14"
        ) from error


def known_day(given: str | None) -> date | None:
    """Return the day of ``--as-known-on``.

    Raises
    ------
    UsageError
        ``AW-SCAN-001`` when it is no date.
    """
    return None if given is None else date.fromisoformat(_iso(given, ""))


def portions(nights: Sequence[str], counts: Mapping[str, int]) -> Iterator[list[str]]:
    """Cut nights into portions of at most `PORTION_ROWS` records (or one night), in order."""
    portion: list[str] = []
    rows = 0
    for night in nights:
        if portion and rows + counts[night] > PORTION_ROWS:
            yield portion
            portion, rows = [], 0
        portion.append(night)
        rows += counts[night]
    if portion:
        yield portion
