"""An operator's nights beside what is usual for the operator and for the peers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from auditwatch.core.schema import PAIR_NIGHTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from auditwatch.engine.lake import Lake

__all__ = ["Band", "Looker", "Nights", "Profiles"]

SHOWN: Final = 60  # nights
PEERS_LEAST: Final = 8
ROWS_MOST: Final = 8_000_000  # held in memory: about 300 MB
EPOCH: Final = date(1970, 1, 1)
TEXTS: Final = ("operator_id", "operator_role", "operator_unit", "subject_id")
NUMBERS: Final = ("night_number", "lookups", "explained")


class Band(msgspec.Struct, frozen=True):
    """What is usual: fifth percentile, median and ninety-fifth of lookups on a night at work."""

    low: int
    median: int
    high: int


class Nights(msgspec.Struct, frozen=True):
    """One operator's nights.

    Parameters
    ----------
    nights : tuple of str
        All nights shown, ISO, without gaps.
    lookups : tuple of int
        Lookups of each.
    own : Band or None
        Of the operator's own nights at work; None below eight of them.
    peers : Band or None
        Of the peers' nights at work; None below eight peers.
    group : str
        Who the peers are, in words.
    """

    nights: tuple[str, ...]
    lookups: tuple[int, ...]
    own: Band | None
    peers: Band | None
    group: str


class Looker(msgspec.Struct, frozen=True):
    """Somebody who looked at a subject: on how many nights, how often, how often with a case."""

    operator_id: str
    unit: str
    nights: int
    lookups: int
    explained: int
    last: str


class Profiles:
    """Who looked at what on the latest nights, held in memory as numbers.

    Parameters
    ----------
    lake : Lake
        Where the profiles are: as many of the latest nights as fit into eight million rows.
    """

    def __init__(self, lake: Lake) -> None:
        nights = _fitting(lake.counts(PAIR_NIGHTS))
        rows = lake.read(PAIR_NIGHTS, nights, (*TEXTS, *NUMBERS)) if nights else None
        self._names: dict[str, list[str]] = {}
        self._codes: dict[str, NDArray[Any]] = {}
        for name in TEXTS:
            self._names[name], self._codes[name] = _coded(rows, name)
        self._numbers = {
            name: rows[name].to_numpy() if rows is not None else np.zeros(0, np.int64)
            for name in NUMBERS
        }

    def nights_of(self, operator_id: str, until: str) -> Nights:
        """Return an operator's sixty nights up to one, with the bands.

        Parameters
        ----------
        operator_id : str
            Who.
        until : str
            Last night, ISO.
        """
        last = (date.fromisoformat(until) - EPOCH).days
        night = self._numbers["night_number"] - (last - SHOWN + 1)
        within = (night >= 0) & (night < SHOWN)
        operators = self._codes["operator_id"][within]
        size = len(self._names["operator_id"])
        worked = np.bincount(
            operators * SHOWN + night[within],
            self._numbers["lookups"][within],
            minlength=size * SHOWN,
        ).reshape(size, SHOWN)
        mine = _place(self._names["operator_id"], operator_id)
        own = worked[mine] if mine is not None else np.zeros(SHOWN)
        peers, words = self._peers(within, mine)
        theirs = worked[peers]
        return Nights(
            tuple((EPOCH + timedelta(days=last - n)).isoformat() for n in reversed(range(SHOWN))),
            tuple(int(n) for n in own),
            _band(own[own > 0]),
            _band(theirs[theirs > 0]) if len(peers) >= PEERS_LEAST else None,
            f"{len(peers)} peers: {words}",
        )

    def lookers(self, subject_id: str, until: str) -> list[Looker]:
        """Return who looked at a subject in the sixty nights up to one, most nights first."""
        place = _place(self._names["subject_id"], subject_id)
        if place is None:
            return []
        last = (date.fromisoformat(until) - EPOCH).days
        night = self._numbers["night_number"]
        rows = (self._codes["subject_id"] == place) & (night <= last) & (night > last - SHOWN)
        found = []
        for operator in np.unique(self._codes["operator_id"][rows]):
            own = rows & (self._codes["operator_id"] == operator)
            final = int(night[own].max())
            unit = self._codes["operator_unit"][own & (night == final)][0]
            found.append(
                Looker(
                    self._names["operator_id"][operator],
                    self._names["operator_unit"][unit],
                    len(np.unique(night[own])),
                    int(self._numbers["lookups"][own].sum()),
                    int(self._numbers["explained"][own].sum()),
                    (EPOCH + timedelta(days=final)).isoformat(),
                )
            )
        return sorted(found, key=lambda one: (-one.nights, -one.lookups, one.operator_id))

    def _peers(self, within: NDArray[Any], mine: int | None) -> tuple[NDArray[Any], str]:
        """Return the operators of the same role and unit, and what these are called."""
        operators = self._codes["operator_id"][within]
        if mine is None or not (operators == mine).any():
            return np.zeros(0, np.int64), "unit not told"
        role, unit = (self._codes[name][within] for name in ("operator_role", "operator_unit"))
        at = np.flatnonzero(operators == mine)[-1]
        same = (role == role[at]) & (unit == unit[at]) & (operators != mine)
        names = self._names["operator_role"][role[at]], self._names["operator_unit"][unit[at]]
        return np.unique(operators[same]), ", ".join(filter(None, names)) or "unit not told"


def _fitting(counts: dict[str, int]) -> list[str]:
    """Return the latest nights that fit into memory together."""
    nights: list[str] = []
    rows = 0
    for night in sorted(counts, reverse=True):
        rows += counts[night]
        if rows > ROWS_MOST:
            break
        nights.append(night)
    return nights[::-1]


def _coded(rows: pa.Table | None, name: str) -> tuple[list[str], NDArray[Any]]:
    """Return the distinct texts of a column and the place of each row's text among them."""
    if rows is None or not rows.num_rows:
        return [], np.zeros(0, np.int64)
    whole = rows[name].cast(pa.string()).combine_chunks().fill_null("").dictionary_encode()
    return whole.dictionary.to_pylist(), whole.indices.to_numpy().astype(np.int64)


def _place(names: Sequence[str], wanted: str) -> int | None:
    """Return the place of a text; None when it is not there."""
    return names.index(wanted) if wanted in names else None


def _band(counts: NDArray[Any]) -> Band | None:
    """Return what is usual among counts; None when there are too few to say."""
    if len(counts) < PEERS_LEAST:
        return None
    return Band(*(int(n) for n in np.quantile(counts, [0.05, 0.5, 0.95], method="nearest")))
