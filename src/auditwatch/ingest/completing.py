"""Stored records that another file says more of: noted down first, completed after, never lost.

What is to be completed lies beside the lake before the file that knows more counts as read. A run
that is stopped in between is finished by the next one.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.files import ensure_folder
from auditwatch.core.schema import LOOKUPS, SOURCES
from auditwatch.ingest.copies import put_in
from auditwatch.ingest.folding import LOOK_BACK, fold

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.engine.lake import Lake
    from auditwatch.ingest.settling import Followers

__all__ = ["Fuller", "complete", "fold_night"]

FOLDER: Final = ".completing"
MICROSECONDS: Final = 1_000_000
MACHINE: Final = ("hotlist", "batch")


class Fuller:
    """Fuller records of one source, written down until they can be put into the lake.

    Parameters
    ----------
    lake : Lake
        Where they belong.
    token : str
        The source that says more.
    """

    def __init__(self, lake: Lake, token: str) -> None:
        self._folder = lake.root / FOLDER / token
        self._number = 0
        shutil.rmtree(self._folder, ignore_errors=True)  # of a run that was stopped

    def add(self, rows: pa.Table) -> None:
        """Write down the fuller records of whole nights."""
        if not rows.num_rows:
            return
        path = ensure_folder(self._folder) / f"{self._number}.arrow"
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(rows)
        self._number += 1


def complete(lake: Lake, followers: Followers) -> None:
    """Put fuller records into the lake; call it under the lock. Doing it again changes nothing.

    Parameters
    ----------
    lake : Lake
        Whose lookups are completed, night by night.
    followers : Followers
        For folding: what a record says decides what it follows.
    """
    for folder in sorted((lake.root / FOLDER).glob("*")):
        if lake.has(SOURCES, folder.name):  # else its file is read again
            for path in sorted(folder.iterdir()):
                _complete(lake, _read(path), followers)
        shutil.rmtree(folder)


def _read(path: Path) -> pa.Table:
    """Return the fuller records of one file."""
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_stream(file).read_all()


def _complete(lake: Lake, fuller: pa.Table, followers: Followers) -> None:
    """Put fuller records into their nights."""
    names = fuller["night"].cast(pa.string())
    for night in sorted(pc.unique(names).to_pylist()):
        mine = fuller.filter(pc.equal(names, night))
        rows = lake.read(LOOKUPS, [night])
        places = pc.index_in(rows["event_id"], value_set=mine["event_id"].combine_chunks())
        known = np.asarray(places.is_valid().to_numpy(), np.bool_)
        chosen = mine.take(places.filter(pa.array(known)))
        whole = put_in(rows, np.flatnonzero(known), chosen)
        lake.replace(LOOKUPS, fold_night(whole, night, lake, followers), [night])


def fold_night(rows: pa.Table, night: str, lake: Lake, followers: Followers) -> pa.Table:
    """Fold a night as if all its files had been one.

    Parameters
    ----------
    rows : pa.Table
        The whole night, LOOKUPS.
    night : str
        ISO date.
    lake : Lake
        Holds the night before it, in whose last minutes a cascade may begin.
    followers : Followers
        For folding.

    Returns
    -------
    pa.Table
        The same rows with `origin` and `lookup_id` as they are then.

    Notes
    -----
    Files are put one after another by their first time, so that a trail gives the same lookups
    however it was cut and in whatever order its parts came.
    """
    before = (date.fromisoformat(night) - timedelta(days=1)).isoformat()
    since = pc.min(rows["event_time"]).as_py() - timedelta(seconds=LOOK_BACK * followers.seconds)
    earlier = lake.read(LOOKUPS, [before])
    earlier = earlier.filter(pc.greater_equal(earlier["event_time"], pa.scalar(since)))
    whole = pa.concat_tables([earlier, rows]).unify_dictionaries().combine_chunks()
    origin, lookup_id = fold(_in_file_order(whole), followers.after, followers.seconds)
    for name, values in (("origin", origin), ("lookup_id", lookup_id)):
        at = rows.column_names.index(name)
        rows = rows.set_column(at, name, values.slice(earlier.num_rows))
    return rows


def _in_file_order(rows: pa.Table) -> pa.Table:
    """Return rows numbered over all files, without the origins that folding gives."""
    sources = rows["source_id"].combine_chunks().dictionary_decode().dictionary_encode()
    codes = sources.indices.to_numpy()
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    first = np.full(len(sources.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(first, codes, times)
    names = np.array(sources.dictionary.to_pylist())
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((names, first))] = np.arange(len(first))
    numbers = np.empty(rows.num_rows, np.int64)
    order = np.lexsort((rows["line"].to_numpy(), rank[codes]))
    numbers[order] = np.arange(rows.num_rows)
    given = rows["origin"].cast(pa.string())
    given = pc.if_else(pc.is_in(given, value_set=pa.array(MACHINE)), given, None)
    numbered = rows.set_column(rows.column_names.index("line"), "line", pa.array(numbers))
    return numbered.set_column(rows.column_names.index("origin"), "origin", given)
