"""Values as rules and views read them: keys, purposes, reasons, times."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.cells import MASKED, PLACEHOLDER, VALUE
from auditwatch.core.redaction import MASK, is_mask
from auditwatch.core.schema import LOOKUPS, SOURCE_FIELDS
from auditwatch.ingest.times import BAD, DATED, QUALITIES, local_parts, read_dates, read_times
from auditwatch.ingest.usual import CONTROL, Usual, having

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Map
    from zoneinfo import ZoneInfo

    from auditwatch.core.cells import Cells, States
    from auditwatch.ingest.mapping import Mapping
    from auditwatch.ingest.profile import Profile
    from auditwatch.ingest.spans import Chunk, Flags, Ints, Reject

__all__ = [
    "KEEPS",
    "PLAIN",
    "RULES",
    "WORDS",
    "Clock",
    "case_key",
    "normalise",
    "plain_text",
    "reason_words",
    "rows_schema",
    "subject_key",
]

#: Origins that only a source can know; all others are found by folding.
GIVEN_ORIGINS: Final = ("hotlist", "batch")
#: Words of exports for the outcomes that are known; a mere success says neither hit nor no_record.
OUTCOMES: Final = {
    "record": "hit",
    "found": "hit",
    "norecord": "no_record",
    "not_found": "no_record",
    "refused": "denied",
    "failure": "error",
    "failed": "error",
    "success": "",
    "succeeded": "",
}
#: Reason codes of records that were split well but cannot be used, by number.
REFUSALS: Final = (
    "", "bad_event_id", "missing_system", "missing_operator", "bad_time", "missing_time"
)  # fmt: skip
#: Columns whose values hardly repeat, and those kept as people wrote them, masks included.
UNREPEATED: Final = ("event_id", "event_time")
AS_WRITTEN: Final = ("subject_name", "reason")
NOTHING: Final[Map[int, str | None]] = MappingProxyType({})
LABEL: Final = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Clock:
    """How times of one source are to be read.

    Parameters
    ----------
    agency : ZoneInfo
        Zone of the agency's nights.
    assumed : ZoneInfo
        Zone of times that carry none.
    layout : str
        A ``strptime`` layout; empty for ISO 8601.
    """

    agency: ZoneInfo
    assumed: ZoneInfo
    layout: str = ""


def plain_text(text: str) -> str | None:
    """Return a value without the spaces around it; None when nothing is left."""
    return text.strip() or None


def _as_written(text: str) -> str | None:
    """Return a value as it is; None when it holds nothing but spaces."""
    return text if text.strip() else None


def _upper(text: str) -> str | None:
    """Return a code in upper case without the spaces around it."""
    return text.strip().upper() or None


def _lower(text: str) -> str | None:
    """Return a word in lower case without the spaces around it."""
    return text.strip().lower() or None


def subject_key(text: str) -> str | None:
    """Return the key of a subject: upper case, no spaces around it; None when empty or masked."""
    return None if is_mask(text) else _upper(text)


def case_key(text: str) -> str | None:
    """Return the key of a case: upper case without any spaces; None when empty."""
    return "".join(text.split()).upper() or None


def reason_words(text: str) -> str | None:
    """Return a reason as rules read it: NFKC, case folded, runs of spaces made one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()) or None


def _outcome(text: str) -> str | None:
    """Return an outcome in the words of the lookups table where it is known."""
    word = re.sub(r"[\s-]+", "_", text.strip().lower())
    return OUTCOMES.get(word, word) or None


def _origin(text: str) -> str | None:
    """Return an origin that only the source can know; None for all others."""
    word = text.strip().lower()
    return word if word in GIVEN_ORIGINS else None


RULES: Final[Map[str, Callable[[str], str | None]]] = {
    "transaction": _upper,
    "subject_kind": _lower,
    "subject_id": _upper,
    "subject_name": _as_written,
    "purpose": _upper,
    "reason": _as_written,
    "case_id": case_key,
    "outcome": _outcome,
    "origin": _origin,
}


# What these rules leave as it is, told without a look at each text: rules cost far more.
PLAIN: Final = Usual()
UPPER: Final = Usual(ascii_lowercase)
LOWER: Final = Usual(ascii_uppercase)
WRITTEN: Final = Usual(inside=False)
WORDS: Final = Usual(ascii_uppercase, runs=False)
#: Words of ours are few: each is given to its rule.
KEEPS: Final[Map[str, Usual | None]] = {
    "transaction": UPPER,
    "subject_kind": LOWER,
    "subject_id": UPPER,
    "subject_name": WRITTEN,
    "purpose": UPPER,
    "reason": WRITTEN,
    "case_id": Usual(f"{ascii_lowercase} "),
    "outcome": None,
    "origin": None,
}


def rows_schema() -> pa.Schema:
    """Return the schema of lookups in memory: repeating columns are dictionaries of text."""
    return pa.schema([(one.name, LABEL if one.repeats else one.type) for one in LOOKUPS.columns])


def normalise(
    chunk: Chunk, mapping: Mapping, clock: Clock, profile: Profile
) -> tuple[pa.Table, list[Reject]]:
    """Turn the text columns of a chunk into rows of the lookups table.

    Parameters
    ----------
    chunk : Chunk
        Text as written.
    mapping : Mapping
        Fields with one value for all records, and what the agency's own words stand for.
    clock : Clock
        How to read times.
    profile : Profile
        Takes in the states of all cells.

    Returns
    -------
    rows : pa.Table
        As `rows_schema`, without the records refused here; `lookup_id` and `source_id` are null,
        `event_id` is null where the source gave none.
    rejects : list of Reject
        ``missing_time``, ``missing_operator``, ``missing_system``, ``bad_time``, ``bad_event_id``.
    """
    count = len(chunk.records)
    profile.records += count
    profile.lacking.update(dict.fromkeys(chunk.absent, count))
    columns = _text_columns(chunk, mapping, profile)
    if chunk.dated:
        instants, quality = read_dates(columns["event_time"], clock.assumed)
    else:
        instants, quality = read_times(columns["event_time"], clock.assumed, clock.layout)
    codes = _refusals(columns, quality, count)
    refused = np.flatnonzero(codes)
    rejects = [chunk.refuse(at, REFUSALS[codes[at]]) for at in refused.tolist()]
    rows = _rows(chunk, columns, instants, quality, clock)
    return rows.filter(pa.array(codes == 0)) if rejects else rows, rejects


def _text_columns(chunk: Chunk, mapping: Mapping, profile: Profile) -> dict[str, pa.Array]:
    """Return the normalised columns: dictionaries where values repeat, else plain text."""
    given = {
        name: _trimmed(values) if name in UNREPEATED else values.dictionary_encode()
        for name in SOURCE_FIELDS
        if name not in mapping.constants and (values := chunk.columns.get(name)) is not None
    }
    states = profile.see(given, chunk.absent)
    columns = {}
    for name in SOURCE_FIELDS:
        if name not in given:
            columns[name] = _constant(name, len(chunk.records), mapping)
        elif name == "event_time":
            columns[name] = given[name]
        elif name == "event_id":
            columns[name] = _own_ids(given[name], states[name])
        else:
            columns[name] = _relabelled(name, given[name], states[name], mapping)
    hidden = "reason" not in given or (states["reason"] == MASKED).any()
    columns["reason_norm"] = _reason_norm(columns["reason"], profile.cells if hidden else None)
    return columns


def _constant(name: str, count: int, mapping: Mapping) -> pa.Array:
    """Return a column that the source has not: one value of its mapping, or nothing, throughout."""
    values = pa.repeat(pa.scalar(mapping.constants.get(name), pa.string()), count)
    if name in UNREPEATED:
        return _trimmed(values)
    return relabel(values.dictionary_encode(), _rule(name, mapping))


def _own_ids(values: pa.Array, states: States) -> pa.Array:
    """Return ids without those that are masks or placeholders.

    A mask in place of an id would make all records but the first duplicates of one.
    """
    told = states == VALUE
    return values if told.all() else pc.if_else(pa.array(told), values, None)


def _relabelled(
    name: str, values: pa.DictionaryArray, states: States, mapping: Mapping
) -> pa.DictionaryArray:
    """Return one normalised column of the source."""
    usual = None if _own_words(name, mapping) else KEEPS.get(name, PLAIN)
    instead = _silent(name, values.dictionary, states)
    return relabel(values, _rule(name, mapping), usual, instead)


def _own_words(name: str, mapping: Mapping) -> Map[str, str]:
    """Return what the agency's own words in a field stand for."""
    return {"transaction": mapping.transactions, "system": mapping.systems}.get(name, {})


def _rule(name: str, mapping: Mapping) -> Callable[[str], str | None]:
    """Return how a field is normalised; the agency's own words are put into the catalogue's."""
    rule = RULES.get(name, plain_text)
    own = _own_words(name, mapping)
    if not own:
        return rule

    def translated(text: str) -> str | None:
        word = rule(text)
        return own.get(word.upper(), word) if word else None

    return translated


def _trimmed(values: pa.Array) -> pa.Array:
    """Return text without the spaces around it; null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _silent(name: str, values: pa.Array, states: States) -> dict[int, str | None]:
    """Return what is kept, by entry, in place of entries that are no values.

    A placeholder is as good as nothing. A mask hides many values: as the key of a subject it would
    make them one whom everybody looks up, so there is none. Elsewhere it stays known that there
    was something; what people wrote is kept as written.
    """
    if name in AS_WRITTEN:
        return {}
    rule = RULES.get(name, plain_text)
    kept: dict[int, str | None] = dict.fromkeys(np.flatnonzero(states == PLACEHOLDER).tolist())
    for at in np.flatnonzero(states == MASKED).tolist():
        kept[at] = None if name == "subject_id" else _known_mask(rule(values[at].as_py()))
    return kept


def _known_mask(text: str | None) -> str:
    """Return a mask as it stands if it needs no list to be told, else the one that needs none."""
    return text if text and is_mask(text) else MASK


def _reason_norm(reasons: pa.DictionaryArray, cells: Cells | None) -> pa.DictionaryArray:
    """Return reasons as rules read them; a mask, whatever it looks like, as one that all know.

    `cells` is None where no reason is a mask.
    """
    if cells is None:
        return relabel(reasons, reason_words, WORDS)
    masked = np.flatnonzero(cells.states("reason", reasons.dictionary) == MASKED).tolist()
    known = {at: _known_mask(reason_words(reasons.dictionary[at].as_py())) for at in masked}
    return relabel(reasons, reason_words, WORDS, known)


def relabel(
    values: pa.DictionaryArray,
    rule: Callable[[str], str | None],
    usual: Usual | None = None,
    instead: Map[int, str | None] = NOTHING,
) -> pa.DictionaryArray:
    """Apply a rule once to each distinct value.

    Parameters
    ----------
    values : pa.DictionaryArray of string
        Values.
    rule : callable
        From text to text, or to None for nothing.
    usual : Usual, optional
        Texts that the rule leaves as they are, as most are.
    instead : mapping of int to str or None
        Results for some entries of the dictionary, by position, whatever the rule says.

    Returns
    -------
    pa.DictionaryArray
        Of int32 and string; equal results share one entry.
    """
    given = values.dictionary
    odd = usual.odd(given) if usual else np.ones(len(given), np.bool_)
    odd[list(instead)] = True
    if not odd.any():
        return values.cast(LABEL)
    places = np.flatnonzero(odd)
    texts = given.take(pa.array(places)).to_pylist()
    changed = [
        instead[at] if at in instead else None if text is None else rule(text)
        for at, text in zip(places.tolist(), texts, strict=True)
    ]
    entries = pc.replace_with_mask(given, pa.array(odd), pa.array(changed, pa.string()))
    entries = entries.dictionary_encode()
    indices = entries.indices.take(values.indices)
    return pa.DictionaryArray.from_arrays(indices.cast(pa.int32()), entries.dictionary)


def _refusals(columns: Map[str, pa.Array], quality: Ints, count: int) -> Ints:
    """Return for each record the position in `REFUSALS` of why it cannot be used; 0 if it can."""
    codes = np.zeros(count, np.int64)
    no_system = _empty(columns["system"]) & _empty(columns["transaction"])
    for flags, code in (
        (having(columns["event_id"], CONTROL), "bad_event_id"),  # lists of ids could not hold it
        (no_system, "missing_system"),
        (_empty(columns["operator_id"]), "missing_operator"),
        (quality == BAD, "bad_time"),
        (_empty(columns["event_time"]), "missing_time"),
    ):
        codes[flags] = REFUSALS.index(code)
    return codes


def _empty(values: pa.Array) -> Flags:
    """Flag nulls, a dictionary's included."""
    if pa.types.is_dictionary(values.type):
        values = pc.is_null(values.dictionary).take(values.indices).fill_null(True)
    else:
        values = pc.is_null(values)
    flags: Flags = values.to_numpy(zero_copy_only=False)
    return flags


def _rows(
    chunk: Chunk, columns: Map[str, pa.Array], instants: Ints, quality: Ints, clock: Clock
) -> pa.Table:
    """Put given and computed columns together."""
    hours, weekdays, nights = local_parts(np.where(quality == BAD, 0, instants), clock.agency)
    names = pa.DictionaryArray.from_arrays(
        pa.array(np.maximum(quality, 0), pa.int32()), pa.array(QUALITIES, pa.string())
    )
    nothing = pa.nulls(len(instants), pa.string())
    spans = chunk.records
    bytes_known = bool(chunk.data)
    computed = {
        "event_time": pa.array(instants).cast(pa.timestamp("us", "UTC")),
        "time_quality": names,
        "local_hour": pa.array(hours, mask=quality == DATED),
        "local_weekday": pa.array(weekdays),
        "night": nights,
        "lookup_id": nothing,
        "source_id": nothing.dictionary_encode(),
        "line": pa.array(spans.line),
        "byte_start": pa.array(spans.start) if bytes_known else nothing.cast(pa.int64()),
        "byte_end": pa.array(spans.end) if bytes_known else nothing.cast(pa.int64()),
    }
    whole = {**columns, **computed}
    schema = rows_schema()
    return pa.table([whole[name] for name in schema.names], names=schema.names).cast(schema)
