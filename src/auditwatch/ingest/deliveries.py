"""Files of one source side by side: columns that are no longer exported, clocks that differ."""

from __future__ import annotations

import json
import re
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.findings.gaps import Gap
from auditwatch.ingest.profile import ROWS_LEAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["SKEW_COLUMNS", "clock_skew", "feed_of", "stopped_columns"]

#: What changes in a file's name from one delivery to the next: dates, numbers, months, endings.
PASSING: Final = re.compile(
    r"\.(gz|csv|jsonl?|txt|log|xml|xlsx|parquet)(?=\.|$)|\d+"
    r"|(?<![a-z])(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?"
    r"|sep(t|tember)?|oct(ober)?|nov(ember)?|dec(ember)?)(?![a-z])|[^a-z]+",
    re.IGNORECASE,
)
#: Columns of LOOKUPS that `clock_skew` reads.
SKEW_COLUMNS: Final = (
    "operator_id",
    "subject_id",
    "system",
    "transaction",
    "event_time",
    "source_id",
)
SAME: Final = ("operator_id", "subject_id", "system", "transaction")
PAIRS_LEAST: Final = 20
SKEW_LEAST: Final = 5.0  # seconds
SKEW_MOST: Final = 86_400.0
SCATTER: Final = 2.0  # seconds between the quartiles that any two loggers may have


def feed_of(source: Mapping[str, Any], source_of: Mapping[str, str]) -> str:
    """Return which row of deliveries a file continues.

    Parameters
    ----------
    source : mapping
        A row of SOURCES.
    source_of : mapping of str to str
        File (source_id) to the name of its source in the settings.

    Returns
    -------
    str
        That name; else the file's own name without dates and numbers, with its format.
    """
    if name := source_of.get(source["source_id"]):
        return name
    words = " ".join(PASSING.sub(" ", str(source["name"]).lower()).split())
    return f"{words or 'files'} ({source['format']})"


def stopped_columns(
    night: str,
    sources: Iterable[Mapping[str, Any]],
    source_of: Mapping[str, str],
    faded: Mapping[str, Mapping[str, str]],
) -> list[Gap]:
    """Find fields that say less in the delivery of this night than in the one before.

    Parameters
    ----------
    night : str
        ISO date; files of which this is the first night are looked at.
    sources : iterable of mapping
        Rows of SOURCES.
    source_of : mapping of str to str
        File (source_id) to the name of its source in the settings.
    faded : mapping of str to mapping
        File to its fields that are masked or hold one value in all records, with a sentence each.

    Returns
    -------
    list of Gap
        ``stopped_column``: exported before and not now, one for each source; ``faded_column``:
        told apart before, and masked or all the same now.
    """
    feeds: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for source in sources:
        if source["first_night"] and source["first_night"] <= night:
            feeds.setdefault((feed_of(source, source_of), source["format"]), []).append(source)
    found = []
    for (feed, _), files in sorted(feeds.items()):
        files.sort(key=lambda one: (one["first_time"], one["source_id"]))
        for before, after in pairwise(files):
            if after["first_night"] != night:
                continue
            if stopped := sorted(_exported(before) - _exported(after)):
                found.append(_stopped(feed, before["name"], after["name"], stopped))
            told, known = (faded.get(one["source_id"], {}) for one in (after, before))
            found += [
                _faded(feed, before["name"], after["name"], told[name])
                for name in sorted(told.keys() & _exported(before) - known.keys())
                if before["records"] >= ROWS_LEAST or _masked(after, name)
            ]
    return found


def _masked(source: Mapping[str, Any], field: str) -> bool:
    """Tell whether any record of a file holds a mask in a field."""
    states = json.loads(source["field_states"]).get(field)
    return isinstance(states, dict) and bool(states.get("masked"))


def _exported(source: Mapping[str, Any]) -> set[str]:
    """Return the fields that a file has at all."""
    states = json.loads(source["field_states"])
    return {name for name, state in states.items() if state != "not_exported"}


def _stopped(feed: str, before: str, after: str, fields: Sequence[str]) -> Gap:
    """Put stopped columns into words."""
    names, verb = ", ".join(fields), "is" if len(fields) == 1 else "are"
    return Gap(
        kind="stopped_column",
        about=(feed, *fields),
        place=f"{names}, {feed}",
        says=f"{after} has no {names}; {before}, the delivery before, had. Rules that need what "
        f"{verb} missing cannot decide from here on.",
    )


def _faded(feed: str, before: str, after: str, told: str) -> Gap:
    """Put a column that says less into words."""
    name = told.partition(":")[0]
    return Gap(
        kind="faded_column",
        about=(feed, name),
        place=f"{name}, {feed}",
        says=f"In {after}, {told}. It was not so in {before}, the delivery before.",
    )


def clock_skew(rows: pa.Table, feeds: Mapping[str, str]) -> list[Gap]:
    """Find two sources that tell the same lookups at times that differ.

    Parameters
    ----------
    rows : pa.Table
        `SKEW_COLUMNS` of one night.
    feeds : mapping of str to str
        File (source_id) to the name of its source, as from `feed_of`.

    Returns
    -------
    list of Gap
        ``clock_skew``, one for each two sources.

    Notes
    -----
    A lookup is the same when operator, subject, system and transaction are, and each source has it
    once that night. Twenty such lookups are asked for, a median difference of more than five
    seconds, and quartiles that lie closer together than that: people who look again do not do so
    after the same time each time. The lookups keep their times and their `time_quality`: which of
    the two clocks is wrong, nobody knows.
    """
    names = sorted({feeds[one] for one in pc.unique(rows["source_id"]).to_pylist() if one in feeds})
    if len(names) < 2:
        return []
    files = {name: [key for key, feed in feeds.items() if feed == name] for name in names}
    once = {name: _once(rows, files[name]) for name in names}
    found = []
    for one, other in combinations(names, 2):
        right = once[other].rename_columns([*SAME, "time_other"])
        both = once[one].join(right, keys=list(SAME), join_type="inner")
        if both.num_rows < PAIRS_LEAST:
            continue
        times = (both[name].to_numpy().astype(np.float64) for name in ("time", "time_other"))
        seconds = np.subtract(*times) / 1e6
        low, middle, high = np.percentile(seconds, [25, 50, 75])
        if SKEW_LEAST < abs(middle) < SKEW_MOST and high - low < max(SCATTER, abs(middle) / 2):
            found.append(_skew(one, other, float(middle), both.num_rows))
    return found


def _once(rows: pa.Table, files: Sequence[str]) -> pa.Table:
    """Return the lookups that some files tell once, with their time in microseconds."""
    mine = pc.is_in(rows["source_id"].cast(pa.string()), value_set=pa.array(files, pa.string()))
    own = rows.filter(mine)
    plain = {name: pc.fill_null(own[name].cast(pa.string()), "") for name in SAME}
    table = pa.table({**plain, "time": own["event_time"].cast(pa.int64())})
    table = table.filter(pc.not_equal(table["subject_id"], ""))
    counted = table.group_by(list(SAME)).aggregate([("time", "min"), ([], "count_all")])
    single = counted.filter(pc.equal(counted["count_all"], 1))
    return single.select([*SAME, "time_min"]).rename_columns([*SAME, "time"])


def _skew(one: str, other: str, seconds: float, lookups: int) -> Gap:
    """Put a skew into words."""
    ahead, behind = (one, other) if seconds > 0 else (other, one)
    return Gap(
        kind="clock_skew",
        about=(one, other),
        place=f"{ahead} ahead of {behind} by {abs(seconds):,.0f} s",
        says=f"{ahead} tells the same lookups {abs(seconds):,.1f} s later than {behind}: the "
        f"median of {lookups:,} lookups that both have once. Times of the two cannot be compared "
        "to the second.",
    )
