"""Facts of when it was made: on the agency's clock, and beside the operator's recorded duty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_column, code_texts
from auditwatch.check.fact_codes import YES_NO, all_unknown, night_days, positions
from auditwatch.check.facts import DAY_KEYS, DUTY_SLACK, NEVER, SECOND_KEYS
from auditwatch.check.facts_of_roster import known_operator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns
    from auditwatch.check.facts import Duty

__all__ = ["duty_near", "hours_off_duty", "local_minute", "on_duty"]


def _seconds_off_duty(columns: Columns, duty: Duty) -> NDArray[np.int64]:
    """Return seconds from each lookup to recorded duty and its slack; -1 where nobody knows."""
    people = positions(columns, "operator_id", duty.operators)
    times = columns.batch.column("event_time").cast(pa.timestamp("s", "UTC"), safe=False)
    seconds = pc.fill_null(times.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    keys = people * SECOND_KEYS + seconds
    places = np.searchsorted(duty.starts, keys, side="right") - 1
    # a spell of another operator lies farther off than any spell of the own
    since = np.where(places >= 0, keys - np.append(duty.ends, NEVER)[places], SECOND_KEYS)
    until = np.append(duty.starts, people.max(initial=0) * SECOND_KEYS + 2 * SECOND_KEYS)
    away = np.minimum(since, until[places + 1] - keys)
    return np.where((people >= 0) & (seconds >= 0), np.maximum(away, 0), -1)


def on_duty(columns: Columns) -> Coded:
    """Return whether it was made within an hour of recorded duty; unknown without any record."""
    duty = columns.facts.duty
    if duty is None or "event_time" not in columns.batch.schema.names:
        return all_unknown(columns)
    away = _seconds_off_duty(columns, duty)
    return code_texts(np.where(away < 0, -1, (away == 0).astype(np.int64)), YES_NO)


def hours_off_duty(columns: Columns) -> Coded:
    """Return whole hours to the nearest recorded duty; unknown where only the day is known."""
    duty = columns.facts.duty
    if duty is None or "event_time" not in columns.batch.schema.names:
        return all_unknown(columns)
    away = _seconds_off_duty(columns, duty)
    hours = np.where(away > 0, (away + DUTY_SLACK) // 3600, away)
    local = columns.coded("local_hour")
    hours = np.where(local.codes >= local.absent, -1, hours)
    values, places = np.unique(hours[hours >= 0], return_inverse=True)
    codes = np.full(len(hours), len(values) + 1, dtype=np.int32)
    codes[hours >= 0] = places
    return Coded(codes, pa.array(values, pa.int64()))


def local_minute(columns: Columns) -> Coded:
    """Return the minute of the agency's clock; nothing where the source keeps days alone."""
    if "event_time" not in columns.batch.schema.names:
        return all_unknown(columns)
    zoned = pa.timestamp("us", columns.facts.zone.key)
    minutes = code_column(pc.minute(columns.batch.column("event_time").cast(zoned)))
    hours = columns.coded("local_hour")
    codes = np.where(hours.codes == hours.absent, minutes.absent, minutes.codes)
    codes = np.where(hours.codes == hours.unknown, minutes.unknown, codes)
    return Coded(codes.astype(np.int32), minutes.values)


def duty_near(columns: Columns) -> Coded:
    """Return whether duty was recorded within a day; that no duty was given is an answer too."""
    duty = columns.facts.duty
    words = ("no", "yes", "not_given")
    if duty is None:
        return code_texts(np.full(columns.height, 2, dtype=np.int64), words)
    people = positions(columns, "operator_id", duty.operators)
    keys = people * DAY_KEYS + night_days(columns)
    near = ((people >= 0) & np.isin(keys, duty.days)).astype(np.int64)
    return code_texts(known_operator(columns, near), words)
