"""The row of SOURCES: what a file was and the account of its lines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from auditwatch.ingest.spans import Ints
    from auditwatch.ingest.staging import Staged

__all__ = ["SourceTally", "account_of", "account_with_fields", "count_heads"]

_Ordered = TypeVar("_Ordered", "datetime", str)


@dataclass
class SourceTally:
    """Adds up what is stored of a source, night by night.

    Parameters
    ----------
    staged : Staged
        What the file was and the account of its lines.
    """

    staged: Staged
    accepted: int = 0
    duplicate: int = 0
    records: int = 0
    lookups: int = 0
    times: list[datetime] = field(default_factory=list)
    nights: list[str] = field(default_factory=list)

    def add(self, rows: pa.Table, lines: Ints, repeated: int) -> None:
        """Count some accepted records, the lines they span, and lines of repeated records."""
        self.accepted += int(lines.sum())
        self.duplicate += repeated
        if not rows.num_rows:
            return
        self.records += rows.num_rows
        self.lookups += count_heads(rows)
        self.times = _ends([*self.times, *pc.min_max(rows["event_time"]).as_py().values()])
        nights = pc.min_max(rows["night"].cast(pa.string())).as_py().values()
        self.nights = _ends([*self.nights, *nights])

    def row(self) -> pa.Table:
        """Return the source's row of SOURCES.

        Raises
        ------
        IntegrityError
            ``AW-INGEST-010`` when the account does not add up.
        """
        staged = self.staged
        account = replace(staged.account, accepted=self.accepted, duplicate=self.duplicate)
        first, last = self.times or (None, None)
        first_night, last_night = self.nights or ("", "")
        row: dict[str, Any] = {
            "source_id": staged.source_id,
            "name": staged.name,
            "format": staged.format,
            "bytes": staged.bytes,
            **asdict(account.check(staged.name)),
            "records": self.records,
            "lookups": self.lookups,
            "first_time": first,
            "last_time": last,
            "first_night": first_night,
            "last_night": last_night,
            "field_states": json.dumps(dict(staged.states), sort_keys=True),
        }
        return pa.Table.from_pylist([row], schema=SOURCES.schema)


def _ends(values: list[_Ordered]) -> list[_Ordered]:
    """Return the least and the greatest."""
    return [min(values), max(values)]


def count_heads(rows: pa.Table) -> int:
    """Return how many records head themselves."""
    heads = pc.equal(rows["lookup_id"], rows["event_id"])
    return int(pc.sum(heads).as_py() or 0)


def account_of(source: pa.Table, reasons: Mapping[str, int]) -> dict[str, Any]:
    """Return the account of a source as ``ingest --json`` prints it.

    Parameters
    ----------
    source : pa.Table
        One row of SOURCES.
    reasons : mapping of str to int
        Refused records by reason code.

    Returns
    -------
    dict
        name, format, sha256, lines and their classes, lookups, first, last, rejects by code.
    """
    row = source.to_pylist()[0]
    classes = ("lines", "accepted", "rejected", "blank", "header", "duplicate", "lookups")
    return {
        "name": row["name"],
        "format": row["format"],
        "sha256": row["source_id"],
        **{name: row[name] for name in classes},
        "first": row["first_time"].isoformat() if row["first_time"] else None,
        "last": row["last_time"].isoformat() if row["last_time"] else None,
        "rejects": dict(sorted(reasons.items())),
    }


def account_with_fields(source: pa.Table, reasons: Mapping[str, int]) -> dict[str, Any]:
    """Return the account of a source, and as `fields` the states of its cells by column."""
    fields = json.loads(source["field_states"][0].as_py())
    return {**account_of(source, reasons), "fields": fields}
