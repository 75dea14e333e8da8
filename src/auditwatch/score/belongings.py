"""Subjects tied to staff: from the roster and the relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from auditwatch.core.contexttables import Context

__all__ = ["belongings"]

COLUMNS: Final = ("subject_id", "owner_id", "relation")


def belongings(context: Context) -> pa.Table | None:
    """Return `subject_id`, `owner_id`, `relation`: which subject is tied to which operator.

    Parameters
    ----------
    context : Context
        Uses `roster` and `relations`.

    Returns
    -------
    pa.Table or None
        Sorted, each subject and owner once with its nearest relation; None where neither roster
        nor relations were given: then no tie can be seen.

    Notes
    -----
    The roster gives an operator's own key, the plate, and who shares the household with him. The
    car of a relative is tied like the relative, because linked subjects are counted as one.
    """
    if context.roster is None and context.relations is None:
        return None
    parts = [_of_roster(context), _of_relations(context)]
    near = pd.concat(parts, ignore_index=True).dropna()
    near = near[near["subject_id"] != ""]
    ties = near.drop_duplicates(["subject_id", "owner_id"]).sort_values(list(COLUMNS))
    return pa.table({name: pa.array(ties[name], pa.string()) for name in COLUMNS})


def _of_roster(context: Context) -> pd.DataFrame:
    """Return own keys, own plates and those of operators in the same household."""
    if context.roster is None:
        return pd.DataFrame(columns=list(COLUMNS))
    names = ["operator_id", "subject_id", "plate", "household"]
    staff = context.roster.select(names).to_pandas().astype("object")
    own = pd.DataFrame(
        {"subject_id": staff["subject_id"], "owner_id": staff["operator_id"], "relation": "self"}
    )
    cars = [
        pd.DataFrame(
            {
                "subject_id": staff["plate"].map(lambda plate, form=form: _plate(plate, form)),
                "owner_id": staff["operator_id"],
                "relation": "own vehicle",
            }
        )
        for form in ("V-{}", "{}")
    ]
    homes = staff.dropna(subset=["household"])
    homes = homes[homes["household"] != ""]
    shared = homes.merge(homes, on="household", suffixes=("", "_other"))
    shared = shared[shared["operator_id"] != shared["operator_id_other"]]
    house = pd.DataFrame(
        {
            "subject_id": shared["subject_id_other"],
            "owner_id": shared["operator_id"],
            "relation": "household",
        }
    )
    return pd.concat([own, *cars, house], ignore_index=True)


def _plate(plate: object, form: str) -> str | None:
    """Return a plate as a subject's key."""
    return form.format(plate.strip().upper()) if isinstance(plate, str) and plate.strip() else None


def _of_relations(context: Context) -> pd.DataFrame:
    """Return known ties as they were given."""
    if context.relations is None:
        return pd.DataFrame(columns=list(COLUMNS))
    names = ["subject_id", "operator_id", "relation"]
    rows: pd.DataFrame = context.relations.select(names).to_pandas().astype("object")
    rows = rows.set_axis(list(COLUMNS), axis=1)
    return rows.assign(relation=rows["relation"].fillna("related"))
