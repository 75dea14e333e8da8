"""The year as a paper: the form's lines, the list behind each, the cases, what is unsettled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from auditwatch.core.words import harmless
from auditwatch.findings.sentences import counted as counted_words
from auditwatch.report.document import Column, Document, Section, Sentences, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.config import Agency
    from auditwatch.core.mask import Masker
    from auditwatch.findings.matters import Matter
    from auditwatch.report.annual import Counted, Unsettled, Year
    from auditwatch.report.document import Cell
    from auditwatch.report.form import Form

__all__ = ["Filing", "Scanned", "annual_paper"]

NAME_MAX: Final = 80
LIST_MAX: Final = 40  # cases in one row of a list
SKEWED_LEAST: Final = 100  # queries; fewer mislead nobody

KNOWN: Final = {
    "V": "shown by published sheets",
    "V2": "by a secondary source",
    "U": "not verified",
}
NOT_KEPT: Final = "not kept"
RESULTS: Final = {"confirmed": "misuse confirmed", "no_misuse": "no misuse", "": "pending"}
KINDS: Final = {True: "investigation", False: "decided in the queue"}


@dataclass(frozen=True)
class Filing:
    """Whether a paper is a draft, and who answers for it.

    Parameters
    ----------
    preparer, approver : str
        Empty for a draft.
    despite : str
        Why it is final although something is unsettled.
    version : int
        1 for the first that was filed for this year; 0 for a draft.
    day : str
        When it was filed; empty for a draft.
    digest : str
        SHA-256 of the numbers and the cases behind them.
    """

    preparer: str = ""
    approver: str = ""
    despite: str = ""
    version: int = 0
    day: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Scanned:
    """What an installation knows of years.

    Parameters
    ----------
    nights : int
        Nights of the reported year that were scanned.
    since : int
        First year of which a night was scanned or an investigation is in the register.
    """

    nights: int
    since: int


def annual_paper(
    form: Form,
    year: Year,
    *,
    open_points: Sequence[Unsettled],
    filing: Filing,
    agency: Agency,
    scanned: Scanned,
    masker: Masker,
) -> Document:
    """Return the yearly report as a paper.

    Parameters
    ----------
    form, year : Form, Year
        What is counted, and the numbers.
    open_points : sequence of Unsettled
        What stands in the way of a final report.
    filing : Filing
        Draft or final.
    agency : Agency
        Whose year it is.
    scanned : Scanned
        What the installation knows of this year and of those before.
    masker : Masker
        Shows or masks persons.
    """
    sections = (
        *_form_sections(form, year, scanned),
        _unsettled_section(open_points, filing),
        _cases_section(year, masker),
        _lists_section(year),
        _about_section(form, year, scanned, filing),
    )
    status = f"final, version {filing.version}" if filing.version else "draft"
    return Document(
        kind="annual",
        title=f"{form.title}, {year.year}",
        over=f"{harmless(agency.name, NAME_MAX)}, {harmless(agency.ori, NAME_MAX)} · {status}",
        lede=_lede(form, year, scanned),
        sections=tuple(one for one in sections if one.blocks),
        foot=(
            f"Form {form.form_id}, for {form.authority}.",
            f"SHA-256 of the numbers and the cases behind them: {filing.digest}.",
            "Persons are pseudonyms." if not masker.reveal else "This copy shows identities.",
        ),
    )


def _lede(form: Form, year: Year, scanned: Scanned) -> str:
    """Say the year in two sentences."""
    number = {one.line.counts: one.number for _, part in year.counted for one in part}
    month, day = map(int, form.due.split("-"))
    due = f"Due to the {form.authority} on {date(year.year + 1, month, day):%-d %B %Y}."
    if year.year < scanned.since:
        return f"Nothing of {year.year} is kept here, so no line says what there was. {due}"
    if not year.matters:
        return (
            f"None: in {year.year} no investigation of misuse was carried in, opened or concluded. "
            f"Nothing is a report too. {due}"
        )
    opened = counted_words(number["opened"], "investigation")
    confirmed = counted_words(number["confirmed"], "case")
    persons = counted_words(number["persons"], "person")
    queries = counted_words(number["queries"], "query", "queries")
    return (
        f"{opened} opened, {number['carried_in']:,} carried in. Misuse was confirmed in "
        f"{confirmed}, of {persons}, with {queries}; {number['pending']:,} pending at the end of "
        f"the year. {due}"
    )


def _form_sections(form: Form, year: Year, scanned: Scanned) -> list[Section]:
    """Return the parts of the form."""
    columns = (
        Column("label", "Line"),
        Column("number", str(year.year), number=True),
        *(
            Column(f"year_{n}", str(n), number=True)
            for n in range(year.year - 1, year.year - 4, -1)
        ),
        Column("line", "List", link="list"),
        Column("on_the_form", "Line is"),
    )
    found = []
    for part, (title, lines) in zip(form.parts, year.counted, strict=True):
        caption = f"{year.year}, and the three years before"
        rows = tuple(_row(one, year.year, scanned) for one in lines)
        table = Table(part.part_id, caption, columns, rows)
        notes = _skew(year) if any(one.line.counts == "queries" for one in lines) else ()
        found.append(Section(part.part_id, title, (table, *notes)))
    if form.boxes != "V":
        said = (
            f"The exact boxes of {form.title} are {KNOWN[form.boxes]}: compare each line with the "
            "form that you were sent before you file. Where they differ, change the form's file in "
            "rules/forms/."
        )
        warning = Sentences((said,), "notice")
        found[0] = Section(found[0].name, found[0].title, (warning, *found[0].blocks))
    return found


def _row(one: Counted, year: int, scanned: Scanned) -> tuple[Cell, ...]:
    """Return a line of the form; a year before anything was kept has no number."""
    line = one.line
    years = range(year - 1, year - 1 - len(one.earlier), -1)
    earlier: list[Cell] = [
        number if before >= scanned.since else NOT_KEPT
        for before, number in zip(years, one.earlier, strict=True)
    ]
    return (
        line.label,
        one.number,
        *earlier,
        line.line_id if one.matters else "",
        KNOWN[line.verified],
    )


def _skew(year: Year) -> tuple[Sentences, ...]:
    """Warn of a year in which one case has most of the queries: the trap of published figures."""
    confirmed = [one for one in year.matters if _confirmed_in(one, year.year)]
    total = sum(one.queries for one in confirmed)
    largest = max(confirmed, key=lambda one: one.queries, default=None)
    if largest is None or total < SKEWED_LEAST or 2 * largest.queries <= total:
        return ()
    rest = counted_words(len(confirmed) - 1, "case")
    said = (
        f"{largest.queries:,} of the {total:,} queries are of one case, {largest.matter_id}; the "
        f"other {rest} have {total - largest.queries:,}. A number of queries beside other "
        "agencies' numbers of cases misleads: name both."
    )
    return (Sentences((said,), "notice"),)


def _confirmed_in(matter: Matter, year: int) -> bool:
    """Tell whether a case was confirmed in a year."""
    return matter.result == "confirmed" and matter.concluded[:4] == str(year)


def _unsettled_section(open_points: Sequence[Unsettled], filing: Filing) -> Section:
    """Return what must be settled, and why it is filed all the same."""
    said = tuple(
        f"{one.matter_id}: {one.problem}." if one.matter_id else f"{one.problem.capitalize()}."
        for one in open_points
    )
    despite = (Sentences((f"Filed all the same: {harmless(filing.despite, 600)}",), "notice"),)
    blocks = (Sentences(said, "list"), *(despite if filing.despite else ())) if said else ()
    return Section("unsettled", "To be settled", blocks)


def _cases_section(year: Year, masker: Masker) -> Section:
    """Return the cases of the year."""
    columns = (
        Column("case", "Case", short=True),
        Column("kind", "Kind"),
        Column("opened", "Opened", short=True),
        Column("concluded", "Concluded", short=True),
        Column("result", "Result"),
        Column("persons", "Persons"),
        Column("queries", "Queries", number=True),
        Column("outcomes", "Outcomes", prose=True),
        Column("findings", "Findings"),
    )
    rows = tuple(_case(one, year.year, masker) for one in year.matters)
    table = Table("cases", "Cases as they stood at the end of the year", columns, rows, "case")
    return Section("cases", "The cases", (table,))


def _case(matter: Matter, year: int, masker: Masker) -> tuple[Cell, ...]:
    """Return one case as it stood at the end of the year: what came later is another year's."""
    ended = bool(matter.concluded) and matter.concluded < str(year + 1)
    taken = [one for one in matter.taken if one.day < str(year + 1)]
    outcomes = [
        f"{masker.name('operator', one.operator_id)}: {one.action.replace('_', ' ')}, {one.day}"
        for one in taken
    ]
    return (
        matter.matter_id,
        KINDS[matter.registered],
        matter.opened,
        matter.concluded if ended else "",
        RESULTS[matter.result if ended else ""],
        ", ".join(masker.name("operator", who) for who in matter.operator_ids) if ended else "",
        matter.queries if ended else 0,
        "; ".join(outcomes),
        ", ".join(matter.finding_ids),
    )


def _lists_section(year: Year) -> Section:
    """Return the list behind each number."""
    columns = (
        Column("line", "Line"),
        Column("label", "Counts"),
        Column("cases", "Cases", link="case"),
    )
    rows: list[tuple[Cell, ...]] = []
    for _, lines in year.counted:
        for one in lines:
            for start in range(0, len(one.matters), LIST_MAX):
                more = f"-{start // LIST_MAX + 1}" if start else ""
                cases = ", ".join(one.matters[start : start + LIST_MAX])
                rows.append((one.line.line_id + more, one.line.label, cases))
    table = Table("lists", "The cases behind each line", columns, tuple(rows), "list")
    return Section("lists", "What each number counts", (table,))


def _about_section(form: Form, year: Year, scanned: Scanned, filing: Filing) -> Section:
    """Say what the numbers rest on, and who answers for them."""
    days = (date(year.year + 1, 1, 1) - date(year.year, 1, 1)).days
    rests = f"{scanned.nights:,} of the {days} nights of {year.year} were scanned."
    if not scanned.nights:
        rests = f"No night of {year.year} was scanned: the numbers rest on the register alone."
    said = (
        rests,
        f"{NOT_KEPT!r} stands for a year before {scanned.since}, of which nothing is kept here.",
        "A case counts in the year of its conclusion, an outcome in the year of its own day.",
        "A person counts once in a line; one person can stand in several lines of outcomes.",
    )
    signed = (
        f"Final, version {filing.version}, filed on {filing.day}.",
        f"Prepared by {harmless(filing.preparer, NAME_MAX)}.",
        f"Approved by {harmless(filing.approver, NAME_MAX)}.",
    )
    draft = (f"Draft. A final report names who prepared and who approved it ({form.form_id}).",)
    blocks = (Sentences(said), Sentences(signed if filing.version else draft, "list"))
    return Section("basis", "What it rests on, who answers for it", blocks)
