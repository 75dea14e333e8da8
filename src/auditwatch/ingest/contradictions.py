"""Copies of one record that say different things: kept as one, and told.

Which copy is right nobody can know from the two. What is kept does not depend on the order of files
(`copies.merged`); that there was a choice is a gap of the night, with the number of records.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import GAPS
from auditwatch.ingest.copies import FIELDS, TOLD, levels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditwatch.ingest.spans import Flags

__all__ = ["KIND", "Contradictions", "Place", "contradictions", "gaps_of", "records_in"]

KIND: Final = "contradicting_copies"


class Place(NamedTuple):
    """Where copies contradict each other: a file, a night, and which files tell them."""

    source_id: str
    night: str
    files: str


#: By place and field, records of which the copies differ in it; the field is empty for all records.
Contradictions = Counter[tuple[Place, str]]


def contradictions(
    one: pa.Table, other: pa.Table, sources: Sequence[str], names: Mapping[str, str]
) -> Contradictions:
    """Count the records that two copies tell in other words.

    Parameters
    ----------
    one, other : pa.Table
        Copies of the same records, normalised, row by row.
    sources : sequence of str
        The file (source_id) that each of `one` comes from; those of `other` have theirs in
        `source_id`.
    names : mapping of str to str
        File name by source_id.

    Notes
    -----
    A mask, an empty cell and an organisation in a person's place contradict nothing, nor does a
    text of which the other is a part: one of the two exports cuts it off.
    """
    flags = {name: _differ(one, other, name) for name in FIELDS}
    any_of_them = np.logical_or.reduce(list(flags.values()))
    if not any_of_them.any():
        return Counter()
    nights = other["night"].cast(pa.string()).to_pylist()
    theirs = other["source_id"].cast(pa.string()).to_pylist()
    found: Contradictions = Counter()
    for at in np.flatnonzero(any_of_them).tolist():
        place = _place(sources[at], theirs[at], nights[at], names)
        found[place, ""] += 1
        found.update((place, name) for name in FIELDS if flags[name][at])
    return found


def _differ(one: pa.Table, other: pa.Table, name: str) -> Flags:
    """Flag the rows in which both copies tell a field and neither tells a part of the other."""
    mine, theirs = (rows[name].cast(pa.string()).combine_chunks() for rows in (one, other))
    flags: Flags = pc.not_equal(mine, theirs).fill_null(False).to_numpy(zero_copy_only=False).copy()
    if flags.any():
        flags &= (levels_of(one, name) == TOLD) & (levels_of(other, name) == TOLD)
    for at in np.flatnonzero(flags).tolist():
        texts = (mine[at].as_py().casefold(), theirs[at].as_py().casefold())
        flags[at] = not (texts[0] in texts[1] or texts[1] in texts[0])
    return flags


def _place(one: str, other: str, night: str, names: Mapping[str, str]) -> Place:
    """Return where a contradiction stands, whichever of the two files was read first."""
    files = sorted({names.get(one, one), names.get(other, other)})
    return Place(min(one, other), night, " and ".join(files))


def records_in(found: Contradictions) -> int:
    """Return how many records were contradicted."""
    return sum(count for (_, name), count in found.items() if not name)


def gaps_of(found: Contradictions) -> pa.Table:
    """Return contradictions as rows of GAPS, one for each place."""
    places = sorted({place for place, _ in found})
    columns = [
        [one.source_id for one in places],
        [one.night for one in places],
        [KIND] * len(places),
        [_said(found, one) for one in places],
    ]
    return pa.table(columns, schema=GAPS.schema)


def _said(found: Contradictions, place: Place) -> str:
    """Put the contradictions of a place into words."""
    fields = ", ".join(f"{name} in {found[place, name]:,}" for name in FIELDS if found[place, name])
    records = found[place, ""]
    noun = "record of" if records == 1 else "records of"
    verb = "is told twice and its copies" if records == 1 else "are told twice and their copies"
    return (
        f"{records:,} {noun} {place.night} {verb} contradict each other in {place.files}: "
        f"{fields}; of two values the longer one is kept, of two as long the later in the alphabet"
    )
