"""The row of SOURCES: what a file was and the account of its lines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditwatch.ingest.ledger import Account

__all__ = ["SourceFacts", "account_of", "account_with_fields", "count_heads", "source_row"]


@dataclass(frozen=True)
class SourceFacts:
    """What a file was, apart from its lines.

    Parameters
    ----------
    source_id : str
        SHA-256 as delivered.
    name : str
        File name without its folder.
    format : str
        Which reader took it.
    bytes : int
        Size as delivered.
    field_states : mapping of str to str or mapping
        Field to what the source says of it, as `core.fieldstates` writes it.
    """

    source_id: str
    name: str
    format: str
    bytes: int
    field_states: Mapping[str, Any]


def source_row(facts: SourceFacts, account: Account, rows: pa.Table) -> pa.Table:
    """Return the source's row.

    Parameters
    ----------
    facts : SourceFacts
        What the file was.
    account : Account
        Lines by class.
    rows : pa.Table
        Accepted records.

    Returns
    -------
    pa.Table
        One row of SOURCES.
    """
    times = pc.min_max(rows["event_time"]).as_py()
    nights = pc.min_max(rows["night"].cast(pa.string())).as_py()
    row: dict[str, Any] = {
        **asdict(facts),
        **asdict(account),
        "records": rows.num_rows,
        "lookups": count_heads(rows),
        "first_time": times["min"],
        "last_time": times["max"],
        "first_night": nights["min"] or "",
        "last_night": nights["max"] or "",
        "field_states": json.dumps(dict(facts.field_states), sort_keys=True),
    }
    return pa.Table.from_pylist([row], schema=SOURCES.schema)


def count_heads(rows: pa.Table) -> int:
    """Return how many records head themselves."""
    heads = pc.equal(rows["lookup_id"], rows["event_id"])
    return int(pc.sum(heads).as_py() or 0)


def account_of(source: pa.Table, rejects: pa.Table) -> dict[str, Any]:
    """Return the account of a source as ``ingest --json`` prints it.

    Parameters
    ----------
    source : pa.Table
        One row of SOURCES.
    rejects : pa.Table
        Its REJECTS.

    Returns
    -------
    dict
        name, format, sha256, lines and their classes, lookups, first, last, rejects by code.
    """
    row = source.to_pylist()[0]
    counts = pc.value_counts(rejects["reason_code"]).to_pylist()
    classes = ("lines", "accepted", "rejected", "blank", "header", "duplicate", "lookups")
    return {
        "name": row["name"],
        "format": row["format"],
        "sha256": row["source_id"],
        **{name: row[name] for name in classes},
        "first": row["first_time"].isoformat() if row["first_time"] else None,
        "last": row["last_time"].isoformat() if row["last_time"] else None,
        "rejects": dict(sorted((one["values"], one["counts"]) for one in counts)),
    }


def account_with_fields(source: pa.Table, rejects: pa.Table) -> dict[str, Any]:
    """Return the account of a source, and as `fields` the states of its cells by column."""
    fields = json.loads(source["field_states"][0].as_py())
    return {**account_of(source, rejects), "fields": fields}
