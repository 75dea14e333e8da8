"""The year as counted: investigations, persons, confirmed cases and confirmed queries apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditwatch.findings.matters import Matter
    from auditwatch.findings.model import Review
    from auditwatch.report.form import Form, Line

__all__ = ["Counted", "Unsettled", "Year", "count_year", "unsettled"]

#: Actions that follow a confirmed case for the persons of it; a conviction is not asked for.
NOT_YET: Final = ("charged", "dismissed")


@dataclass(frozen=True)
class Counted:
    """One line of the form with its number and the list behind it.

    Parameters
    ----------
    line : Line
        Of the form.
    number : int
        What to write there.
    matters : tuple of str
        The cases behind it.
    earlier : tuple of int
        The same number in each of the years before, latest first.
    """

    line: Line
    number: int
    matters: tuple[str, ...]
    earlier: tuple[int, ...]


@dataclass(frozen=True)
class Year:
    """A year, counted."""

    year: int
    counted: tuple[tuple[str, tuple[Counted, ...]], ...]
    matters: tuple[Matter, ...]

    def number(self, line_id: str) -> int:
        """Return the number of a line."""
        (found,) = (one for _, part in self.counted for one in part if one.line.line_id == line_id)
        return found.number


@dataclass(frozen=True)
class Unsettled:
    """What must be settled, or answered for, before a year is final."""

    matter_id: str
    problem: str


def count_year(form: Form, matters: Sequence[Matter], year: int, back: int = 3) -> Year:
    """Count a year by a form, and the years before it in the same way.

    Parameters
    ----------
    form : Form
        What is counted.
    matters : sequence of Matter
        Of all years.
    year : int
        Calendar year, agency-local.
    back : int
        How many years before to compare with.

    Raises
    ------
    IntegrityError
        ``AW-REPORT-004`` when cases carried in and opened are not those concluded and pending.

    Notes
    -----
    A case counts as confirmed or cleared in the year of its conclusion, and an action in the year
    of its own day: a conviction often comes later. Persons are counted once in a line however
    many cases they have; the lines of outcomes may overlap, since one person can meet several.
    """
    parts = tuple(
        (part.title, tuple(_counted(line, matters, year, back) for line in part.lines))
        for part in form.parts
    )
    behind = {name for _, part in parts for one in part for name in one.matters}
    counted = Year(year, parts, tuple(one for one in matters if one.matter_id in behind))
    _refuse_lost(counted)
    return counted


def _counted(line: Line, matters: Sequence[Matter], year: int, back: int) -> Counted:
    """Return one line with its list."""
    behind = _behind(line, matters, year)
    earlier = tuple(
        _number(line, _behind(line, matters, one), one)
        for one in range(year - 1, year - 1 - back, -1)
    )
    return Counted(
        line, _number(line, behind, year), tuple(one.matter_id for one in behind), earlier
    )


def _behind(line: Line, matters: Iterable[Matter], year: int) -> list[Matter]:
    """Return the cases that a line counts."""
    return [one for one in matters if _counts(line, one, str(year), str(year + 1))]


def _counts(line: Line, matter: Matter, year: str, after: str) -> bool:
    """Tell whether a line counts a case; ISO days compare as text."""
    if line.counts == "carried_in":
        return matter.opened < year and _open_at(matter, year)
    if line.counts == "opened":
        return year <= matter.opened < after
    if line.counts == "pending":
        return matter.opened < after and _open_at(matter, after)
    if line.counts == "action":
        return bool(_taken(line, matter, year))
    result = "no_misuse" if line.counts == "no_misuse" else "confirmed"
    return matter.result == result and year <= matter.concluded < after


def _open_at(matter: Matter, year: str) -> bool:
    """Tell whether a case was not concluded when a year began."""
    return not matter.concluded or matter.concluded >= year


def _taken(line: Line, matter: Matter, year: str) -> list[str]:
    """Return the persons of a case about whom such a thing was done in a year."""
    return [
        one.operator_id for one in matter.taken if one.action in line.of and one.day[:4] == year
    ]


def _number(line: Line, behind: Sequence[Matter], year: int) -> int:
    """Return the number of a line from the cases behind it."""
    if line.counts == "queries":
        return sum(one.queries for one in behind)
    if line.counts == "persons":
        return len({who for one in behind for who in one.operator_ids})
    if line.counts == "action":
        return len({who for one in behind for who in _taken(line, one, str(year))})
    return len(behind)


def _refuse_lost(year: Year) -> None:
    """Refuse a year in which a case was dropped: it began somewhere and must end somewhere."""
    numbers = {one.line.counts: one.number for _, part in year.counted for one in part}
    came = numbers["carried_in"] + numbers["opened"]
    if came != numbers["confirmed"] + numbers["no_misuse"] + numbers["pending"]:
        raise IntegrityError(
            "the cases carried in and opened are not those concluded and pending",
            code="AW-REPORT-004",
            where=str(year.year),
            hint="look for days out of order: auditwatch investigations list",
        )


def unsettled(
    form: Form, year: Year, reviewed: Iterable[tuple[str, Review]], today: date
) -> list[Unsettled]:
    """Return what stands in the way of a final report.

    Parameters
    ----------
    form : Form
        Says what decisions mean.
    year : Year
        As counted.
    reviewed : iterable of (str, Review)
        Status of a finding, with the decision that stands.
    today : date
        A year that is not over cannot be final.
    """
    found = []
    if today <= date(year.year, 12, 31):
        ends = date(year.year, 12, 31) + timedelta(days=1)
        found.append(Unsettled("", f"the year is not over before {ends.isoformat()}"))
    for matter in year.matters:
        found += [Unsettled(matter.matter_id, problem) for problem in _problems(matter, year.year)]
    for status, review in reviewed:
        if review.disposition not in form.confirming | form.clearing:
            found.append(
                Unsettled(review.finding_id, f"the form does not place {review.disposition!r}")
            )
        elif status == "reopened" and review.disposition in form.confirming:
            found.append(Unsettled(review.finding_id, "new evidence since it was decided"))
    return found


def _problems(matter: Matter, year: int) -> list[str]:
    """Return what a confirmed case of the year does not say."""
    if matter.result != "confirmed" or matter.concluded[:4] != str(year):
        return []
    answered = {one.operator_id for one in matter.taken if one.action not in NOT_YET}
    silent = [who for who in matter.operator_ids if who not in answered]
    problems = []
    if not matter.queries:
        problems.append("confirmed, but no query is counted")
    if silent and matter.registered:
        problems.append(f"no outcome is on record for {len(silent)} of its persons")
    if not matter.registered:
        problems.append("decided in the queue only: open an investigation that takes it in")
    return problems
