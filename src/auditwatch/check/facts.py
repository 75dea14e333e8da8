"""What is known beside the trail, indexed once, for the facts that rules read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from auditwatch.core.contexttables import Context

__all__ = [
    "DAY_KEYS",
    "DUTY_SLACK",
    "EPOCH",
    "NEVER",
    "SECOND_KEYS",
    "CaseList",
    "Duty",
    "Facts",
    "Owners",
    "Relations",
    "Roster",
    "make_facts",
]

#: Day number of a date that is not given: later than any night.
NEVER: Final = np.iinfo(np.int32).max
EPOCH: Final = date(1970, 1, 1)
UTC_ZONE: Final = ZoneInfo("UTC")
DUTY_SLACK: Final = 3600  # seconds before and after a recorded spell that still count as duty
SECOND_KEYS: Final = 1 << 40  # likewise, for seconds since 1970
DAY_KEYS: Final = 1_000_000  # more than there are day numbers, so that keys of operators never meet


@dataclass(frozen=True, eq=False)
class Roster:
    """The roster, one entry an operator.

    Parameters
    ----------
    operators : pa.Array of text, shape (n_operators,)
        Ids as in the trail.
    subjects, vehicles : pa.Array of text, shape (n_operators,)
        The operator's own keys as a subject, and the own vehicle's; null where not given.
    households : ndarray of int32, shape (n_operators,)
        Number of the household; -1 where not given.
    units, roles : pa.Array of text, shape (n_operators,)
        Null where not given.
    separated, trained : ndarray of int32, shape (n_operators,)
        First day no longer employed; last day of a valid certificate (days since 1970-01-01).
        `NEVER` and -1 where not given.
    suspended : ndarray of int32, shape (n_operators, 2)
        First and last day of a suspension or a leave; `NEVER` where not given.
    """

    operators: pa.Array
    subjects: pa.Array
    vehicles: pa.Array
    households: NDArray[np.int32]
    units: pa.Array
    roles: pa.Array
    separated: NDArray[np.int32]
    trained: NDArray[np.int32]
    suspended: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Relations:
    """Known ties: operator, subject, and the relation as one lower-case word."""

    operators: pa.Array
    subjects: pa.Array
    pairs: NDArray[np.int64]
    words: tuple[str, ...]
    word_of_pair: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Owners:
    """Registered owners: a vehicle's key, and the owner's key as a subject."""

    owner_of: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Duty:
    """Recorded duty.

    Parameters
    ----------
    operators : pa.Array of text, shape (n_operators,)
        Ids as in the trail.
    days : ndarray of int64
        Sorted keys operator number x `DAY_KEYS` + day number.
    starts, ends : ndarray of int64, shape (n_spells,)
        Sorted keys operator number x `SECOND_KEYS` + seconds since 1970, with `DUTY_SLACK` on
        either side; spells of one operator that meet are one.
    """

    operators: pa.Array
    days: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CaseList:
    """Cases: ids, first and last day, the unit in charge, and who and what belongs to each."""

    ids: pa.Array
    opened: NDArray[np.int32]
    closed: NDArray[np.int32]
    units: tuple[str | None, ...]
    operators: tuple[frozenset[str], ...]
    subjects: tuple[frozenset[str], ...]


@dataclass(frozen=True, eq=False)
class Facts:
    """What `judge` knows beside the batch.

    Parameters
    ----------
    roster, relations, cases, owners, duty : optional
        None when the table was not given; facts that need it are then *unknown*.
    not_exported : mapping of str to frozenset of str
        For each source_id the canonical fields that no lookup of this source tells: not exported,
        masked in every record, or overwritten before release.
    masked_subjects : frozenset of str
        Sources in which some subjects are masked.
    zone : ZoneInfo
        The agency's clock.
    """

    roster: Roster | None
    relations: Relations | None
    cases: CaseList | None
    owners: Owners | None
    duty: Duty | None
    not_exported: Mapping[str, frozenset[str]]
    masked_subjects: frozenset[str] = frozenset()
    zone: ZoneInfo = UTC_ZONE

    @property
    def absent(self) -> frozenset[str]:
        """Names of the context tables that were not given."""
        names = ("roster", "relations", "cases", "duty")
        return frozenset(name for name in names if getattr(self, name) is None)


def make_facts(
    context: Context,
    not_exported: Mapping[str, frozenset[str]],
    masked_subjects: frozenset[str] = frozenset(),
    zone: ZoneInfo = UTC_ZONE,
) -> Facts:
    """Index the context tables for judging.

    Parameters
    ----------
    context : Context
        Tables that were given; any of them may be None.
    not_exported : mapping of str to frozenset of str
        source_id to the canonical fields that no lookup of that source tells.
    masked_subjects : frozenset of str
        Ids of the sources in which some subjects are masked.
    zone : ZoneInfo
        The agency's clock; the minute of a lookup's hour is read from it.

    Returns
    -------
    Facts
        Reused for every batch of the same scan.
    """
    return Facts(
        _roster(context.roster) if context.roster is not None else None,
        _relations(context.relations) if context.relations is not None else None,
        _cases(context.cases) if context.cases is not None else None,
        _owners(context.links) if context.links is not None else None,
        _duty(context.duty) if context.duty is not None else None,
        dict(not_exported),
        masked_subjects,
        zone,
    )


def _texts(table: pa.Table, name: str) -> list[str | None]:
    """Return a text column with empty cells as None; a missing column is all None."""
    if name not in table.column_names:
        return [None] * table.num_rows
    return [str(value) if value else None for value in table.column(name).to_pylist()]


def _days(table: pa.Table, name: str, otherwise: int) -> NDArray[np.int32]:
    """Return a day column as days since 1970-01-01."""
    if name not in table.column_names:
        return np.full(table.num_rows, otherwise, dtype=np.int32)
    values = table.column(name).to_pylist()
    days = [otherwise if value is None else (value - EPOCH).days for value in values]
    return np.array(days, dtype=np.int32)


def _roster(table: pa.Table) -> Roster:
    """Index the roster."""
    plates = [plate and plate.upper().replace(" ", "") for plate in _texts(table, "plate")]
    vehicles = [plate and (plate if plate.startswith("V-") else f"V-{plate}") for plate in plates]
    households = _texts(table, "household")
    numbers = {name: n for n, name in enumerate(sorted(filter(None, households)))}
    return Roster(
        pa.array(_texts(table, "operator_id"), pa.string()),
        pa.array(_texts(table, "subject_id"), pa.string()),
        pa.array(vehicles, pa.string()),
        np.array([numbers[name] if name else -1 for name in households], dtype=np.int32),
        pa.array(_texts(table, "unit"), pa.string()),
        pa.array(_texts(table, "role"), pa.string()),
        _days(table, "separated_on", NEVER),
        _days(table, "trained_until", -1),
        np.stack([_days(table, f"suspended_{end}", NEVER) for end in ("from", "until")], axis=1),
    )


def _relations(table: pa.Table) -> Relations:
    """Index known ties by operator and subject; a pair's first relation in sort order counts."""
    columns = (_texts(table, name) for name in ("operator_id", "subject_id", "relation"))
    rows = sorted(
        (who, whom, _word(word)) for who, whom, word in zip(*columns, strict=True) if who and whom
    )
    operators = sorted({who for who, _, _ in rows})
    subjects = sorted({whom for _, whom, _ in rows})
    words = tuple(sorted({word for _, _, word in rows}))
    place = (
        {name: n for n, name in enumerate(operators)},
        {name: n for n, name in enumerate(subjects)},
    )
    pairs: dict[int, int] = {}
    for who, whom, word in rows:
        pairs.setdefault(place[0][who] * len(subjects) + place[1][whom], words.index(word))
    keys = sorted(pairs)
    return Relations(
        pa.array(operators, pa.string()),
        pa.array(subjects, pa.string()),
        np.array(keys, dtype=np.int64),
        words,
        np.array([pairs[key] for key in keys], dtype=np.int32),
    )


def _owners(table: pa.Table) -> Owners:
    """Index registered owners; of several the first in sort order counts."""
    columns = (_texts(table, name) for name in ("subject_id", "other_id", "relation"))
    found: dict[str, str] = {}
    for vehicle, owner, relation in sorted(zip(*columns, strict=True), key=str):
        if vehicle and owner and _word(relation) == "registered_owner":
            found.setdefault(vehicle, owner)
    return Owners(found)


def _duty(table: pa.Table) -> Duty:
    """Index recorded duty by operator and day, with a day on either side.

    Spells are instants and nights are local dates, and overtime is not always recorded: whoever
    has duty on the day before or after was not gone.
    """
    operators = _texts(table, "operator_id")
    numbers = {name: n for n, name in enumerate(sorted({name for name in operators if name}))}
    keys: set[int] = set()
    around: list[tuple[int, int]] = []
    spells = zip(operators, *(table[name].to_pylist() for name in ("starts", "ends")), strict=True)
    for name, starts, ends in spells:
        if name and starts and ends:
            first, last = (starts.date() - EPOCH).days - 1, (ends.date() - EPOCH).days + 1
            keys.update(numbers[name] * DAY_KEYS + day for day in range(first, last + 1))
            base = numbers[name] * SECOND_KEYS
            around.append(
                (
                    base + int(starts.timestamp()) - DUTY_SLACK,
                    base + int(ends.timestamp()) + DUTY_SLACK,
                )
            )
    spells_of = _joined(around)
    return Duty(
        pa.array(numbers, pa.string()),
        np.array(sorted(keys), dtype=np.int64),
        spells_of[:, 0],
        spells_of[:, 1],
    )


def _joined(spells: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Return spells in order, those that meet made one."""
    joined: list[list[int]] = []
    for start, end in sorted(spells):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return np.array(joined, dtype=np.int64).reshape(-1, 2)


def _word(relation: str | None) -> str:
    """Return a relation as one lower-case word."""
    return (relation or "related").strip().lower().replace(" ", "_").replace("-", "_")


def _cases(table: pa.Table) -> CaseList:
    """Index cases by number."""
    return CaseList(
        pa.array(_texts(table, "case_id"), pa.string()),
        _days(table, "opened", -1),
        _days(table, "closed", NEVER),
        tuple(_texts(table, "unit")),
        tuple(_members(cell) for cell in _texts(table, "operators")),
        tuple(_members(cell) for cell in _texts(table, "subjects")),
    )


def _members(cell: str | None) -> frozenset[str]:
    """Return the entries of a list joined by semicolons."""
    return frozenset(part.strip() for part in (cell or "").split(";") if part.strip())
