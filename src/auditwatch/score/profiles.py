"""The additive profile: one row for each operator, subject and night.

Later nights are compared with these rows; the lookups themselves are not read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.cells import masked_rows
from auditwatch.core.schema import PAIR_NIGHTS
from auditwatch.score.cases import CaseBook, number_typed, typed_number
from auditwatch.score.rush import rushed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditwatch.core.schema import Context

__all__ = ["SEES", "UNKNOWN", "pair_nights"]

UNKNOWN: Final = "unknown"
#: What every view rests on: who, whom, and whether a case number explains it.
SEES: Final = ("operator_id", "subject_id", "case_id")
KEYS: Final = ("night", "operator_id", "subject_id")
READ: Final = (
    "event_id", "lookup_id", "origin", "night", "operator_id", "operator_role", "operator_unit",
    "subject_id", "case_id", "reason_norm", "time_quality",
)  # fmt: skip
COUNTS: Final = ("lookups", "explained", "settled", "numbered", "rushed")
LABELS: Final = ("operator_role", "operator_unit", "number")
MOMENT: Final = pa.timestamp("us", tz="UTC")
ROWS_AT_ONCE: Final = 1 << 19
MACHINE: Final = pa.array(["hotlist", "batch"])


def pair_nights(lookups: pa.Table | Iterable[pa.RecordBatch], context: Context) -> pa.Table:
    """Count lookups by night, operator and subject.

    Parameters
    ----------
    lookups : pa.Table or iterable of pa.RecordBatch
        Rows of LOOKUPS, whole nights; only heads made by a person count (not followers of a
        cascade, not hotlist or batch runs), and only with an operator and a subject, neither
        masked.
    context : Context
        `cases` says what is explained; `roster` fills a role or unit that the trail lacks.

    Returns
    -------
    pa.Table
        Rows of PAIR_NIGHTS, sorted by night, operator and subject; the same rows for any order
        and any cutting of the input.
    """
    book, roles, units = CaseBook(context), _of_roster(context, "role"), _of_roster(context, "unit")
    batches = lookups.to_batches() if isinstance(lookups, pa.Table) else lookups
    parts, moments = [], []
    for rows in _gathered(map(_heads, batches)):
        parts.append(_count(rows, book, roles, units))
        moments.append(_moments(rows))
    if not parts:
        return PAIR_NIGHTS.empty()
    parts.append(_rushes(pa.concat_tables(moments).unify_dictionaries(), context))
    return _finish(_merge(pa.concat_tables(parts)))


def _moments(rows: pa.Table) -> pa.Table:
    """Return who looked at whom when, small enough to keep for a whole night."""
    dated = pc.equal(pc.fill_null(rows["time_quality"], ""), "date_only")
    rows = rows.filter(pc.invert(dated))  # without an hour nothing is a rush
    columns = {name: pc.dictionary_encode(rows[name]) for name in KEYS}
    return pa.table({**columns, "event_time": rows["event_time"]})


def _rushes(moments: pa.Table, context: Context) -> pa.Table:
    """Return the lookups made in a rush as further counts of their rows.

    Batches cut a crowd anywhere, so this looks at all of a night at once.
    """
    few = moments.filter(pa.array(rushed(moments, context)))
    columns = {name: pc.cast(few[name], pa.string()) for name in KEYS}
    nothing = pa.array([0] * few.num_rows, pa.int64())
    labels = dict.fromkeys(LABELS, pa.nulls(few.num_rows, pa.string()))
    counts = dict.fromkeys(COUNTS, nothing)
    one = pa.array([1] * few.num_rows, pa.int64())
    return pa.table({**columns, **labels, **counts, "rushed": one})


def _heads(batch: pa.RecordBatch) -> pa.Table:
    """Return the lookups of a batch that a person made on a named subject, as plain text.

    A mask in the operator's place hides many people: they are not one busy person.
    """
    rows = pa.table([pc.cast(batch[name], pa.string()) for name in READ], names=list(READ))
    rows = rows.append_column("event_time", pc.cast(batch["event_time"], MOMENT))
    keep = pc.and_(
        pc.equal(rows["lookup_id"], rows["event_id"]),
        pc.invert(pc.is_in(rows["origin"], value_set=MACHINE)),
    )
    keep = pc.and_(keep, pc.invert(masked_rows(batch["operator_id"])))
    for name in ("operator_id", "subject_id"):
        keep = pc.and_(keep, pc.and_(pc.is_valid(rows[name]), pc.not_equal(rows[name], "")))
    return rows.filter(pc.fill_null(keep, False))


def _gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of many rows from many small ones: asking the cases costs once a table."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= ROWS_AT_ONCE:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting, rows = [], 0
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _of_roster(context: Context, column: str) -> tuple[pa.Array, pa.Array] | None:
    """Return operators and one column of the roster, first row of each operator."""
    if context.roster is None:
        return None
    rows = context.roster.select(["operator_id", column]).sort_by(
        [("operator_id", "ascending"), (column, "ascending")]
    )
    return rows["operator_id"].combine_chunks(), rows[column].combine_chunks()


def _filled(
    given: pa.ChunkedArray, operators: pa.ChunkedArray, known: tuple[pa.Array, pa.Array] | None
) -> pa.ChunkedArray:
    """Return a role or unit: as declared in the trail, else of the roster, else unknown."""
    declared = pc.if_else(pc.equal(given, ""), pa.scalar(None, pa.string()), given)
    if known is None:
        return pc.fill_null(declared, UNKNOWN)
    ids, values = known
    of_roster = values.take(pc.index_in(operators, value_set=ids).combine_chunks())
    return pc.fill_null(pc.coalesce(declared, pa.chunked_array([of_roster])), UNKNOWN)


def _count(
    rows: pa.Table,
    book: CaseBook,
    roles: tuple[pa.Array, pa.Array] | None,
    units: tuple[pa.Array, pa.Array] | None,
) -> pa.Table:
    """Count one batch."""
    unit = _filled(rows["operator_unit"], rows["operator_id"], units)
    rows = rows.set_column(rows.column_names.index("operator_unit"), "operator_unit", unit)
    masked = masked_rows(rows["case_id"])
    explained = pc.or_(book.explained(rows), masked)
    whole = {
        "operator_role": _filled(rows["operator_role"], rows["operator_id"], roles),
        "operator_unit": unit,
        "lookups": pa.array([1] * rows.num_rows, pa.int64()),
        # a case that is masked cannot be checked: it is not held against anyone
        "explained": pc.cast(explained, pa.int64()),
        "settled": pc.cast(pc.and_(book.settled(rows), pc.invert(explained)), pa.int64()),
        "numbered": pc.cast(pc.or_(typed_number(rows).combine_chunks(), masked), pa.int64()),
        "number": number_typed(rows),
        "rushed": pa.array([0] * rows.num_rows, pa.int64()),
    }
    return _merge(pa.table({**{name: rows[name] for name in KEYS}, **whole}))


def _merge(rows: pa.Table) -> pa.Table:
    """Add up rows of the same night, operator and subject."""
    sums = [(name, "sum") for name in COUNTS]
    grouped = rows.group_by(list(KEYS), use_threads=False).aggregate(
        [*sums, *((name, "min") for name in LABELS)]
    )
    names = [*KEYS, *LABELS, *COUNTS]
    held = [*KEYS, *(f"{name}_min" for name in LABELS), *(f"{name}_sum" for name in COUNTS)]
    return grouped.select(held).rename_columns(names)


def _finish(rows: pa.Table) -> pa.Table:
    """Add the night's number, order columns and rows."""
    days = pc.cast(pc.strptime(rows["night"], format="%Y-%m-%d", unit="s"), pa.date32())
    numbered = rows.append_column("night_number", pc.cast(pc.cast(days, pa.int32()), pa.int64()))
    ordered = numbered.select(list(PAIR_NIGHTS.names)).cast(PAIR_NIGHTS.schema)
    return ordered.sort_by([(name, "ascending") for name in KEYS])
