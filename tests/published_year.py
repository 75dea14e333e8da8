"""A register that gives the figures published for California, 2023: all in one, all invented.

7,275 violations, of which 6,789 were permit checks of one agency; 24 suspended, 6 resigned, 9
dismissed. How the other 486 spread over persons was not published: one each here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.findings.investigations import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTCOMES = ("suspended",) * 24 + ("resigned",) * 6 + ("terminated",) * 9 + ("counselled",) * 447
PENDING = 12


def published_year() -> list[Entry]:
    """Return the register."""
    return [*_permit_checks(), *_ordinary(), *_pending()]


def _entry(name: str, act: str, day: str, **more: object) -> Entry:
    """Return one entry."""
    return Entry(name, act, day, note="as published", recorder="clerk", **more)  # type: ignore[arg-type]


def _permit_checks() -> Iterator[Entry]:
    """Yield the process fault: one investigation, nobody's misuse, 6,789 queries."""
    yield _entry("IA-2023-0000", "open", "2023-02-01")
    yield _entry("IA-2023-0000", "conclude", "2023-09-01", word="confirmed", queries=6789)


def _ordinary() -> Iterator[Entry]:
    """Yield 486 cases of one query and one person each, a third of them opened the year before."""
    for number, outcome in enumerate(OUTCOMES, start=1):
        name, who = f"IA-2023-{number:04d}", f"T{number:04d}"
        yield _entry(name, "open", "2022-11-30" if number % 3 == 0 else "2023-03-01")
        yield _entry(name, "person", "2023-05-01", operator_id=who, word="sustained")
        yield _entry(name, "conclude", "2023-05-02", word="confirmed", queries=1)
        yield _entry(name, "action", "2023-06-01", operator_id=who, word=outcome)


def _pending() -> Iterator[Entry]:
    """Yield cases that are open at the end of the year."""
    for number in range(PENDING):
        yield _entry(f"IA-2023-9{number:03d}", "open", "2023-12-01")
