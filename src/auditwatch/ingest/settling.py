"""The second half of reading: whole nights of staged records become lookups.

Ids, repetitions and cascades need the records of a night together, and never those of a whole file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.ingest.absences import with_absences
from auditwatch.ingest.contradictions import Contradictions, contradictions
from auditwatch.ingest.folding import LOOK_BACK, fold
from auditwatch.ingest.ids import first_of_each, heads_of, with_ids
from auditwatch.ingest.normalise import rows_schema
from auditwatch.ingest.spool import LINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from auditwatch.ingest.spans import Flags, Ints
    from auditwatch.ingest.staging import Staged

__all__ = ["Followers", "Settled", "settle"]

MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True)
class Followers:
    """What folding needs to know: transactions that follow others by themselves, how soon (s)."""

    after: Mapping[str, frozenset[str]]
    seconds: int


@dataclass(frozen=True)
class Settled:
    """Whole nights of one source.

    Parameters
    ----------
    rows : pa.Table
        LOOKUPS as `rows_schema`, in file order, each id once.
    lines : ndarray of int64, shape (rows,)
        Physical lines that each record spans.
    repeated : ndarray of int64, shape (2, n)
        First line and number of lines of each record left out because the file holds it twice.
    contradicted : Contradictions
        Those of them that say something else than the first.
    """

    rows: pa.Table
    lines: Ints
    repeated: Ints
    contradicted: Contradictions = field(default_factory=Counter)


def settle(staged: Staged, folder: Path, followers: Followers) -> Iterator[Settled]:
    """Turn staged records into lookups.

    Parameters
    ----------
    staged : Staged
        What `stage_source` left.
    folder : Path
        Where.
    followers : Followers
        For folding.

    Yields
    ------
    Settled
        Nights in order, as many together as fit in memory. Cascades over midnight are folded.
    """
    tail: pa.Table | None = None
    for stretch in staged.spool(folder).stretches():
        lines = stretch[LINES].to_numpy()
        rows = with_ids(stretch.drop_columns([LINES]))  # ids do not depend on what is stacked
        rows = with_absences(rows, staged.absences)
        whole = rows
        rows, first = first_of_each(whole)
        out = np.zeros(len(lines), np.bool_)
        if first is not None:
            out[:] = True
            out[first] = False
        repeated = np.stack([stretch["line"].to_numpy()[out], lines[out]])
        folded, tail = _folded(rows, tail, followers)
        differing = _contradictions(whole, out, staged) if out.any() else Counter()
        done = _complete(folded, staged.source_id)
        yield Settled(done, lines[~out], repeated, differing)


def _contradictions(rows: pa.Table, repeated: Flags, staged: Staged) -> Contradictions:
    """Return what repeated records say else than the first of each."""
    copies = np.flatnonzero(repeated)
    label = _label(staged.source_id, len(copies))
    again = rows.take(pa.array(copies)).append_column("source_id", label)
    heads = rows.take(pa.array(heads_of(rows)[copies]))
    of_all = [staged.source_id] * len(copies)
    return contradictions(heads, again, of_all, {staged.source_id: staged.name})


def _folded(
    rows: pa.Table, tail: pa.Table | None, followers: Followers
) -> tuple[pa.Table, pa.Table]:
    """Fold nights together with the last minutes before them; return them and their own last."""
    back = LOOK_BACK * followers.seconds * MICROSECONDS
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    before = 0
    whole = rows
    if tail is not None:
        near = tail["event_time"].cast(pa.int64()).to_numpy() >= times.min() - back
        tail = tail.filter(pa.array(near))
        before = tail.num_rows
    if tail is not None and before:
        whole = pa.concat_tables([tail, rows]).unify_dictionaries().combine_chunks()
    origin, lookup_id = fold(whole, followers.after, followers.seconds)
    folded = rows.set_column(
        rows.column_names.index("origin"), "origin", origin.slice(before)
    ).append_column("lookup_id", lookup_id.slice(before))
    return folded, rows.filter(pa.array(times >= times.max() - back))


def _complete(rows: pa.Table, source_id: str) -> pa.Table:
    """Name the source and put the columns in their order."""
    label = _label(source_id, rows.num_rows)
    schema = rows_schema()
    return rows.append_column("source_id", label).select(schema.names).cast(schema).combine_chunks()


def _label(source_id: str, count: int) -> pa.DictionaryArray:
    """Return the column that names one source."""
    codes = pa.array(np.zeros(count, np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([source_id], pa.string()))
