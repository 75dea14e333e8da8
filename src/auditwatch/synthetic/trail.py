"""From lookups to the lines of a trail: order, identifiers, text, and everyday faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditwatch.synthetic.draws import Texts, chance, texts
from auditwatch.synthetic.faults import outcomes, slip_keys, slip_purposes, slip_requesters
from auditwatch.synthetic.reasons import write_reasons
from auditwatch.synthetic.vocabulary import (
    AGENCY,
    PURPOSES,
    ROLES,
    SYSTEMS,
    TRANSACTION_CODE,
    TRANSACTIONS,
    UNITS,
)

if TYPE_CHECKING:
    from auditwatch.synthetic.acts import Acts
    from auditwatch.synthetic.world import World

__all__ = ["in_order", "write_trail"]

_PARTIAL = TRANSACTION_CODE["RPQ"]
_BY_NAME = (TRANSACTION_CODE["DNQ"], TRANSACTION_CODE["RNQ"])


def in_order(world: World, rng: np.random.Generator, acts: Acts) -> Acts:
    """Return the lookups of the trail's own days in order of time, ties in random order.

    Parameters
    ----------
    world : World
        Whose calendar bounds the trail.
    rng : Generator
        Source of chance.
    acts : Acts
        Lookups in any order.
    """
    first, after = world.calendar.bounds()
    inside = np.flatnonzero((acts.time >= first) & (acts.time < after))
    inside = rng.permutation(inside)
    return acts.where(inside[np.argsort(acts.time[inside], kind="stable")])


def _subjects(rng: np.random.Generator, world: World, acts: Acts) -> tuple[Texts, Texts, Texts]:
    """Return kind, identifier and name of each subject; partial plates and bare names included."""
    residents = world.residents
    ids, names = residents.subject_id[acts.subject], residents.subject_name[acts.subject]
    kinds = np.where(
        acts.subject < residents.persons,
        "person",
        np.where(acts.subject < residents.persons + residents.vehicles, "vehicle", "property"),
    ).astype(np.object_)
    for row in np.flatnonzero(acts.transaction == _PARTIAL).tolist():
        keep = int(rng.integers(2, 6))
        plate = ids[row][2:]
        ids[row] = f"V-{plate[:keep]}*" if rng.random() < 0.7 else f"V-*{plate[-keep:]}"
    vague = np.isin(acts.transaction, _BY_NAME) & chance(rng, len(acts), 0.4)
    for row in np.flatnonzero(vague).tolist():
        family, _, given = names[row].partition(", ")
        ids[row] = ""
        names[row] = f"{family}, {given[:1]}*" if rng.random() < 0.6 else f"*, {given.split()[0]}"
    return kinds, ids, names


def _event_ids(rng: np.random.Generator, size: int) -> Texts:
    """Return identifiers that count up with time and tell nothing else."""
    first = int(rng.integers(10**6, 9 * 10**6))
    return texts([f"{n:09d}" for n in range(first, first + size)])


def write_trail(world: World, rng: np.random.Generator, acts: Acts) -> pa.Table:
    """Return the trail as a table of text.

    Parameters
    ----------
    world : World
        The city.
    rng : Generator
        Source of chance.
    acts : Acts
        Lookups in the order of the trail.

    Returns
    -------
    pyarrow.Table
        One row a line; every column is text.
    """
    staff = world.staff
    kinds, ids, names = _subjects(rng, world, acts)
    reasons, cases = write_reasons(rng, world, acts)
    transaction = slip_keys(rng, acts)
    day = world.calendar.day(acts.time)
    columns = {
        "event_id": _event_ids(rng, len(acts)),
        "event_time": world.calendar.iso(acts.time),
        "operator_id": staff.operator_id[acts.operator],
        "operator_role": texts(ROLES)[staff.role[acts.operator]],
        "operator_unit": texts(UNITS)[staff.unit_on(acts.operator, day)],
        "requester_id": slip_requesters(rng, staff.operator_id[acts.requester]),
        "agency": texts([AGENCY])[np.zeros(len(acts), dtype=np.int64)],
        "terminal": staff.terminals[acts.terminal],
        "system": texts(SYSTEMS)[transaction],
        "transaction": texts(TRANSACTIONS)[transaction],
        "subject_kind": kinds,
        "subject_id": ids,
        "subject_name": names,
        "purpose": texts(PURPOSES)[slip_purposes(rng, acts)],
        "reason": reasons,
        "case_id": cases,
        "outcome": outcomes(rng, transaction),
    }
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})
