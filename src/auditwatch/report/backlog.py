"""What waits: how long open findings have, and what investigations have left."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.core.words import harmless
from auditwatch.findings.matters import registered_matters
from auditwatch.findings.sentences import counted
from auditwatch.report.document import Column, Sentences, Table
from auditwatch.report.nightseen import bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.findings.model import Finding
    from auditwatch.findings.store import Store
    from auditwatch.report.document import Picture

__all__ = ["backlog", "clocks"]

#: Ages of open findings (days since their last night): up to and including each, then the rest.
AGES: Final = ((7, "a week or less"), (30, "to 30 days"), (90, "to 90 days"))
WEEKS: Final = 13  # drawn; the last has all that is older
YEAR: Final = 365  # days
SOON: Final = 90  # days before its end at which an investigation is worth a notice


def backlog(findings: Sequence[Finding], night: str) -> tuple[Picture, Table]:
    """Return how old open findings are, by their last night.

    Parameters
    ----------
    findings : sequence of Finding
        Open ones.
    night : str
        ISO date that ages are counted to.
    """
    today = date.fromisoformat(night)
    ages = [max((today - date.fromisoformat(one.night)).days, 0) for one in findings]
    limits = [-1, *(limit for limit, _ in AGES), 10**6]
    words = [*(word for _, word in AGES), "older"]
    rows = tuple(
        (word, sum(low < age <= high for age in ages))
        for word, low, high in zip(words, limits[:-1], limits[1:], strict=True)
    )
    columns = (Column("age", "Since the last lookup"), Column("open", "Open", number=True))
    said = f"{counted(len(ages), 'finding')} open"
    if ages:
        said += f"; the oldest for {counted(max(ages), 'day')}, half for {_median(ages)} or more"
    weeks = Counter(min(age // 7, WEEKS - 1) for age in ages)
    drawn = {f"{week}": weeks[week] for week in range(WEEKS)}
    picture = bars(drawn, f"{said}. By weeks since the last lookup, this week first.")
    return picture, Table("backlog", "Open findings by age", columns, rows)


def _median(ages: Sequence[int]) -> str:
    """Return the age that at least half of the findings have."""
    return counted(sorted(ages, reverse=True)[(len(ages) - 1) // 2], "day")


def clocks(store: Store, night: str) -> tuple[Table, Sentences]:
    """Return the open investigations with what is left of a year, the most urgent first.

    Notes
    -----
    In California discipline is barred unless an investigation of a peace officer is complete within
    one year of its discovery, with grounds that stop the clock (Gov. Code 3304(d)). The register
    knows the day of opening only, so this is information and no advice.
    """
    today = date.fromisoformat(night)
    waiting = sorted(
        (one.opened, one.matter_id)
        for one in registered_matters(store.investigations())
        if one.opened <= night and not (one.concluded and one.concluded <= night)
    )
    rows = tuple(
        (
            harmless(name, 80),
            opened,
            (date.fromisoformat(opened) + timedelta(days=YEAR)).isoformat(),
            YEAR - (today - date.fromisoformat(opened)).days,
        )
        for opened, name in waiting
    )
    columns = (
        Column("investigation", "Investigation"),
        Column("opened", "Opened", short=True),
        Column("year", "A year is over", short=True),
        Column("left", "Days left", number=True),
    )
    urgent = sum(row[3] <= SOON for row in rows)
    said = (
        f"{counted(urgent, 'investigation')} within {SOON} days of a year since it was opened."
        if urgent
        else f"No open investigation is within {SOON} days of a year since it was opened."
    )
    caption = f"{counted(len(rows), 'open investigation')} on the register"
    manner = "notice" if urgent else "plain"
    return Table("clocks", caption, columns, rows), Sentences((said,), manner)
