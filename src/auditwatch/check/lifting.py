"""Exceptions over a batch and over a night: which lookups they reach, and where they stop."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.fact_codes import night_days
from auditwatch.check.facts import EPOCH
from auditwatch.core.schema import HITS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.exemption import Exemption
    from auditwatch.core.schema import Table

__all__ = ["hold_ceilings", "lift_hits", "reached_rows"]

DAY_HOURS: Final = 24


def reached_rows(exemption: Exemption, columns: Columns) -> NDArray[np.bool_]:
    """Return which rows meet the terms of an exception, shape (n_rows,).

    Notes
    -----
    A value that is not known meets no term: an exception in doubt lifts nothing.
    """
    hours = night_days(columns).astype(np.int64) * DAY_HOURS + _local_hours(columns)
    reached = (hours >= _hours(exemption.since)) & (hours < _hours(exemption.until))
    for name, wanted in exemption.only.items():
        if not reached.any():
            break
        column = columns.coded(name)
        held = [text in wanted for text in column.texts()]
        reached &= np.array([*held, False, False], dtype=bool)[column.codes]
    return reached


def _hours(moment: datetime) -> int:
    """Return a local hour as hours since 1970-01-01."""
    return (moment.date() - EPOCH).days * DAY_HOURS + moment.hour


def _local_hours(columns: Columns) -> NDArray[np.int64]:
    """Return the agency-local hour of each row."""
    hours = columns.batch.column("local_hour")
    filled = pc.fill_null(hours.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return np.asarray(filled, dtype=np.int64)


def lift_hits(hits: pa.Table, exemptions: Iterable[Exemption], columns: Columns) -> pa.Table:
    """Return hits with the exception that lifts each; the first by id of several."""
    names = np.full(hits.num_rows, "", dtype=object)
    for exemption in exemptions:
        if not (exemption.rules and hits.num_rows):
            continue
        rows = pa.array(reached_rows(exemption, columns))
        ids = columns.batch.column("event_id").cast(pa.string()).filter(rows)
        named = pc.is_in(hits["rule_id"].cast(pa.string()), pa.array(sorted(exemption.rules)))
        lifted = pc.and_(named, pc.is_in(hits["event_id"].cast(pa.string()), ids))
        here = lifted.to_numpy() & (names == "")
        names[here] = exemption.exception_id
    place = hits.schema.get_field_index("suppressed_by")
    return hits.set_column(place, "suppressed_by", pa.array(names.tolist(), pa.string())).cast(
        HITS.schema
    )


def hold_ceilings(
    exemptions: Mapping[str, Exemption], verdicts: pa.Table, hits: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Take back what an exception lifted on a night on which it lifted more than it may.

    Parameters
    ----------
    exemptions : mapping of str to Exemption
        By id.
    verdicts, hits : pa.Table
        All of one night.

    Returns
    -------
    verdicts, hits : pa.Table
        Of the same types, with everything as if the exceptions that went too far were not there.

    Notes
    -----
    All of that night's lookups are asked about, not those beyond the ceiling alone: what was
    approved is not what happened, and nothing says which of them were meant.
    """
    counted: Counter[str] = Counter()
    for table in (verdicts, hits):
        for row in pc.value_counts(pc.cast(table["suppressed_by"], pa.string())).to_pylist():
            counted.update(dict.fromkeys(_names(row["values"]), row["counts"]))
    over = {
        name: f" ({name} would have lifted {number:,} of this night, above its ceiling of "
        f"{exemptions[name].ceiling:,}.)"
        for name, number in counted.items()
        if number > exemptions[name].ceiling
    }
    if not over:
        return verdicts, hits
    return _taken_back(VERDICTS, verdicts, over), _taken_back(HITS, hits, over)


def _names(joined: str | None) -> list[str]:
    """Return the exceptions that one cell names."""
    return [name for name in (joined or "").split(", ") if name]


def _taken_back(kind: Table, table: pa.Table, over: Mapping[str, str]) -> pa.Table:
    """Return rows with what the exceptions in `over` lifted taken back."""
    rows: Sequence[dict[str, str]] = table.to_pylist()
    for row in rows:
        broken = [name for name in _names(row["suppressed_by"]) if name in over]
        if broken:
            row["suppressed_by"] = ""
            row["says"] += "".join(over[name] for name in broken)
            if row.get("lifted"):
                row["verdict"], row["lifted"] = row["lifted"], ""
    return pa.Table.from_pylist(list(rows), schema=kind.schema).cast(table.schema)
