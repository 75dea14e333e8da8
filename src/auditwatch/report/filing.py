"""Making a year's report: draft at any time, final once, in two persons' names, on the record."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from auditwatch.core import clock
from auditwatch.core.errors import UsageError
from auditwatch.findings.matters import decided_matters, registered_matters
from auditwatch.report.annual import Unsettled, count_year, unsettled
from auditwatch.report.annualpaper import Filing, Scanned, annual_paper

if TYPE_CHECKING:
    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.findings.matters import Matter
    from auditwatch.findings.store import Store
    from auditwatch.report.annual import Year
    from auditwatch.report.document import Document
    from auditwatch.report.form import Form

__all__ = ["annual_document"]

FILED: Final = re.compile(r"(?P<form>\S+) (?P<year>\d{4}) version (?P<version>\d+)\b")


def annual_document(
    store: Store,
    workspace: Workspace,
    form: Form,
    year: int,
    *,
    masker: Masker,
    asked: Filing | None,
    actor: str,
) -> Document:
    """Return the report of a year; a final one is put on record before it is shown.

    Parameters
    ----------
    store, workspace, form, year
        Whose year, and what is counted.
    masker : Masker
        Shows or masks persons.
    asked : Filing or None
        For a final: preparer, approver and why in spite of what is unsettled; None for a draft.
    actor : str
        Whose account asks.

    Raises
    ------
    UsageError
        ``AW-REPORT-005`` a final without two different persons; ``-006`` with something unsettled.

    Notes
    -----
    The same numbers in the same two names are the same version, however often it is written;
    other numbers are a new one, and the journal keeps the digests of all.
    """
    zone = clock.zone(workspace.settings.agency.timezone)
    register = registered_matters(store.register(zone))
    within = {name for one in register for name in one.finding_ids}
    reviewed, standing = store.reviewed(form.confirming)
    matters = [*register, *decided_matters(reviewed, form.confirming, within, zone)]
    counted = count_year(form, matters, year)
    scanned = _scanned(list(store.night_tokens()), matters, year)
    points = unsettled(form, counted, standing, clock.now().astimezone(zone).date())
    points += _nothing_kept(scanned, year)
    filing = Filing(digest=_digest(form, counted))
    if asked is not None:
        _refuse_final(asked, points, year)
        filing = _filed(store, form, year, replace(asked, digest=filing.digest), actor)
        day = datetime.fromisoformat(filing.day).astimezone(zone).date().isoformat()
        filing = replace(filing, day=day)
    agency = workspace.settings.agency
    return annual_paper(
        form,
        counted,
        open_points=points,
        filing=filing,
        agency=agency,
        scanned=scanned,
        masker=masker,
    )


def _scanned(nights: list[str], matters: list[Matter], year: int) -> Scanned:
    """Return what the installation knows of years."""
    first = min([*nights, *(one.opened for one in matters)], default=str(year))
    return Scanned(sum(night[:4] == str(year) for night in nights), int(first[:4]))


def _nothing_kept(scanned: Scanned, year: int) -> list[Unsettled]:
    """Return that zeros are no answer for a year of which nothing can be known here."""
    if year >= scanned.since:
        return []
    return [Unsettled(str(year), f"nothing from before {scanned.since} is kept here")]


def _refuse_final(asked: Filing, points: list[Unsettled], year: int) -> None:
    """Refuse a final that one person made alone, or that leaves something open in silence."""
    preparer, approver = asked.preparer.strip(), asked.approver.strip()
    if not preparer or not approver or preparer.casefold() == approver.casefold():
        raise UsageError(
            "a final report needs two persons",
            code="AW-REPORT-005",
            expected="--final --preparer NAME --approver ANOTHER",
        )
    if any(not one.matter_id for one in points):
        raise UsageError(
            "this year is not over",
            code="AW-REPORT-006",
            where=str(year),
            hint="write a draft, or wait for its end",
        )
    if points and not asked.despite.strip():
        raise UsageError(
            f"{len(points)} points of this year are not settled",
            code="AW-REPORT-006",
            where=str(year),
            hint='read them in the draft; settle them, or file with --despite "why"',
        )


def _filed(store: Store, form: Form, year: int, asked: Filing, actor: str) -> Filing:
    """Return the filing as the journal has it, after it was put there if it was not."""
    names = f"prepared by {asked.preparer.strip()}, approved by {asked.approver.strip()}"
    despite = f", despite what is unsettled: {asked.despite.strip()}" if asked.despite else ""
    content = f"sha256 {asked.digest}, {names}{despite}"
    before = [
        (int(found["version"]), one)
        for one in store.filed()
        if (found := FILED.match(one.detail))
        and (found["form"], found["year"]) == (form.form_id, str(year))
    ]
    version, last = before[-1] if before else (0, None)
    if last is None or not last.detail.endswith(content):
        version += 1
        detail = f"{form.form_id} {year} version {version}: {content}"
        last = store.told(actor, "file", detail)
    return replace(asked, version=version, day=last.at)


def _digest(form: Form, year: Year) -> str:
    """Return the SHA-256 of the numbers and of the cases behind them."""
    lines = [
        (one.line.line_id, one.number, one.matters) for _, part in year.counted for one in part
    ]
    matters = [msgspec.to_builtins(one) for one in year.matters]
    content = msgspec.json.encode([form.form_id, year.year, lines, matters])
    return hashlib.sha256(content).hexdigest()
