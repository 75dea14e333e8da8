"""The year within which discipline is possible: when it began, when it stood still, what is left.

In California discipline is barred unless an investigation is complete, and the officer told,
within one year of the day on which somebody who may open an investigation learned of the matter
(Government Code 3304 (d)). It stands still on the grounds that the register of investigations
names. This is information for those who decide, never advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from auditwatch.findings import tables
from auditwatch.review.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from auditwatch.findings.investigations import Entry

__all__ = ["Clock", "Pause", "first_seen", "pauses_of", "run_clock"]

#: Roles whose holders may open an investigation: what they learn, the agency has learned.
INITIATES: Final = tuple(name for name, granted in ROLES.items() if "approve" in granted)
#: Days left from which on a clock is pointed out.
NEAR: Final = 60


@dataclass(frozen=True)
class Pause:
    """A time during which the year stands still.

    Parameters
    ----------
    begin, end : date
        First day, and the day on which it runs again; `end` is None while it stands still.
    ground : str
        One of `investigations.GROUNDS`.
    """

    begin: date
    end: date | None
    ground: str


@dataclass(frozen=True)
class Clock:
    """How far the year has run.

    Parameters
    ----------
    began, due : date
        Day of discovery; last day of the year, later by every day that it stood still.
    left : int
        Days left; negative when the year is over.
    stood : int
        Days that it stood still so far.
    ground : str
        Why it stands still now; empty while it runs.
    """

    began: date
    due: date
    left: int
    stood: int
    ground: str

    @property
    def near(self) -> bool:
        """Whether it deserves a word: sixty days or fewer."""
        return self.left <= NEAR


def run_clock(began: date, pauses: Sequence[Pause], today: date) -> Clock:
    """Return how far the year has run.

    Parameters
    ----------
    began : date
        Day of discovery.
    pauses : sequence of Pause
        In order, none within another; days before `began` do not count.
    today : date
        Agency-local day.

    Notes
    -----
    A year from 29 February ends on 28 February: the earlier day is the safe one.
    """
    stood = sum(
        max((min(one.end or today, today) - max(one.begin, began)).days, 0) for one in pauses
    )
    leap = (began.month, began.day) == (2, 29)
    ends = began.replace(year=began.year + 1, day=28 if leap else began.day)
    due = date.fromordinal(ends.toordinal() + stood)
    standing = [one.ground for one in pauses if one.end is None]
    return Clock(began, due, (due - today).days, stood, standing[-1] if standing else "")


def pauses_of(entries: Iterable[Entry]) -> list[Pause]:
    """Return when the year of one investigation stood still, as its register says."""
    pauses: list[Pause] = []
    for one in entries:
        day = date.fromisoformat(one.day)
        if one.act == "toll":
            pauses.append(Pause(day, None, one.word))
        elif one.act == "resume" and pauses:
            pauses[-1] = Pause(pauses[-1].begin, day, pauses[-1].ground)
    return pauses


def first_seen(
    connection: Connection, finding_ids: Collection[str], zone: ZoneInfo
) -> dict[str, date]:
    """Return the day on which somebody who may open an investigation first saw each finding.

    Parameters
    ----------
    connection : Connection
        To read from.
    finding_ids : collection of str
        Which findings; those that nobody of those roles saw are not in the answer.
    zone : ZoneInfo
        The agency's clock.

    Notes
    -----
    Who had the role when is not kept with each look: the roles of today count.
    """
    views, people = tables.journal, tables.accounts
    query = (
        select(views.c.finding_id, func.min(views.c.at))
        .where(
            views.c.finding_id.in_(sorted(finding_ids)),
            views.c.action == "view",
            views.c.actor.in_(select(people.c.account).where(people.c.role.in_(INITIATES))),
        )
        .group_by(views.c.finding_id)
    )
    return {
        name: datetime.fromisoformat(at).astimezone(zone).date()
        for name, at in connection.execute(query)
    }
