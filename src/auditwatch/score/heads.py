"""The lookups of whole nights as columns of numbers: what marks are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.cells import masked_rows
from auditwatch.score.cases import CaseBook, number_typed, typed_number
from auditwatch.score.codebook import Codebook
from auditwatch.score.folding import principals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditwatch.core.contexttables import Context

__all__ = ["MACHINE", "Heads", "described", "heads_of"]

UNKNOWN: Final = "unknown"
TEXTS: Final = (
    "night", "operator_id", "operator_role", "operator_unit", "terminal", "system", "transaction",
    "subject_id", "purpose", "reason_norm", "case_id", "requester_id",
)  # fmt: skip
READ: Final = ("event_id", "lookup_id", "origin", "time_quality", *TEXTS)
MOMENT: Final = pa.timestamp("us", tz="UTC")
SECOND: Final = 1_000_000  # microseconds
ROWS_AT_ONCE: Final = 1 << 19
MACHINE: Final = pa.array(["hotlist", "batch"])


@dataclass(frozen=True)
class Heads:
    """Lookups that a person made, in order of night, operator, time, terminal and subject.

    Parameters
    ----------
    codes : dict of str to np.ndarray of int64, shape (n,)
        By column of LOOKUPS; codes order as the texts do, -1 where nothing was given.
    texts : dict of str to pa.Array
        What the codes stand for.
    time : np.ndarray of int64, shape (n,)
        Seconds since 1970; for a source that keeps days alone, where the day begins.
    hour : np.ndarray of int64, shape (n,)
        Agency-local hour, -1 where it is not known.
    timed : np.ndarray of bool, shape (n,)
        Whether the hour is known.
    numbered, explained : np.ndarray of bool, shape (n,)
        A case number was typed; a case that checks out, or did until it was closed lately, explains
        it (without cases: a number).
    """

    codes: dict[str, np.ndarray]
    texts: dict[str, pa.Array]
    time: np.ndarray
    hour: np.ndarray
    timed: np.ndarray
    numbered: np.ndarray
    explained: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    def days(self) -> np.ndarray:
        """Return the night of each row as days since 1970-01-01, shape (n,)."""
        nights = self.texts["night"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
        found: np.ndarray = nights.astype(np.int64)[self.codes["night"]]
        return found

    def principals(self, context: Context) -> np.ndarray:
        """Return the code each row's subject is counted under, linked subjects as one."""
        under = principals(context, Codebook({"subject_id": self.texts["subject_id"]}))
        found: np.ndarray = under.to_numpy().astype(np.int64)[self.codes["subject_id"]]
        return found

    def text(self, column: str, rows: np.ndarray) -> pa.Array:
        """Return the texts of some rows; null where nothing was given."""
        codes = self.codes[column][rows]
        return self.texts[column].take(pa.array(codes, pa.int64(), mask=codes < 0))

    def asks(self, column: str, wanted: pa.Array) -> np.ndarray:
        """Tell which rows have one of the wanted texts, shape (n,)."""
        known = pc.is_in(self.texts[column], value_set=wanted)
        flags = np.append(known.to_numpy(zero_copy_only=False).astype(bool), False)
        found: np.ndarray = flags[self.codes[column]]
        return found

    def group(self, *columns: str) -> np.ndarray:
        """Return one number for each combination of columns, shape (n,), in their order."""
        key = np.zeros(len(self), dtype=np.int64)
        for column in columns:
            codes = self.codes[column] + 1
            key = np.unique(key * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
        return key


def described(lookups: pa.Table | Iterable[pa.RecordBatch], context: Context) -> list[pa.Table]:
    """Return the lookups that a person made on a named subject, and what explains each.

    Parameters
    ----------
    lookups : pa.Table or iterable of pa.RecordBatch
        Rows of LOOKUPS.
    context : Context
        `cases` says what is explained; `roster` fills a role or unit that the trail lacks.

    Returns
    -------
    list of pa.Table
        Texts as dictionaries, `event_time` (us, UTC), `local_hour`, and the flags `numbered` (a
        case number was typed), `explained` (a case that checks out; never without cases),
        `settled` (not that, but a case closed lately does) and `timed` (the hour is known), and
        the `number` that was typed.
    """
    book = CaseBook(context)
    batches = lookups.to_batches() if isinstance(lookups, pa.Table) else lookups
    return [_described(rows, book, context) for rows in _gathered(map(_heads, batches))]


def _heads(batch: pa.RecordBatch) -> pa.Table:
    """Return the lookups of a batch that a person made on a named subject, as plain text.

    A mask in the operator's place hides many people: they are not one busy person.
    """
    rows = pa.table([pc.cast(batch[name], pa.string()) for name in READ], names=list(READ))
    rows = rows.append_column("event_time", pc.cast(batch["event_time"], MOMENT))
    rows = rows.append_column("local_hour", pc.cast(batch["local_hour"], pa.int64()))
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


def _described(rows: pa.Table, book: CaseBook, context: Context) -> pa.Table:
    """Return one batch with its texts as dictionaries and what its cases explain."""
    for name, column in (("operator_role", "role"), ("operator_unit", "unit")):
        filled = _filled(rows[name], rows["operator_id"], _of_roster(context, column))
        rows = rows.set_column(rows.column_names.index(name), name, filled)
    # a case that is masked cannot be checked: it is not held against anyone
    masked = masked_rows(rows["case_id"])
    explained = pc.or_(book.explained(rows), masked)
    flags = {
        "numbered": pc.or_(typed_number(rows).combine_chunks(), masked),
        "number": pc.dictionary_encode(number_typed(rows)),
        "explained": explained,
        "settled": pc.and_(book.settled(rows), pc.invert(explained)),
        "timed": pc.invert(pc.equal(pc.fill_null(rows["time_quality"], ""), "date_only")),
    }
    columns = {name: pc.dictionary_encode(rows[name]) for name in TEXTS}
    when = {name: rows[name] for name in ("event_time", "local_hour")}
    return pa.table({**columns, **when, **flags})


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


def heads_of(parts: Sequence[pa.Table], context: Context) -> Heads:
    """Return described lookups of whole nights as numbers, in order.

    Parameters
    ----------
    parts : sequence of pa.Table
        From `described`.
    context : Context
        Without cases a typed number is all there is, and it explains.
    """
    if not parts:
        return _nothing()
    whole = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    codes, texts = {}, {}
    for name in TEXTS:
        codes[name], texts[name] = _coded(whole[name].combine_chunks())
    time = pc.cast(whole["event_time"], pa.int64()).to_numpy() // SECOND
    # equal keys are equal lookups for every mark
    keys = ("requester_id", "reason_norm", "case_id", "purpose", "transaction", "system")
    rest = [codes[key] for key in (*keys, "subject_id", "terminal")]
    order = np.lexsort((*rest, time, codes["operator_id"], codes["night"]))
    by_case = "explained" if context.cases is not None else "numbered"
    return Heads(
        {name: column[order] for name, column in codes.items()},
        texts,
        time[order],
        pc.fill_null(whole["local_hour"], -1).to_numpy()[order],
        whole["timed"].to_numpy()[order],
        whole["numbered"].to_numpy()[order],
        pc.or_(whole[by_case], whole["settled"]).to_numpy()[order],
    )


def _coded(values: pa.DictionaryArray) -> tuple[np.ndarray, pa.Array]:
    """Return codes that order as the texts do, -1 for none, and the sorted texts."""
    words = pc.cast(values.dictionary, pa.string())
    kept = words.filter(pc.not_equal(words, ""))
    texts = kept.take(pc.sort_indices(kept))
    place = pc.fill_null(pc.index_in(words, value_set=texts), -1).to_numpy()
    at = pc.fill_null(pc.cast(values.indices, pa.int64()), len(place)).to_numpy()
    return np.append(place, -1)[at].astype(np.int64), texts


def _nothing() -> Heads:
    """Return no lookups."""
    none = np.zeros(0, dtype=np.int64)
    flags = none.astype(bool)
    empty = pa.array([], pa.string())
    return Heads(
        dict.fromkeys(TEXTS, none), dict.fromkeys(TEXTS, empty), none, none, flags, flags, flags
    )
