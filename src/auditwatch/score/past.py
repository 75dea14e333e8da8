"""The nights before: profiles and marks, read night by night and only as far as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import MARK_NIGHTS, PAIR_NIGHTS
from auditwatch.score.codebook import Codebook
from auditwatch.score.words import day_number, iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditwatch.engine.lake import Lake

__all__ = ["LakePast", "Past", "Rows", "TablePast", "distinct", "gather", "texts_of"]

NAMES: Final = ("operator_id", "operator_role", "operator_unit")
COUNTS: Final = ("lookups", "explained", "settled", "numbered", "rushed")
READ: Final = ("night_number", *NAMES, "subject_id", "number", *COUNTS)


class TablePast:
    """Profiles and marks that are in memory.

    Parameters
    ----------
    profiles : pa.Table
        Rows of PAIR_NIGHTS.
    marks : pa.Table, optional
        Rows of MARK_NIGHTS; without them views that mark see nothing.
    """

    def __init__(self, profiles: pa.Table, marks: pa.Table | None = None) -> None:
        self._profiles = profiles.unify_dictionaries()
        self._marks = MARK_NIGHTS.empty() if marks is None else marks

    def nights(self) -> dict[int, int]:
        """Return how many profile rows each night has, by its number, in order."""
        counted = self._profiles["night_number"].value_counts()
        return dict(sorted((row["values"], row["counts"]) for row in counted.to_pylist()))

    def profiles(self, nights: Sequence[int], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some nights."""
        inside = pc.is_in(self._profiles["night_number"], pa.array(list(nights), pa.int64()))
        yield from self._profiles.select(list(columns)).filter(inside).to_batches()

    def marks(self, nights: Sequence[int]) -> pa.Table:
        """Return the marks of some nights."""
        inside = pc.is_in(self._marks["night_number"], pa.array(list(nights), pa.int64()))
        return self._marks.filter(inside)


class LakePast:
    """Profiles and marks as the lake keeps them.

    Parameters
    ----------
    lake : Lake
        Where they are.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        counts = lake.counts(PAIR_NIGHTS).items()
        self._nights = {day_number(night): rows for night, rows in counts if rows}

    def nights(self) -> dict[int, int]:
        """Return how many profile rows each night has, by its number, in order."""
        return self._nights

    def profiles(self, nights: Sequence[int], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some nights, a row group at a time."""
        return self.lake.batches(PAIR_NIGHTS, [iso(night) for night in nights], columns)

    def marks(self, nights: Sequence[int]) -> pa.Table:
        """Return the marks of some nights."""
        return self.lake.read(MARK_NIGHTS, [iso(night) for night in nights])


Past = TablePast | LakePast


@dataclass(frozen=True)
class Rows:
    """Profile rows with codes in place of texts.

    Parameters
    ----------
    book : Codebook
        Of the rows' texts and of further ones.
    table : pa.Table
        Columns of `READ`, as small as they can be kept.
    """

    book: Codebook
    table: pa.Table


def gather(
    past: Past,
    nights: Sequence[int],
    *,
    subjects: pa.Array | None = None,
    operators: pa.Array | None = None,
    further: Mapping[str, Sequence[pa.Array]] | None = None,
) -> Rows:
    """Read rows of some nights, those on some subjects or by some operators only, and code them.

    Parameters
    ----------
    past : Past
        Where from.
    nights : sequence of int
        Days since 1970-01-01.
    subjects, operators : pa.Array of str, optional
        Rows on others, or by others, are left out as they are read.
    further : mapping of str to sequence of pa.Array, optional
        Texts of columns that the codebook is to hold as well.
    """
    further = further or {}
    read = texts_of(past, nights, "subject_id") if subjects is None else subjects
    known = distinct([read, *further.get("subject_id", [])])
    wanted = pc.is_in(known, value_set=read)
    parts = [
        rows
        for batch in past.profiles(nights, READ)
        if (rows := _wanted(batch, known, wanted, operators)).num_rows
    ]
    if not parts:
        parts = [_wanted(_nothing(), known, wanted, operators)]
    more = pc.is_in(known, value_set=distinct(further.get("subject_id", [])))
    used = more.to_numpy(zero_copy_only=False)
    for part in parts:
        used[part["subject_id"].to_numpy()] = True
    texts = {"subject_id": known.filter(pa.array(used))}
    for name in (*NAMES, "number"):
        texts[name] = distinct([*(_values(part[name]) for part in parts), *further.get(name, [])])
    book = Codebook(texts)
    place = pa.array(np.cumsum(used) - 1, pa.int32())
    return Rows(book, pa.concat_tables([_coded(part, book, place) for part in parts]))


def texts_of(
    past: Past, nights: Sequence[int], column: str, among: pa.Array | None = None
) -> pa.Array:
    """Return the distinct texts of a column on some nights, or those among some, in order."""
    parts = []
    for batch in past.profiles(nights, [column]):
        values = _dictionary(batch[column])
        texts = values.dictionary.take(pc.unique(values.indices))
        parts.append(texts if among is None else texts.filter(pc.is_in(texts, value_set=among)))
    return distinct(parts)


def distinct(texts: Sequence[pa.Array]) -> pa.Array:
    """Return distinct texts in order."""
    plain = [pc.cast(part, pa.string()) for part in texts]
    found = pc.unique(pa.chunked_array(plain, pa.string())).drop_null()
    return found.take(pc.sort_indices(found))


def _wanted(
    batch: pa.RecordBatch, known: pa.Array, wanted: pa.Array, operators: pa.Array | None
) -> pa.Table:
    """Return the wanted rows of a batch, with the place of each subject among the known ones."""
    column = _dictionary(batch["subject_id"])
    place = pc.index_in(column.dictionary, value_set=known).take(column.indices)
    keep = pc.fill_null(wanted.take(place), False)
    if operators is not None:
        who = _dictionary(batch["operator_id"])
        keep = pc.and_(keep, pc.is_in(who.dictionary, value_set=operators).take(who.indices))
    columns = {name: batch[name] for name in READ} | {"subject_id": place}
    rows = pa.table(columns).filter(keep)
    for name in (*NAMES, "number"):
        values = rows[name].combine_chunks()
        rows = rows.set_column(READ.index(name), name, _dictionary(values))
    return rows


def _coded(rows: pa.Table, book: Codebook, place: pa.Array) -> pa.Table:
    """Return rows with codes in place of texts, and counts as small as they fit."""
    columns = {name: pc.cast(rows[name], pa.int32()) for name in ("night_number", *COUNTS)}
    columns |= {name: book.encode(name, rows[name]) for name in (*NAMES, "number")}
    columns["subject_id"] = place.take(rows["subject_id"].combine_chunks())
    return pa.table({name: columns[name] for name in READ})


def _dictionary(values: pa.Array) -> pa.DictionaryArray:
    """Return a column as a dictionary."""
    return values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)


def _values(values: pa.ChunkedArray) -> pa.Array:
    """Return the texts of a dictionary column."""
    return values.combine_chunks().dictionary


def _nothing() -> pa.RecordBatch:
    """Return no rows."""
    return pa.RecordBatch.from_pylist([], schema=PAIR_NIGHTS.empty().select(list(READ)).schema)
