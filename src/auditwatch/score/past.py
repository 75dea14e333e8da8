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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditwatch.engine.lake import Lake

__all__ = ["LakePast", "Past", "Rows", "TablePast", "distinct", "gather", "subjects_of", "texts_of"]

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
    further: Mapping[str, Sequence[pa.Array]] | None = None,
) -> Rows:
    """Read rows of some nights, those on some subjects only, and code them.

    Parameters
    ----------
    past : Past
        Where from.
    nights : sequence of int
        Days since 1970-01-01.
    subjects : pa.Array of str, optional
        Rows on others are left out as they are read.
    further : mapping of str to sequence of pa.Array, optional
        Texts of columns that the codebook is to hold as well.
    """
    further = further or {}
    read = texts_of(past, nights, "subject_id") if subjects is None else subjects
    known = distinct([read, *further.get("subject_id", [])])
    wanted = pc.is_in(known, value_set=read)
    parts = [
        rows
        for batch, place in _located(past.profiles(nights, READ), known)
        if (rows := _wanted(batch, place, wanted)).num_rows
    ]
    if not parts:
        parts = [_wanted(_nothing(), known[:0], wanted)]
    more = pc.is_in(known, value_set=distinct(further.get("subject_id", [])))
    used = more.to_numpy(zero_copy_only=False)
    for part in parts:
        used[part["subject_id"].to_numpy()] = True
    whole = pa.concat_tables(parts).unify_dictionaries()
    del parts
    texts = {"subject_id": known.filter(pa.array(used))}
    for name in (*NAMES, "number"):
        texts[name] = distinct([whole[name].chunk(0).dictionary, *further.get(name, [])])
    book = Codebook(texts)
    place = pa.array(np.cumsum(used) - 1, pa.int32())
    return Rows(book, _coded(whole, book, place))


def subjects_of(past: Past, nights: Sequence[int], operators: pa.Array) -> pa.Array:
    """Return the distinct subjects of some operators on some nights, in order."""
    parts = []
    for batch in past.profiles(nights, ["operator_id", "subject_id"]):
        who, whom = (_dictionary(batch[name]) for name in ("operator_id", "subject_id"))
        theirs = pc.is_in(who.dictionary, value_set=operators).take(who.indices)
        parts.append(whom.dictionary.take(pc.unique(whom.indices.filter(theirs))))
    return distinct(parts)


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


def _located(
    batches: Iterable[pa.RecordBatch], known: pa.Array
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Yield batches, and the place of each subject of their dictionaries among the known ones.

    Looking texts up first builds an index of all that are known: many batches share one.
    """
    waiting: list[pa.RecordBatch] = []
    values: list[pa.Array] = []
    for batch in batches:
        waiting.append(batch)
        values.append(_dictionary(batch["subject_id"]).dictionary)
        if sum(map(len, values)) >= len(known):
            yield from _placed(waiting, values, known)
            waiting, values = [], []
    yield from _placed(waiting, values, known)


def _placed(
    batches: Sequence[pa.RecordBatch], values: Sequence[pa.Array], known: pa.Array
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Yield batches with the places of their dictionaries' values."""
    found = pc.index_in(pa.chunked_array(values, pa.string()), value_set=known).combine_chunks()
    first = 0
    for batch, texts in zip(batches, values, strict=True):
        yield batch, found.slice(first, len(texts))
        first += len(texts)


def _wanted(batch: pa.RecordBatch, place: pa.Array, wanted: pa.Array) -> pa.Table:
    """Return the wanted rows of a batch: subjects as places among the known ones, counts small."""
    whom = place.take(_dictionary(batch["subject_id"]).indices)
    keep = pc.fill_null(wanted.take(whom), False)
    rows = pa.table({name: batch[name] for name in READ} | {"subject_id": whom}).filter(keep)
    columns = {name: rows[name].combine_chunks() for name in READ}
    columns |= {name: _dictionary(columns[name]) for name in (*NAMES, "number")}
    columns |= {name: pc.cast(columns[name], pa.int32()) for name in ("night_number", *COUNTS)}
    return pa.table(columns)


def _coded(rows: pa.Table, book: Codebook, place: pa.Array) -> pa.Table:
    """Return rows with codes in place of texts."""
    columns = {name: rows[name] for name in ("night_number", *COUNTS)}
    columns |= {name: book.encode(name, rows[name]) for name in (*NAMES, "number")}
    columns["subject_id"] = place.take(rows["subject_id"].combine_chunks())
    return pa.table({name: columns[name] for name in READ})


def _dictionary(values: pa.Array) -> pa.DictionaryArray:
    """Return a column as a dictionary."""
    return values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)


def _nothing() -> pa.RecordBatch:
    """Return no rows."""
    return pa.RecordBatch.from_pylist([], schema=PAIR_NIGHTS.empty().select(list(READ)).schema)
