"""From the figures of several trails to the tables that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from auditwatch.core.errors import UsageError
from auditwatch.evaluate.sheets import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditwatch.evaluate.outcome import Outcome

__all__ = ["poisson_interval", "recall_curve", "summarise", "wilson"]

CONFIDENCE: Final = 0.95
KINDS: Final = ("all", "view", "role", "shift", "tenure", "unit")
FILLERS: Final = {
    "leading": (
        "What leads the findings within the budget",
        "about: of these, about an episode; precision: their share, with its Wilson interval.",
    ),
    "habit": (
        "What fills the budget, by honest habit",
        "The habit that most of a finding's honest lookups came of.",
    ),
}
LEAST_EXPECTED: Final = 0.5  # alerts; a group with less stated than this says nothing


def wilson(found: int, of: int) -> tuple[float, float] | None:
    """Return the 95 % Wilson score interval of a share; None of nothing.

    Notes
    -----
    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927.
    """
    if not of:
        return None
    interval = stats.binomtest(found, of).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean (Garwood, Biometrika 1936)."""
    outside = (1 - CONFIDENCE) / 2
    low = stats.chi2.ppf(outside, 2 * count) / 2 if count else 0.0
    return float(low), float(stats.chi2.ppf(1 - outside, 2 * count + 2) / 2)


def summarise(outcomes: Sequence[Outcome]) -> list[Sheet]:
    """Return all tables, the most important first.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One for each trail, one at least.

    Raises
    ------
    UsageError
        ``AW-EVAL-010`` when nobody misused anything in any of them.
    """
    if not any(len(one.episodes) for one in outcomes):
        raise UsageError(
            "nobody misused anything: there is nothing to find",
            code="AW-EVAL-010",
            expected="at least one episode in all the cities together",
            hint="take more --operators, more --days, or more --seeds",
        )
    sheets = [
        _trails(outcomes),
        _recall(outcomes, "scenario"),
        _ways(outcomes),
        _fillers(outcomes, "leading"),
        _alerts(outcomes),
        _chances(outcomes),
    ]
    episodes = _stacked(outcomes, "episodes")
    if episodes["intensity"].any():
        sheets.insert(2, _recall(outcomes, "intensity"))
    if _stacked(outcomes, "queue")["habit"].any():
        sheets.insert(-2, _fillers(outcomes, "habit"))
    if any(one.abrupt is not None for one in outcomes):
        sheets.append(_poisoning(outcomes))
    return [*sheets, _episodes(episodes)]


def _stacked(outcomes: Sequence[Outcome], name: str) -> pd.DataFrame:
    """Return one table of all trails."""
    tables: list[pd.DataFrame] = [getattr(one, name) for one in outcomes]
    return pd.concat(tables, ignore_index=True)


def _trails(outcomes: Sequence[Outcome]) -> Sheet:
    """Tell what was run."""
    columns = [Column("trail", "text"), *map(Column, ("operators", "nights", "lookups"))]
    columns += [Column("episodes"), Column("budget"), Column("found"), Column("first N")]
    columns += [Column("anywhere"), Column("lost")]
    rows: list[tuple[Any, ...]] = []
    for one in outcomes:
        rank = one.episodes["rank"]
        size = (one.trail, one.operators, one.nights, one.lookups, len(rank), one.budget)
        found = tuple(int((rank <= limit).sum()) for limit in (one.budget, len(rank)))
        rows.append((*size, *found, int(rank.notna().sum()), one.missing))
    if any(one.agreement is not None for one in outcomes):
        columns.append(Column("stable", "share"))
        rows = [(*row, one.agreement) for row, one in zip(rows, outcomes, strict=True)]
    note = (
        "budget: findings that reviewers can read in all the nights; found: episodes within it; "
        "first N: within as many findings as there are episodes; lost: lines of the truth that "
        "the trail lacks."
    )
    if any(one.agreement is not None for one in outcomes):
        note += " stable: what the budget keeps when one lookup in a hundred goes (Jaccard)."
    return Sheet("trails", "What was run", tuple(columns), tuple(rows), note)


def _recall(outcomes: Sequence[Outcome], by: str) -> Sheet:
    """Tell what was found, by scenario or intensity."""
    episodes = pd.concat(
        [one.episodes.assign(budget=one.budget, first=len(one.episodes)) for one in outcomes],
        ignore_index=True,
    )
    columns = (
        Column(by, "text"), Column("n"), Column("found"), Column("recall", "share"),
        Column("95 %", "range"), Column("first N"), Column("any"), Column("weekly"),
        Column("nights", "number"), Column("looks", "number"), Column("right", "share"),
    )  # fmt: skip
    rows = [_recall_row(str(name), part) for name, part in episodes.groupby(by, sort=True)]
    mean = float(np.mean([row[3] for row in rows]))
    rows.append(_recall_row("all", episodes))
    rows.append((f"mean over {by}", None, None, mean, *[None] * 7))
    note = (
        "found: within the budget; first N: within as many findings as the trail has episodes; "
        "any: anywhere in the queue; weekly: read when each week's most pressing findings are read "
        "once; nights, looks: median from its first lookup until it stood within the budget so "
        "far, the lookups made by then; right: of those found, led by a view or rule that fits. "
        "A finding counts for an episode when a fifth of its lookups are the episode's. "
        "Wilson intervals."
    )
    told = note if by == "scenario" else "Columns as by scenario."
    return Sheet(f"recall_by_{by}", f"Episodes found, by {by}", columns, tuple(rows), told)


def _recall_row(name: str, part: pd.DataFrame) -> tuple[Any, ...]:
    """Return one line of `_recall`."""
    within = part["rank"] <= part["budget"]
    found = int(within.sum())
    judged = part.loc[within, "right"].dropna()
    return (
        name,
        len(part),
        found,
        found / len(part),
        wilson(found, len(part)),
        int((part["rank"] <= part["first"]).sum()),
        int(part["rank"].notna().sum()),
        int(part["read_nights"].notna().sum()),
        _median(part.loc[within, "seen_nights"]),
        _median(part.loc[within, "seen_lookups"]),
        float(judged.astype(bool).mean()) if len(judged) else None,
    )


def _median(values: pd.Series[Any]) -> float | None:
    """Return the median of what is known."""
    known = values.dropna().astype(float)
    return float(known.median()) if len(known) else None


def _ways(outcomes: Sequence[Outcome]) -> Sheet:
    """Set the queue beside what a user would write."""
    ways, precise = _stacked(outcomes, "ways"), _stacked(outcomes, "precise")
    columns = (
        Column("way", "text"), Column("found"), Column("recall", "share"), Column("95 %", "range"),
        Column("first N", "share"), Column("precision", "share"), Column("prec 95 %", "range"),
        Column("touched", "share"),
    )  # fmt: skip
    rows = []
    for way, part in ways.groupby("way", sort=False):
        found = int((part["rank"] <= part["budget"]).sum())
        own = precise[precise["way"] == way]
        about, listed = int(own["about"].sum()), int(own["listed"].sum())
        first = float((part["rank"] <= part["episodes"]).mean())
        touched = float((part["touched"] <= part["budget"]).mean())
        share, interval = about / listed if listed else None, wilson(about, listed)
        ours = (found, found / len(part), wilson(found, len(part)))
        rows.append((str(way), *ours, first, share, interval, touched))
    note = (
        "touched: episodes of which the budget holds at least one lookup, however much else is "
        "around it; precision: of what stands within the budget, about some episode."
    )
    return Sheet("ways", "The same trails put in order otherwise", columns, tuple(rows), note)


def _fillers(outcomes: Sequence[Outcome], by: str) -> Sheet:
    """Tell what stands within the budget, by what leads it or by honest habit."""
    queue = _stacked(outcomes, "queue")
    queue = queue.assign(habit=queue["habit"].where(queue["habit"] != "", "misuse alone"))
    total = sum(len(one.queue) for one in outcomes)
    keys = ["kind", by] if by == "leading" else [by]
    columns = (
        *(Column(key, "text") for key in keys), Column("findings"), Column("of budget", "share"),
        Column("about"), Column("precision", "share"), Column("95 %", "range"),
    )  # fmt: skip
    counted = queue.groupby(keys, sort=True)["about"].agg(["size", "sum"]).reset_index()
    counted = counted.sort_values("size", ascending=False, kind="stable")
    cells = [tuple(row[: len(keys)]) for row in counted.itertuples(index=False)]
    sizes = zip(counted["size"].tolist(), counted["sum"].tolist(), strict=True)
    rows = [
        (*name, size, size / total, about, about / size, wilson(about, size))
        for name, (size, about) in zip(cells, sizes, strict=True)
    ]
    return Sheet(f"budget_by_{by}", FILLERS[by][0], columns, tuple(rows), FILLERS[by][1])


def _alerts(outcomes: Sequence[Outcome]) -> Sheet:
    """Set stated beside realised false alerts."""
    rows = [*_alert_rows(_stacked(outcomes, "alerts"))]
    columns = (
        Column("by", "text"), Column("group", "text"), Column("decades", "number"),
        Column("nights"), Column("stated", "number"), Column("realised"),
        Column("ratio", "ratio"), Column("95 %", "span"), Column("once"),
        Column("ratio once", "ratio"),
    )  # fmt: skip
    note = (
        "A surprise of d decades is stated to come to one operator in 10^d on a night, in each "
        "view, and to no more than the view had a count of that could be a story. nights: "
        "operator-nights of people who misused nothing, after the nights that the scorer learns "
        "from; ratio: realised by stated, with the exact Poisson interval; once: the same story on "
        "several nights counted once."
    )
    if not rows:
        note = "No night had enough nights before it to learn from: nothing to compare."
    return Sheet("false_alerts", "Stated and realised false alerts", columns, tuple(rows), note)


def _alert_rows(alerts: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the groups of which something was stated, in the order of `false_alerts`."""
    keys = ["by", "group", "level_milli"]
    sums = alerts.groupby(keys, sort=False)[["operator_nights", "stated", "realised", "once"]].sum()
    rows = sorted(
        sums.reset_index().to_numpy().tolist(),
        key=lambda row: (KINDS.index(row[0]), row[2], row[1]),
    )
    for by, group, level, nights, stated, realised, once in rows:
        if stated < LEAST_EXPECTED:
            continue
        low, high = poisson_interval(int(realised))
        told = (int(realised), realised / stated, (low / stated, high / stated))
        yield (by, group, level / 1000, int(nights), float(stated), *told, int(once), once / stated)


def _chances(outcomes: Sequence[Outcome]) -> Sheet:
    """Set what is stated beside findings beside what came of it."""
    columns = (
        Column("decades", "number"), Column("findings"), Column("stated", "number"),
        Column("stated share", "share"), Column("realised"), Column("realised share", "share"),
        Column("95 %", "range"),
    )  # fmt: skip
    keys = ["stated", "findings", "share", "realised"]
    sums = _stacked(outcomes, "chances").groupby("level_milli", sort=True)[keys].sum()
    rows = []
    for level, stated, findings, shares, realised in sums.reset_index().to_numpy().tolist():
        count, honest = int(findings), int(realised)
        share = shares / count if count else None
        came = honest / count if count else None
        told = (float(stated), share, honest, came, wilson(honest, count))
        rows.append((level / 1000, count, *told))
    note = (
        "findings: a pattern of so many decades or more speaks for them; stated: how many of these "
        "chance alone was said to make; stated share: what stands beside them, on average; "
        "realised: those without any misused lookup, with the Wilson interval of their share."
    )
    return Sheet("chance", "Stated and realised share of chance", columns, tuple(rows), note)


def _poisoning(outcomes: Sequence[Outcome]) -> Sheet:
    """Tell what slow beginnings cost: the scorer may get used to what grows."""
    tables = [one.abrupt.assign(budget=one.budget) for one in outcomes if one.abrupt is not None]
    ranks = pd.concat(tables, ignore_index=True)
    columns = (
        Column("scenario", "text"), Column("n"), Column("found"), Column("recall", "share"),
        Column("found abrupt"), Column("recall abrupt", "share"), Column("cost", "number"),
    )  # fmt: skip
    parts = [*ranks.groupby("scenario", sort=True), ("all", ranks)]
    rows = [_poisoned(str(name), part) for name, part in parts if len(part)]
    note = (
        "abrupt: the same trail as if each episode had begun half-way through its nights, so that "
        "nothing could get used to it; cost: recall abrupt less recall, in hundredths. Below zero "
        "the beginnings helped to find it. Episodes of one night are left out."
    )
    return Sheet("poisoning", "What slow beginnings cost", columns, tuple(rows), note)


def _poisoned(name: str, part: pd.DataFrame) -> tuple[Any, ...]:
    """Return one line of `_poisoning`."""
    found, abrupt = (
        int((part[column] <= part["budget"]).sum()) for column in ("rank", "abrupt_rank")
    )
    n = len(part)
    return (name, n, found, found / n, abrupt, abrupt / n, 100.0 * (abrupt - found) / n)


def _episodes(episodes: pd.DataFrame) -> Sheet:
    """List every episode."""
    columns = (
        Column("trail", "text"), Column("scenario", "text"), Column("episode", "text"),
        Column("lookups"), Column("rank"), Column("leading", "text"), Column("right", "text"),
    )  # fmt: skip
    rows = [
        (
            row["trail"], row["scenario"], row["episode"], row["lookups"],
            None if pd.isna(row["rank"]) else int(row["rank"]), row["leading"] or None,
            None if row["right"] is None or pd.isna(row["right"]) else _yes(row["right"]),
        )
        for row in episodes.to_dict("records")
    ]  # fmt: skip
    return Sheet("episodes", "Every episode", columns, tuple(rows))


def _yes(value: object) -> str:
    """Return yes or no."""
    return "yes" if value else "no"


def recall_curve(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return the share of episodes found by a share of the budget.

    Returns
    -------
    pd.DataFrame
        ``way, budget_share, recall``: at 1 the whole budget was read, at 2 twice as much.
    """
    ways = _stacked(outcomes, "ways")
    shares = np.linspace(0.0, 2.0, 101)
    parts = []
    for way, part in ways.groupby("way", sort=False):
        place = (part["rank"] / part["budget"]).to_numpy()
        recall = [(place <= share).mean() for share in shares]
        parts.append(pd.DataFrame({"way": way, "budget_share": shares, "recall": recall}))
    return pd.concat(parts, ignore_index=True)
