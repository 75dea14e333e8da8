"""Facts that the catalogue tells of what was declared: systems, codes, units, jurisdictions."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.coded import Coded, code_answers, code_texts
from auditwatch.check.fact_codes import YES_NO, by_value
from auditwatch.check.purpose import STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from auditwatch.check.columns import Columns

__all__ = [
    "grounds_told",
    "jurisdiction",
    "purpose",
    "purpose_state",
    "system",
    "tier",
    "unit_told",
    "unit_type",
]

ORI: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{7}")


def unit_type(columns: Columns) -> Coded:
    """Return the type of the operator's unit; unknown for a unit the catalogue does not list."""
    types = columns.catalogue.units
    return by_value(columns, "unit", [types.get(text) for text in columns.coded("unit").texts()])


def unit_told(columns: Columns) -> Coded:
    """Return whether the type of the unit is known: a rule may spare units only where it is."""
    types = columns.coded("unit_type")
    return code_answers(types, [*([1] * types.absent), 0, 0], YES_NO)


def grounds_told(columns: Columns) -> Coded:
    """Return whether the source has columns for reason and number, in which grounds could stand."""
    lacking = columns.hidden(("reason", "case_id"))
    told = np.ones(columns.height, dtype=bool) if lacking is None else ~lacking
    return code_texts(told.astype(np.int8), YES_NO)


def system(columns: Columns) -> Coded:
    """Return the declared system, else the key's own: the log of one network does not repeat it.

    A masked system stays unknown, for something was declared.
    """
    declared, keys = columns.trail("system"), columns.coded("transaction")
    known = columns.catalogue.transactions
    homes = [known[text].system if text in known else None for text in keys.texts()]
    names = sorted({*declared.texts(), *filter(None, homes)})
    places = {name: at for at, name in enumerate(names)}
    told = [*map(places.__getitem__, declared.texts()), len(names), len(names) + 1]
    of_key = np.array(
        [*(-1 if home is None else places[home] for home in homes), -1, -1], dtype=np.int32
    )
    codes, home = np.array(told, dtype=np.int32)[declared.codes], of_key[keys.codes]
    silent = _left_empty(columns, "system", declared) & (home >= 0)
    return Coded(np.where(silent, home, codes), pa.array(names, pa.string()))


def _left_empty(columns: Columns, name: str, declared: Coded) -> NDArray[np.bool_]:
    """Return the rows in which nothing at all was declared, exported or not; no mask is nothing."""
    nothing = np.asarray(declared.codes == declared.absent)
    if (declared.codes == declared.unknown).any():
        nothing |= columns.empty(name)
    return nothing


def purpose(columns: Columns) -> Coded:
    """Return the declared purpose; none with a key that takes none, exported or not."""
    declared, keys = columns.trail("purpose"), columns.coded("transaction")
    known = columns.catalogue.transactions
    takes = np.array(
        [text not in known or known[text].takes_purpose for text in keys.texts()] + [True, True]
    )
    none = _left_empty(columns, "purpose", declared) & ~takes[keys.codes]
    return Coded(np.where(none, np.int32(declared.absent), declared.codes), declared.values)


def tier(columns: Columns) -> Coded:
    """Return how protected the answer of the transaction is; unknown for an unmapped key."""
    known = columns.catalogue.transactions
    keys = columns.coded("transaction")
    tiers = [known[text].tier if text in known else -1 for text in keys.texts()]
    values = pa.array(sorted({tier for tier in tiers if tier >= 0}), pa.int64())
    found = pc.fill_null(pc.index_in(pa.array(tiers, pa.int64()), values), len(values) + 1)
    places = found.to_numpy(zero_copy_only=False).astype(np.int32)
    unknown = np.int32(len(values) + 1)
    return Coded(np.append(places, [unknown, unknown]).astype(np.int32)[keys.codes], values)


def purpose_state(columns: Columns) -> Coded:
    """Return whether the declared code was in force on that night."""
    words = ("none", "undefined", *STATES)
    purposes, nights, places = map(columns.coded, ("purpose", "night", "jurisdiction"))
    days = [date.fromisoformat(text) for text in nights.texts()]
    where = [*places.texts(), None, None]
    states = np.full((len(purposes.values) + 2, len(days) + 2, len(where)), 1, dtype=np.int32)
    for row, code in enumerate(purposes.texts()):
        known = columns.catalogue.purposes.get(code)
        if known is not None:
            states[row, : len(days)] = [
                [_place(known.state(day, place), words) for place in where] for day in days
            ]
    states[:, len(days) :] = -1
    states[purposes.absent] = 0
    states[purposes.unknown] = -1
    return code_texts(states[purposes.codes, nights.codes, places.codes], words)


def _place(word: str | None, words: tuple[str, ...]) -> int:
    """Return a word's place among words; -1 for None, which is unknown."""
    return -1 if word is None else words.index(word)


def jurisdiction(columns: Columns) -> Coded:
    """Return the state that the agency's ORI names, else the catalogue's own."""
    agencies = columns.coded("agency")
    otherwise = columns.catalogue.jurisdiction or None
    states = [text[:2] if ORI.fullmatch(text) else otherwise for text in agencies.texts()]
    every = [*states, otherwise, otherwise]
    values = sorted({state for state in every if state is not None})
    places = [-1 if state is None else values.index(state) for state in every]
    return code_answers(agencies, places, values)
