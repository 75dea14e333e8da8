"""A read source into the lake, once: records that are there already are not stored twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.ahead import ahead
from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.ingest.completing import Fuller, complete
from auditwatch.ingest.contradictions import Contradictions, gaps_of, records_in
from auditwatch.ingest.known import Known
from auditwatch.ingest.settling import Followers, Settled, settle
from auditwatch.ingest.sources import SourceTally, account_with_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.reader import SourceRead
    from auditwatch.ingest.staging import Staged

__all__ = ["Stored", "refused_records", "store_source", "store_staged"]

NO_FOLLOWERS: Final = Followers({}, 0)


@dataclass(frozen=True)
class Stored:
    """What storing a source did.

    Parameters
    ----------
    account : dict
        The source's account, as ``ingest --json`` prints it.
    fresh : bool
        False when this very file was stored before and nothing changed.
    """

    account: dict[str, Any]
    fresh: bool


def store_source(read: SourceRead, lake: Lake, followers: Followers = NO_FOLLOWERS) -> Stored:
    """Add a source that was read into memory to the lake; see `store_staged`.

    Parameters
    ----------
    read : SourceRead
        What the file holds.
    lake : Lake
        Where it goes.
    followers : Followers
        For folding nights anew whose records this file says more of.
    """
    lines = read.record_lines.to_numpy()
    repeated = np.array([[0], [read.source["duplicate"][0].as_py()]])
    nights = iter([Settled(read.lookups, lines, repeated)])
    return _store(read.staged, nights, iter([read.rejects]), lake, followers, noted=read.gaps)


def store_staged(staged: Staged, folder: Path, followers: Followers, lake: Lake) -> Stored:
    """Add a staged source to the lake, night by night.

    Parameters
    ----------
    staged : Staged
        What the file was.
    folder : Path
        Where its records are.
    followers : Followers
        For folding.
    lake : Lake
        Where lookups, rejects, gaps and, last, the source's own row go. Each commit carries the
        file's SHA-256, so that a repeat after a crash finishes the work and changes nothing else.

    Returns
    -------
    Stored
        The account after records known from other sources were taken out as duplicates.

    Raises
    ------
    IntegrityError
        ``AW-INGEST-010`` the account does not add up.

    Notes
    -----
    A record is a duplicate when one with the same id and time is stored; what it knows beside is
    added to the stored one (`copies`). A source of which every
    record was refused is not stored: it was read with the wrong format or mapping, and has to be
    read again with the right one.
    """
    nights = settle(staged, folder, followers)
    rejects = staged.rejects(folder)
    return _store(staged, nights, rejects, lake, followers, noted=staged.gaps())


def _store(
    staged: Staged,
    nights: Iterator[Settled],
    rejects: Iterator[pa.Table],
    lake: Lake,
    followers: Followers,
    *,
    noted: pa.Table,
) -> Stored:
    """Store what is new, the source's own row; then complete what was stored before."""
    token = staged.source_id
    if lake.has(SOURCES, token):
        known = lake.pick(SOURCES, "source_id", [token]).select(SOURCES.names)
        return Stored(account_with_fields(known, staged.reasons), fresh=False)
    tally = SourceTally(staged)
    if staged.reasons and not staged.nights:
        return Stored(account_with_fields(tally.row(), staged.reasons), fresh=True)
    contradicted = Contradictions()
    with lake.adding(LOOKUPS, token) as addition:
        news = _new_rows(nights, Known(lake, staged), tally, Fuller(lake, token), contradicted)
        for _ in ahead(news, addition.add):
            pass
        source = tally.row()
    with lake.adding(REJECTS, token) as addition:
        for part in rejects:
            addition.add(part)
    found = pa.concat_tables([noted, gaps_of(contradicted)])
    if found.num_rows:
        lake.append(GAPS, found, token)
    lake.append(SOURCES, source, token)
    complete(lake, followers)
    account = account_with_fields(source, staged.reasons)
    if count := records_in(contradicted):
        account["contradicting"] = count
    return Stored(account, fresh=True)


def _new_rows(
    nights: Iterator[Settled],
    known: Known,
    tally: SourceTally,
    fuller: Fuller,
    contradicted: Contradictions,
) -> Iterator[pa.Table]:
    """Yield what is not stored yet, and count it; note down what is new of what is stored."""
    for one in nights:
        new = known.new_of(one)
        repeated = int(one.repeated[1].sum() + one.lines.sum() - new.lines.sum())
        tally.add(new.rows, new.lines, repeated)
        fuller.add(new.fuller)
        contradicted.update(one.contradicted + new.contradicted)
        yield new.rows


def refused_records(lake: Lake, source: str = "", code: str = "") -> list[dict[str, Any]]:
    r"""Return the refused records of the lake, by file name and line.

    Parameters
    ----------
    lake : Lake
        Where they are.
    source : str
        Name of a file; empty for all.
    code : str
        A reason code; empty for all.

    Returns
    -------
    list of dict
        The columns of REJECTS, `source` (the file's name), and `excerpt` as text in which bytes
        that are no UTF-8 stand as ``\xNN``.
    """
    names = {row["source_id"]: row["name"] for row in lake.read(SOURCES).to_pylist()}
    rows = [
        {
            **row,
            "source": names.get(row["source_id"], ""),
            "excerpt": (row["excerpt"] or b"").decode("utf-8", "backslashreplace"),
        }
        for row in lake.read(REJECTS).to_pylist()
        if code in ("", row["reason_code"]) and source in ("", names.get(row["source_id"]))
    ]
    return sorted(rows, key=lambda row: (row["source"], row["source_id"], row["line"]))
