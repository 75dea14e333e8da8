"""Evidence: the lookups behind a surprise, found again in the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import LOOKUPS
from auditwatch.score.heads import MACHINE
from auditwatch.score.words import iso

if TYPE_CHECKING:
    from auditwatch.engine.lake import Lake

__all__ = ["find_lookups"]

READ: Final = ("event_id", "lookup_id", "origin", "event_time", "night", "operator_id",
               "subject_id")  # fmt: skip
KEYS: Final = ["night", "operator_id", "subject_id"]


def find_lookups(traces: pd.DataFrame, lake: Lake) -> pd.DataFrame:
    """Return the lookups of traced profile rows.

    Parameters
    ----------
    traces : pd.DataFrame
        `item` and the `night_number`, `operator_id`, `subject_id` of its evidence.
    lake : Lake
        Read night by night; only rows on traced subjects are kept in memory.

    Returns
    -------
    pd.DataFrame
        `item`, `event_id`, `event_time` and KEYS, sorted by item, time and event_id.
    """
    wanted = pd.DataFrame(
        {
            "item": traces["item"].to_numpy(),
            "night": [iso(n) for n in traces["night_number"]],
            "operator_id": traces["operator_id"].to_numpy(),
            "subject_id": traces["subject_id"].to_numpy(),
        },
        columns=["item", *KEYS],
    ).astype(dict.fromkeys(KEYS, "object"))
    rows = _heads(lake, sorted(set(wanted["subject_id"])), sorted(set(wanted["night"])))
    found = wanted.merge(rows, on=KEYS, how="inner")
    return found.sort_values(["item", "event_time", "event_id"], ignore_index=True)


def _heads(lake: Lake, subjects: list[str], nights: list[str]) -> pd.DataFrame:
    """Return the lookups on some subjects in some nights, as a person made them."""
    rows = lake.pick(LOOKUPS, "subject_id", subjects, nights, READ)
    plain = pa.table([pc.cast(rows[n], LOOKUPS.schema.field(n).type) for n in READ], list(READ))
    heads = pc.and_(
        pc.equal(plain["lookup_id"], plain["event_id"]),
        pc.invert(pc.is_in(plain["origin"], value_set=MACHINE)),
    )
    times = pc.cast(plain["event_time"], pa.timestamp("us"))  # UTC; numpy has no zones
    plain = plain.set_column(READ.index("event_time"), "event_time", times)
    frame: pd.DataFrame = plain.filter(heads).select(["event_id", "event_time", *KEYS]).to_pandas()
    return frame.astype(dict.fromkeys(("event_id", *KEYS), "object"))
