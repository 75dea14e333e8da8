"""A read source into the lake, once: records that are there already are not stored twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import GAPS, LOOKUPS, REJECTS, SOURCES
from auditwatch.ingest.ledger import Account
from auditwatch.ingest.sources import SourceFacts, account_with_fields, source_row

if TYPE_CHECKING:
    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.reader import SourceRead
    from auditwatch.ingest.spans import Flags

__all__ = ["Stored", "refused_records", "store_source"]


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


def store_source(read: SourceRead, lake: Lake) -> Stored:
    """Add a source to the lake.

    Parameters
    ----------
    read : SourceRead
        What the file holds.
    lake : Lake
        Where lookups, rejects, gaps and, last, the source's own row go. Each append carries the
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
    A record is a duplicate when a record with the same event_id is stored for the same night.
    A source of which every record was refused is not stored: it was read with the wrong format or
    mapping, and has to be read again with the right one.
    """
    token = str(read.source["source_id"][0])
    if lake.has(SOURCES, token):
        return Stored(_stored_account(read, token, lake), fresh=False)
    if read.rejects.num_rows and not read.lookups.num_rows:
        return Stored(account_with_fields(read.source, read.rejects), fresh=True)
    known = _known(read.lookups, token, lake)
    source, rows = _without(read, known)
    if rows.num_rows:
        lake.append(LOOKUPS, rows, token)
    if read.rejects.num_rows:
        lake.append(REJECTS, read.rejects, token)
    if read.gaps.num_rows:
        lake.append(GAPS, read.gaps, token)
    lake.append(SOURCES, source, token)
    return Stored(account_with_fields(source, read.rejects), fresh=True)


def _stored_account(read: SourceRead, token: str, lake: Lake) -> dict[str, Any]:
    """Return the account that was stored when the file was read first."""
    return account_with_fields(
        lake.pick(SOURCES, "source_id", [token]).select(SOURCES.names), read.rejects
    )


def _known(rows: pa.Table, token: str, lake: Lake) -> Flags:
    """Flag records that another source brought before."""
    nights = pc.unique(rows["night"].cast(pa.string())).to_pylist()
    known = np.zeros(rows.num_rows, np.bool_)
    ids = rows["event_id"].combine_chunks()
    for batch in lake.batches(LOOKUPS, nights, ["event_id", "source_id"]):
        others = batch.filter(pc.not_equal(batch["source_id"].cast(pa.string()), token))
        if others.num_rows:
            found = pc.is_in(ids, value_set=others["event_id"])
            known |= found.to_numpy(zero_copy_only=False)
    return known


def _without(read: SourceRead, known: Flags) -> tuple[pa.Table, pa.Table]:
    """Return the source's row and its lookups without the known records."""
    if not known.any():
        return read.source, read.lookups
    row = read.source.to_pylist()[0]
    lines = int(read.record_lines.to_numpy()[known].sum())
    account = Account(
        row["lines"],
        accepted=row["accepted"] - lines,
        rejected=row["rejected"],
        blank=row["blank"],
        header=row["header"],
        duplicate=row["duplicate"] + lines,
    ).check(row["name"])
    facts = SourceFacts(
        row["source_id"],
        row["name"],
        row["format"],
        row["bytes"],
        json.loads(row["field_states"]),
    )
    rows = read.lookups.filter(pa.array(~known))
    return source_row(facts, account, rows), rows


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
