"""Linked subjects counted as one: a vehicle belongs to its registered owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from auditwatch.core.contexttables import Context
    from auditwatch.score.codebook import Codebook

__all__ = ["circle", "folded", "principals", "unfolded"]

MOST_LINKED: Final = 6  # an owner of more is a firm or a pool, and its subjects stay apart
KEYS: Final = ("night_number", "operator_id", "subject_id")


def principals(context: Context, book: Codebook) -> pa.Array:
    """Return, for each subject's code, the code it is counted under.

    Parameters
    ----------
    context : Context
        `links` names, for a subject, another it belongs to.
    book : Codebook
        Codes of the subjects in the profile.

    Returns
    -------
    pa.Array of int32
        One step, never a chain: the least linked subject, or itself. A linked subject that no
        profile has stands for its followers through the least of them.

    Notes
    -----
    Somebody who follows a person looks up the person one day and the car another. Counted apart,
    no pair has many days.
    """
    texts = book.texts["subject_id"]
    own = pa.array(np.arange(len(texts), dtype=np.int32))
    first = _linked(context)
    if first is None:
        return own
    known = first.filter(pc.is_in(first["subject_id"], value_set=texts))
    leads = known.group_by("other_id_min", use_threads=False).aggregate([("subject_id", "min")])
    place = pc.index_in(known["other_id_min"], value_set=leads["other_id_min"].combine_chunks())
    lead = leads["subject_id_min"].combine_chunks().take(place.combine_chunks())
    stand_in = pc.index_in(lead, value_set=texts)
    target = pc.coalesce(book.encode("subject_id", known["other_id_min"]), stand_in)
    position = pc.index_in(texts, value_set=known["subject_id"].combine_chunks())
    return pc.coalesce(target.take(position), own)


def _linked(context: Context) -> pa.Table | None:
    """Return `subject_id` and `other_id_min`, the one it belongs to; None without links."""
    if context.links is None:
        return None
    links = context.links.select(["subject_id", "other_id"]).drop_null()
    links = links.filter(pc.not_equal(links["subject_id"], links["other_id"]))
    owners = links.group_by("other_id", use_threads=False).aggregate([("subject_id", "count")])
    small = owners.filter(pc.less_equal(owners["subject_id_count"], MOST_LINKED))["other_id"]
    links = links.filter(pc.is_in(links["other_id"], value_set=small.combine_chunks()))
    return links.group_by("subject_id", use_threads=False).aggregate([("other_id", "min")])


def circle(context: Context, subjects: pa.Array) -> pa.Array:
    """Return subjects and all that may be counted as one with any of them; some more than once."""
    first = _linked(context)
    if first is None:
        return subjects
    place = pc.index_in(subjects, value_set=first["subject_id"].combine_chunks())
    owners = pc.coalesce(first["other_id_min"].combine_chunks().take(place), subjects)
    owners = pa.concat_arrays([owners, subjects])
    held = first.filter(pc.is_in(first["other_id_min"], value_set=owners))["subject_id"]
    return pa.concat_arrays([owners, held.combine_chunks()])


def unfolded(context: Context, subjects: pa.Array) -> pa.Table:
    """Return `under` and `subject_id`: what was counted under each subject, itself included.

    A subject that stands for others because no profile has the one they belong to stands for all
    that belong to the same.
    """
    own = pa.table({"under": subjects, "subject_id": subjects})
    first = _linked(context)
    if first is None:
        return own
    of, owner = (first[name].combine_chunks() for name in ("subject_id", "other_id_min"))
    leads = pc.is_in(owner, value_set=subjects)
    place = pc.index_in(subjects, value_set=of)
    belongs = pc.and_(pc.is_valid(place), pc.invert(pc.is_in(subjects, value_set=owner)))
    kin = pa.table({"under": subjects, "other_id_min": owner.take(place)}).filter(belongs)
    parts = [
        own,
        pa.table({"under": owner, "subject_id": of}).filter(leads),
        kin.rename_columns(["under", "subject_id"]),
        kin.join(first, "other_id_min").select(["under", "subject_id"]),
    ]
    return pa.concat_tables(parts).group_by(["under", "subject_id"]).aggregate([])


def folded(rows: pa.Table, under: pa.Array) -> pa.Table:
    """Return coded profile rows with every subject counted under its principal.

    Parameters
    ----------
    rows : pa.Table
        Coded rows of PAIR_NIGHTS.
    under : pa.Array of int32
        From `principals`.
    """
    led = np.bincount(under.to_numpy(), minlength=len(under)) > 1
    if not led.any():
        return rows
    whom = rows["subject_id"].combine_chunks()
    counted = under.take(whom)
    place = rows.column_names.index("subject_id")
    moved = rows.set_column(place, "subject_id", counted)
    # a subject that stands for itself alone has one row a night and operator as it is
    shared = pa.array(led).take(counted)
    alone = moved.filter(pc.invert(shared))
    least = ("operator_role", "operator_unit", "number")
    sums = ("lookups", "explained", "settled", "numbered", "rushed")
    added = (
        moved.filter(shared)
        .group_by(list(KEYS), use_threads=False)
        .aggregate([*((name, "min") for name in least), *((name, "sum") for name in sums)])
    )
    held = [*KEYS, *(f"{name}_min" for name in least), *(f"{name}_sum" for name in sums)]
    whole = added.select(held).rename_columns([*KEYS, *least, *sums])
    return pa.concat_tables([alone, whole.select(alone.column_names).cast(alone.schema)])
