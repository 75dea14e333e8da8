"""``findings week``: what to read this week, and what chance would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from auditwatch.cli.show import count, emit_json, narrate, open_workspace, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.core.mask import Masker
    from auditwatch.findings.chance import Reading, Sampled
    from auditwatch.findings.model import Finding
    from auditwatch.findings.odds import Odds

__all__ = ["week"]

ASKING: Final = ("policy", "rule", "pattern")
OPEN: Final = ("open", "reopened")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
@click.pass_obj
def week(workspace: Path | None, /, *, as_json: bool) -> None:
    """List what to read this week: the most pressing findings, and a tenth drawn by lot.

    Beside a pattern stands about how many findings as strong chance alone would have made of all
    nights so far, and what share of the findings as strong that is. A rule states no odds. What was
    decided moves a rule or view by 0.7 decades at most. What is drawn by lot tells how many of all
    findings are true: read it like the others. What waits for a second person or an answer, or is
    under investigation, has been read and is left out.

    \b
    Examples:
      auditwatch findings week
    """
    from auditwatch.engine.lake import Lake
    from auditwatch.findings.chance import reading, sampled
    from auditwatch.findings.leaning import in_reading_order, leanings
    from auditwatch.findings.past import CONFIRMED
    from auditwatch.findings.store import Store
    from auditwatch.report.chances import odds_among, patterns_until

    place = open_workspace(workspace)
    with Store(place.database) as store:
        everything = store.findings(kinds=ASKING)
        decided = {name: word in CONFIRMED for name, word in store.dispositions().items()}
        in_hand = store.in_hand()
        odds = odds_among(patterns_until(store), Lake(place.lake), place)
    leans = leanings(everything, decided)
    unread = [one for one in everything if one.status in OPEN and one.finding_id not in in_hand]
    queue = in_reading_order(unread, leans)
    found = reading(queue, place.settings.review.findings_per_week)
    fair = sampled(everything, found.drawn, decided)
    masker = place.masker()
    rows = [
        _row(one, masker, why=why, odds=odds.get(one.finding_id), lean=leans.get(one.rule_id, 0))
        for one, why in _all(found)
    ]
    if as_json:
        emit_json({"read": rows, "drawn_so_far": _fair(fair)})
        return
    print_table(
        ("why", "priority", "decisions", "severity", "finding", "chance makes", "share", "title"),
        [[str(cell) for cell in row.values()] for row in map(_told, rows)],
    )
    narrate(f"{count(len(rows), 'finding')} of {len(queue):,} that are to be read; {_words(fair)}")
    shares = [row["chance_share"] for row in rows if row["chance_share"] is not None]
    if shares and min(shares) == 1:
        narrate(
            "chance alone makes as many as strong as each of these: so few nights and people tell "
            "nothing by numbers, so judge by what each says"
        )


def _all(found: Reading) -> list[tuple[Finding, str]]:
    """Return what to read, with why."""
    pressing = [(one, "pressing") for one in found.pressing]
    return [*pressing, *((one, "by lot") for one in found.drawn)]


def _row(
    finding: Finding, masker: Masker, *, why: str, odds: Odds | None, lean: int
) -> dict[str, Any]:
    """Return what is told of one finding."""
    return {
        "why": why,
        "priority": finding.priority,
        "decisions": lean,
        "severity": finding.severity,
        "finding_id": finding.finding_id,
        "chance_makes": round(odds.expected, 2) if odds else None,
        "chance_share": round(odds.share, 3) if odds else None,
        "title": masker.text(finding.title),
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a person reads it: decades, and a dash where nothing is stated."""
    makes, share = row["chance_makes"], row["chance_share"]
    return row | {
        "priority": f"{row['priority'] / 1000:.1f}",
        "decisions": f"{row['decisions'] / 1000:+.1f}" if row["decisions"] else "-",
        "chance_makes": "-" if makes is None else f"{makes:,.0f}" if makes >= 1 else f"{makes:.1g}",
        "chance_share": "-" if share is None else f"{share:.0%}",
    }


def _fair(fair: Sampled) -> dict[str, Any]:
    """Return what the lots have told so far, with a 95 % interval."""
    from auditwatch.evaluate.summary import wilson

    interval = wilson(fair.confirmed, fair.decided)
    return {
        "findings": fair.findings,
        "decided": fair.decided,
        "confirmed": fair.confirmed,
        "interval": [round(end, 3) for end in interval] if interval else None,
    }


def _words(fair: Sampled) -> str:
    """Return the same in words."""
    told = _fair(fair)
    if told["interval"] is None:
        return "of those whose lot came up none is decided yet"
    low, high = told["interval"]
    share = f"{fair.confirmed / fair.decided:.0%} (95 %: {low:.0%} to {high:.0%})"
    return (
        f"of {fair.findings:,} whose lot came up, {fair.decided:,} are decided and "
        f"{fair.confirmed:,} confirmed: of all findings about {share} are true"
    )
