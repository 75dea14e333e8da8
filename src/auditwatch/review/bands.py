"""An operator's nights beside what is usual for the operator and for the peers."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow.compute as pc

from auditwatch.core.schema import PAIR_NIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.engine.lake import Lake

__all__ = ["Band", "Looker", "Nights", "lookers", "nights_of"]

SHOWN: Final = 60  # nights
PEERS_LEAST: Final = 8
COLUMNS: Final = ("night", "operator_id", "operator_role", "operator_unit", "lookups")


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


def nights_of(lake: Lake, operator_id: str, until: str) -> Nights:
    """Return an operator's last sixty nights up to one, with the bands.

    Parameters
    ----------
    lake : Lake
        Where the profiles are.
    operator_id : str
        Who.
    until : str
        Last night, ISO.
    """
    nights = _before(until)
    rows = lake.read(PAIR_NIGHTS, nights, COLUMNS).to_pylist()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    groups: dict[str, tuple[str, str]] = {}
    for row in rows:
        counts[row["operator_id"]][row["night"]] += row["lookups"]
        groups[row["operator_id"]] = (row["operator_role"] or "", row["operator_unit"] or "")
    mine = groups.get(operator_id, ("", ""))
    peers = [name for name, group in groups.items() if group == mine and name != operator_id]
    theirs = [n for name in peers for n in counts[name].values()]
    own = counts[operator_id]
    return Nights(
        tuple(nights),
        tuple(own[night] for night in nights),
        _band(list(own.values())),
        _band(theirs) if len(peers) >= PEERS_LEAST else None,
        f"{len(peers)} peers: {' of '.join(part for part in mine if part) or 'unit not told'}",
    )


def lookers(lake: Lake, subject_ids: Sequence[str], until: str) -> dict[str, list[Looker]]:
    """Return who looked at some subjects in the sixty nights up to one, most often first."""
    nights = _before(until)
    rows = lake.pick(PAIR_NIGHTS, "subject_id", subject_ids, nights)
    found: dict[tuple[str, str], list[Mapping[str, object]]] = defaultdict(list)
    for row in rows.sort_by([("night", "ascending"), ("operator_id", "ascending")]).to_pylist():
        found[row["subject_id"], row["operator_id"]].append(row)
    answer: dict[str, list[Looker]] = {name: [] for name in subject_ids}
    for (subject, operator), own in found.items():
        answer[subject].append(
            Looker(
                operator,
                str(own[-1]["operator_unit"] or ""),
                len(own),
                sum(int(str(row["lookups"])) for row in own),
                sum(int(str(row["explained"])) for row in own),
                str(own[-1]["night"]),
            )
        )
    for people in answer.values():
        people.sort(key=lambda one: (-one.nights, -one.lookups, one.operator_id))
    return answer


def _before(until: str) -> list[str]:
    """Return sixty nights up to one."""
    end = date.fromisoformat(until)
    return [(end - timedelta(days=n)).isoformat() for n in reversed(range(SHOWN))]


def _band(counts: list[int]) -> Band | None:
    """Return what is usual among counts; None when there are too few to say."""
    if len(counts) < PEERS_LEAST:
        return None
    low, median, high = pc.quantile(
        counts, q=[0.05, 0.5, 0.95], interpolation="nearest"
    ).to_pylist()
    return Band(low, median, high)
