"""The night in numbers: what every format of it says beside, or instead of, the cards."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from auditwatch.core.clock import zone
from auditwatch.core.schema import LOOKUPS, PAIR_NIGHTS
from auditwatch.core.words import harmless, long_day
from auditwatch.findings.model import SEVERITIES
from auditwatch.findings.past import CONFIRMED
from auditwatch.findings.sentences import counted
from auditwatch.report.account import LINES, account_of, verdict_shares
from auditwatch.report.backlog import backlog, clocks
from auditwatch.report.chances import night_chance, odds_among, patterns_until, share_said
from auditwatch.report.document import Column, Document, Section, Sentences, Table
from auditwatch.report.holes import is_hole
from auditwatch.report.nightseen import Seen, expected_sources, unit_nights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from auditwatch.config import Workspace
    from auditwatch.core.mask import Masker
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.model import Finding
    from auditwatch.findings.odds import Odds
    from auditwatch.findings.store import PublishedNight, Store
    from auditwatch.report.account import Account
    from auditwatch.report.document import Cell

__all__ = ["night_numbers", "night_paper"]

OPEN: Final = ("open", "reopened")
ASKING: Final = ("policy", "rule", "pattern")
USUAL_NIGHTS: Final = 28
RECENT: Final = 30  # days
TITLE_MAX: Final = 160


def night_paper(
    store: Store, lake: Lake, workspace: Workspace, night: str, masker: Masker
) -> Document:
    """Return a night as a paper: its account, its numbers and its queue.

    Parameters
    ----------
    store, lake, workspace : Store, Lake, Workspace
        Where findings and lookups are, and whose.
    night : str
        ISO date of a published night.
    masker : Masker
        Shows or masks identities; only the queue has any.

    Raises
    ------
    UsageError
        ``AW-FINDINGS-007`` when the night was not published.
    """
    published = store.night(night)
    missing = [one for one in store.findings(night=night, kinds=("gap",)) if is_hole(one)]
    account = account_of(night, lake, published.summary, missing)
    tonight = store.findings(night=night, kinds=ASKING)
    agency = workspace.settings.agency
    new = sum(one.finding_id in published.new for one in tonight)
    grown = sum(one.finding_id in published.grown for one in tonight)
    expected = expected_sources(lake, night, workspace.settings.sources)
    sections = (
        _account(account, published, expected),
        *night_numbers(store, lake, workspace, tonight, published),
        _gaps(store.findings(statuses=OPEN, kinds=("gap",)), masker),
        _queue(
            store.findings(statuses=OPEN, kinds=ASKING),
            odds_among(patterns_until(store), lake, workspace),
            masker,
        ),
    )
    return Document(
        kind="night",
        title=f"Night of {long_day(night)}",
        over=f"{harmless(agency.name, 80)}, {agency.ori}",
        lede=f"{counted(new, 'finding')} new, {grown:,} grown. "
        + ("Every line of the trail was read." if account.complete else "The trail has gaps."),
        sections=sections,
        foot=(
            f"Rules {published.rules_version}; model {published.model_id}.",
            f"Night {published.token}; run {published.run_id}.",
            f"Journal {store.journal_head()}.",
        ),
    )


def night_numbers(
    store: Store,
    lake: Lake,
    workspace: Workspace,
    tonight: list[Finding],
    published: PublishedNight,
) -> tuple[Section, ...]:
    """Return the sections that name nobody: hours, units, severities, rules, backlog, clocks."""
    night = published.night
    before = [one for one in lake.nights(LOOKUPS) if one < night][-USUAL_NIGHTS:]
    seen = Seen(lake, night, zone(workspace.settings.agency.timezone))
    return (
        Section(
            "hours",
            "Hour by hour, unit by unit",
            (
                *seen.counts(),
                *seen.hours(),
                seen.unit_hours(),
                unit_nights(lake, [*before, night]),
                _units(lake, night, before),
            ),
        ),
        Section(
            "tonight",
            "What asked tonight",
            (
                _severities(tonight, published),
                _reduction(tonight, published),
                night_chance(store, lake, workspace, published),
                _spoke(store, night, before, zone(workspace.settings.agency.timezone)),
            ),
        ),
        Section(
            "backlog",
            "The backlog",
            (*backlog(store.findings(statuses=OPEN, kinds=ASKING), night), *clocks(store, night)),
        ),
    )


def _account(
    account: Account, published: PublishedNight, expected: tuple[Table, Sentences]
) -> Section:
    """Return the account of every line, and what could not be judged."""
    columns = (
        Column("file", "File"),
        Column("lines", "Lines", number=True),
        *(Column(name, name.capitalize(), number=True) for name in LINES),
        Column("lookups", "Lookups", number=True),
        Column("adds_up", "Adds up"),
    )
    rows = tuple(
        (one.name, one.lines, *one.parts, one.lookups, "yes" if one.adds_up else "no")
        for one in account.sources
    )
    verdicts = tuple((one.words, one.lookups) for one in verdict_shares(published.summary))
    unseen = [
        *account.gaps,
        *(f"View {views} could not see: {why}." for views, why in account.blind),
        *(
            f"{counted(len(rules), 'rule')} could not decide: {why or 'reason not kept'}."
            for why, rules in account.undecided
        ),
        *(f"No table of {name} was given: {hides}." for name, hides in account.absent),
        *(f"Not mapped: {key} ({counted(number, 'lookup')})." for key, number in account.unmapped),
    ]
    words = (Column("verdict", "Verdict"), Column("lookups", "Lookups", number=True))
    return Section(
        "account",
        "Was the night complete?",
        (
            *expected,
            Table("sources", "Files with lookups of this night", columns, rows),
            Sentences(tuple(unseen), "list"),
            Table(
                "verdicts", f"{published.summary.lookups:,} lookups were judged", words, verdicts
            ),
        ),
    )


def _units(lake: Lake, night: str, before: list[str]) -> Table:
    """Return each unit's lookups beside what is usual for it, those furthest above first."""
    names = ["night", "operator_unit", "lookups"]
    rows = lake.read(PAIR_NIGHTS, [*before, night], names).to_pylist()
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["operator_unit"] or "no unit"][row["night"]] += row["lookups"]
    told = []
    for unit, nights in found.items():
        usual = [nights[one] for one in before]
        low, middle, high = _ranks(usual) if usual else (0, 0, 0)
        tonight = nights[night]
        above = "above" if usual and tonight > high else "below" if tonight < low else ""
        told.append((harmless(unit, 80), tonight, low, middle, high, above))
    columns = (
        Column("unit", "Unit"),
        Column("lookups", "Lookups", number=True),
        Column("low", "Usual: 5th", number=True),
        Column("middle", "median", number=True),
        Column("high", "95th percentile", number=True),
        Column("standing", "Stands"),
    )
    told.sort(key=lambda row: (row[5] != "above", -(row[1] - row[3]), row[0]))
    caption = f"Lookups with a subject, beside {counted(len(before), 'night')} before"
    return Table("units", caption, columns, tuple(told))


def _ranks(values: list[int]) -> tuple[int, int, int]:
    """Return the 5th, 50th and 95th percentile by nearest rank."""
    low, middle, high = np.percentile(values, [5, 50, 95], method="inverted_cdf")
    return int(low), int(middle), int(high)


def _severities(tonight: list[Finding], published: PublishedNight) -> Table:
    """Count findings with evidence of this night."""
    new, grown = set(published.new), set(published.grown)
    rows = tuple(
        (
            severity,
            sum(one.finding_id in new for one in tonight if one.severity == severity),
            sum(one.finding_id in grown for one in tonight if one.severity == severity),
        )
        for severity in reversed(SEVERITIES)
    )
    columns = (
        Column("severity", "Severity"),
        Column("new", "New", number=True),
        Column("grown", "Grown", number=True),
    )
    return Table("severities", "Findings with evidence of this night", columns, rows)


def _reduction(tonight: list[Finding], published: PublishedNight) -> Sentences:
    """Say how small a part of the night anybody is asked to look at."""
    new = set(published.new)
    named = {event for one in tonight if one.finding_id in new for event in one.event_ids}
    judged = published.summary.lookups
    share = f", {100 * len(named) / judged:.1f} % of {judged:,} judged" if judged else ""
    return Sentences((f"New findings name {counted(len(named), 'lookup')}{share}.",))


def _spoke(store: Store, night: str, before: list[str], local: ZoneInfo) -> Table:
    """Return what spoke tonight, beside how often it does and what reviewers made of it."""
    spoken = store.spoke(min([*before, night]), night)
    since = (date.fromisoformat(night) - timedelta(days=RECENT)).isoformat()
    decided, recent = Counter[str](), Counter[str]()
    right, recently_right = Counter[str](), Counter[str]()
    for rule, review in store.decided_rules():
        told = datetime.fromisoformat(review.at).astimezone(local).date().isoformat() > since
        decided[rule] += 1
        right[rule] += review.disposition in CONFIRMED
        recent[rule] += told
        recently_right[rule] += told and review.disposition in CONFIRMED
    rows: list[tuple[Cell, ...]] = []
    for name in sorted({one[1] for one in spoken if one[0] == night}):
        by_night = {one[0]: one for one in spoken if one[1] == name}
        usual = [by_night[one][2] if one in by_night else 0 for one in before]
        rows.append((
            harmless(name, 80), by_night[night][2], by_night[night][3],
            _ranks(usual)[1] if usual else "no night before",
            right[name], decided[name], recently_right[name], recent[name],
        ))  # fmt: skip
    rows.sort(key=lambda row: (-int(row[1]), str(row[0])))
    columns = (
        Column("rule", "Rule, statement or view"),
        Column("findings", "Findings", number=True),
        Column("lookups", "Lookups", number=True),
        Column("usual", "Usual findings", number=True),
        Column("confirmed", "Confirmed", number=True),
        Column("decided", "of decided", number=True),
        Column("confirmed_lately", "Lately confirmed", number=True),
        Column("decided_lately", "of decided", number=True),
    )
    caption = f"What spoke tonight, and what reviewers made of it: ever, and lately, after {since}"
    return Table("rules", caption, columns, tuple(rows))


def _gaps(gaps: list[Finding], masker: Masker) -> Section:
    """Return what is missing from the trail and open."""
    columns = (Column("finding", "Finding"), Column("night", "Night"), Column("title", "Gap"))
    rows = tuple(
        (one.finding_id, one.night, harmless(masker.text(one.title), TITLE_MAX)) for one in gaps
    )
    return Section("gaps", "Gaps", (Table("gaps", "Open gaps", columns, rows),))


def _queue(queue: list[Finding], odds: Mapping[str, Odds], masker: Masker) -> Section:
    """Return the whole queue, a row a finding."""
    columns = (
        Column("rank", "Rank", number=True),
        Column("finding", "Finding", short=True),
        Column("severity", "Severity"),
        Column("priority", "Priority", number=True),
        Column("night", "Last night", short=True),
        Column("lookups", "Lookups", number=True),
        Column("chance", "Chance"),
        Column("title", "Question", prose=True),
    )
    rows = tuple(
        (
            rank,
            one.finding_id,
            one.severity,
            f"{one.priority / 1000:.1f}",
            one.night,
            len(one.event_ids),
            share_said(odds.get(one.finding_id)),
            harmless(masker.text(one.title), TITLE_MAX),
        )
        for rank, one in enumerate(queue, start=1)
    )
    caption = (
        "Open findings, the most pressing first; priority in decades; chance: what share "
        "of the findings as strong chance alone would have made, of patterns only"
    )
    return Section("queue", "The queue", (Table("queue", caption, columns, rows),))
