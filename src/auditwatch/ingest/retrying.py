"""Refused records that can be read now, because a setting, a mapping or the program changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.errors import UsageError
from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.ingest.completing import Fuller, complete
from auditwatch.ingest.contradictions import Contradictions, gaps_of
from auditwatch.ingest.known import Known
from auditwatch.ingest.ledger import Account
from auditwatch.ingest.settling import Settled, settle
from auditwatch.ingest.sources import account_of, count_heads

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.settling import Followers
    from auditwatch.ingest.spans import Flags, Ints
    from auditwatch.ingest.staging import Staged

__all__ = ["Retried", "retry_staged"]


@dataclass(frozen=True)
class Retried:
    """What reading refused records again came to.

    Parameters
    ----------
    account : dict
        The source's account as it is now.
    added : int
        Records that were added to the lake.
    known : int
        Records that turned out to be duplicates of stored ones.
    left : int
        Records that are still refused.
    """

    account: dict[str, Any]
    added: int
    known: int
    left: int


def retry_staged(staged: Staged, folder: Path, followers: Followers, lake: Lake) -> Retried:
    """Add what is readable now of a source's refused records.

    Only records that stand wholly in refused lines are taken: what was accepted stays as it was
    read. Doing it again, after a crash or by mistake, changes nothing.

    Parameters
    ----------
    staged : Staged
        The same file as it is read now.
    folder : Path
        Where its records are.
    followers : Followers
        For folding.
    lake : Lake
        Where the source was stored.

    Returns
    -------
    Retried
        The account after it.

    Raises
    ------
    UsageError
        ``AW-INGEST-033`` when this very file was never stored.
    """
    token = staged.source_id
    before = lake.pick(SOURCES, "source_id", [token]).select(SOURCES.names)
    if not before.num_rows:
        raise UsageError(
            "this file is not among those that were read",
            code="AW-INGEST-033",
            where=staged.name,
            expected="the very bytes that were read when its records were refused",
            hint="read it as a new file: auditwatch ingest FILE",
        )
    refused = lake.pick(REJECTS, "source_id", [token]).select(REJECTS.names)
    lines = _lines(refused)
    known = Known(lake, staged, retried=lines)
    found = []
    contradicted = Contradictions()
    for night in settle(staged, folder, followers):
        contradicted.update(night.contradicted)
        found.append(_within(night, lines))
    new = [known.new_of(one) for one in found if one.rows.num_rows]
    for fresh in new:
        contradicted.update(fresh.contradicted)
    now_read = _lines_of(found)
    left = refused.filter(pa.array(~np.isin(refused["line"].to_numpy(), now_read)))
    rows = [one.rows for one in new]
    work = f"{token}:{hashlib.sha256(now_read.tobytes()).hexdigest()}"
    fuller = Fuller(lake, work)
    for one in new:
        fuller.add(one.fuller)
    added = int(sum(one.lines.sum() for one in new))
    source = before  # as a run that was stopped after it left it
    if not lake.has(SOURCES, work):
        source = _source(before, rows, added, len(now_read) - added, left)
    if len(now_read):
        with lake.adding(LOOKUPS, work) as addition:
            for part in rows:
                addition.add(part)
        _note(gaps_of(contradicted), work, lake)
        lake.replace_source(SOURCES, source, token, work)
        lake.replace_source(REJECTS, left, token, work)
        complete(lake, followers)
    reasons = {one["values"]: one["counts"] for one in _counted(left)}
    count = sum(part.num_rows for part in rows)
    duplicates = sum(one.rows.num_rows + one.repeated.shape[1] for one in found) - count
    return Retried(account_of(source, reasons), count, duplicates, left.num_rows)


def _note(gaps: pa.Table, work: str, lake: Lake) -> None:
    """Add what was not noted yet; the copies that both were readable from the start were."""
    stored = lake.pick(GAPS, "source_id", gaps["source_id"].unique().to_pylist())
    told = set(stored["detail"].to_pylist())
    fresh = gaps.filter(pa.array([one not in told for one in gaps["detail"].to_pylist()]))
    if fresh.num_rows:
        lake.append(GAPS, fresh, work)


def _counted(rejects: pa.Table) -> list[dict[str, Any]]:
    """Return reason codes and how often each stands."""
    counted: list[dict[str, Any]] = pc.value_counts(
        rejects["reason_code"].cast(pa.string())
    ).to_pylist()
    return counted


def _lines(rejects: pa.Table) -> Ints:
    """Return every physical line that is refused."""
    return _spread(rejects["line"].to_numpy(), rejects["lines"].to_numpy())


def _spread(first: Ints, count: Ints) -> Ints:
    """Return the numbers of all lines of some spans."""
    return np.concatenate(
        [np.zeros(0, np.int64), *(np.arange(a, a + n) for a, n in zip(first, count, strict=True))]
    )


def _within(settled: Settled, lines: Ints) -> Settled:
    """Return the records of which every line is among some lines."""
    chosen = _inside(settled.rows["line"].to_numpy(), settled.lines, lines)
    first, count = settled.repeated[0], settled.repeated[1]
    again = np.flatnonzero(_inside(first, count, lines))
    repeated = np.stack([first[again], count[again]])
    return Settled(settled.rows.filter(pa.array(chosen)), settled.lines[chosen], repeated)


def _inside(first: Ints, count: Ints, lines: Ints) -> Flags:
    """Flag the spans of which every line is among some lines."""
    ordered = np.sort(lines)
    inside: Flags = (
        np.searchsorted(ordered, first + count) - np.searchsorted(ordered, first) == count
    )
    return inside


def _lines_of(found: list[Settled]) -> Ints:
    """Return all physical lines of some records, in order."""
    parts = [_spread(one.rows["line"].to_numpy(), one.lines) for one in found]
    parts += [_spread(one.repeated[0], one.repeated[1]) for one in found]
    return np.sort(np.concatenate([np.zeros(0, np.int64), *parts]))


def _source(
    before: pa.Table, rows: list[pa.Table], accepted: int, duplicate: int, left: pa.Table
) -> pa.Table:
    """Return the source's row after some refused lines were accepted or known."""
    row = before.to_pylist()[0]
    account = Account(
        row["lines"],
        accepted=row["accepted"] + accepted,
        rejected=int(pc.sum(left["lines"]).as_py() or 0),
        blank=row["blank"],
        header=row["header"],
        duplicate=row["duplicate"] + duplicate,
    ).check(row["name"])
    row.update(accepted=account.accepted, rejected=account.rejected, duplicate=account.duplicate)
    for part in rows:
        if not part.num_rows:
            continue
        row["records"] += part.num_rows
        row["lookups"] += count_heads(part)
        times = pc.min_max(part["event_time"]).as_py()
        nights = pc.min_max(part["night"].cast(pa.string())).as_py()
        row["first_time"] = min(row["first_time"] or times["min"], times["min"])
        row["last_time"] = max(row["last_time"] or times["max"], times["max"])
        row["first_night"] = min(row["first_night"] or nights["min"], nights["min"])
        row["last_night"] = max(row["last_night"], nights["max"])
    return pa.Table.from_pylist([row], schema=SOURCES.schema)
