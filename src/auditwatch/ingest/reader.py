"""One source, from bytes to lookups: the order of the steps, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.clock import zone
from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.schema import REJECTS
from auditwatch.ingest.folding import fold, read_followers
from auditwatch.ingest.gaps import find_gaps
from auditwatch.ingest.ids import made_ids
from auditwatch.ingest.ledger import Account, Ledger
from auditwatch.ingest.mapping import Mapping, read_mapping
from auditwatch.ingest.masks import read_cells
from auditwatch.ingest.normalise import Clock, normalise, rows_schema
from auditwatch.ingest.profile import Profile
from auditwatch.ingest.request import Request
from auditwatch.ingest.sniff import AUTO, choose_format, known_formats
from auditwatch.ingest.sources import SourceFacts, source_row
from auditwatch.ingest.stream import Stream

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.config import Settings
    from auditwatch.ingest.request import Format
    from auditwatch.ingest.spans import Chunk, Ints, Reject

__all__ = ["SourceRead", "format_names", "read_source"]


@dataclass(frozen=True)
class SourceRead:
    """What one file holds.

    Parameters
    ----------
    source : pa.Table
        One row of SOURCES.
    lookups : pa.Table
        LOOKUPS, sorted by line; repeating columns are dictionaries.
    rejects : pa.Table
        REJECTS, sorted by line.
    gaps : pa.Table
        GAPS.
    record_lines : pa.Array of int64, shape (lookups,)
        Physical lines that each record spans.
    """

    source: pa.Table
    lookups: pa.Table
    rejects: pa.Table
    gaps: pa.Table
    record_lines: pa.Array


@dataclass(frozen=True)
class _Content:
    """All chunks of a source, normalised and put together."""

    rows: pa.Table
    lines: Ints
    rejects: list[Reject]
    noted: list[tuple[str, str]]
    states: dict[str, Any]
    ledger: Ledger


REJECTS_MAX: Final = 1_000_000
NO_LINES: Final = np.zeros(0, np.int64)


def format_names() -> list[str]:
    """Return the names of all formats, in order."""
    return list(known_formats())


def read_source(
    path: Path,
    settings: Settings,
    *,
    rules: Path,
    format_name: str = AUTO,
    mapping: Path | None = None,
) -> SourceRead:
    """Read one file into lookups, with an account of every line.

    Parameters
    ----------
    path : Path
        A log, plain or gzip.
    settings : Settings
        The agency's zone and the limits of reading.
    rules : Path
        The rule pack, for the catalogue of transactions.
    format_name : str
        A name of `format_names`, or ``auto``.
    mapping : Path, optional
        A mapping file for foreign column names.

    Returns
    -------
    SourceRead
        Lookups, rejects, gaps and the source's own row.

    Raises
    ------
    InputError
        ``AW-INGEST-001`` empty or binary, ``-002`` gzip not sound, ``-005`` no header, ``-011``
        a flood of refused records.
    UsageError
        ``AW-INGEST-003`` a mandatory column is missing, ``-004`` a column occurs twice, ``-006``
        unknown format, ``-007`` the format cannot be told.
    ConfigError, RuleError
        The mapping file or the catalogue cannot be used as it is.
    IntegrityError
        ``AW-INGEST-010`` the account of lines does not add up.
    """
    followers = read_followers(rules)
    asked = read_mapping(mapping, format_names()) if mapping else Mapping()
    with Stream(path) as stream:
        chosen = choose_format(
            stream, _asked_format(format_name, asked), mapped=bool(asked.columns)
        )
        content = _read(stream, chosen, settings, asked, Profile(read_cells(rules)))
    rows, lines, repeated = _first_of_each(_with_ids(content))
    source_id = stream.delivered_sha256
    origin, lookup_id = fold(rows, followers, settings.ingest.cascade_seconds)
    rows = _complete(rows, origin, lookup_id, source_id)
    rejects = _reject_rows(content.rejects, source_id)
    account = Account(
        stream.lines,
        accepted=int(lines.sum()),
        rejected=sum(one.lines for one in content.rejects),
        blank=content.ledger.blank,
        header=content.ledger.header,
        duplicate=repeated,
    ).check(str(path))
    facts = SourceFacts(source_id, stream.name, chosen.NAME, stream.delivered, content.states)
    gaps = find_gaps(source_id, rows, content.noted, rejects)
    return SourceRead(source_row(facts, account, rows), rows, rejects, gaps, pa.array(lines))


def _asked_format(format_name: str, mapping: Mapping) -> str:
    """Return the format that the command and the mapping file agree on."""
    if not mapping.format or format_name in {AUTO, mapping.format}:
        return mapping.format or format_name
    raise UsageError(
        f"--format {format_name} against format: {mapping.format} in the mapping file",
        code="AW-INGEST-006",
        where=mapping.file,
        hint="leave one of them out",
    )


def _read(
    stream: Stream, chosen: Format, settings: Settings, mapping: Mapping, profile: Profile
) -> _Content:
    """Read all chunks, keep the account, normalise."""
    agency = zone(settings.agency.timezone)
    assumed = zone(mapping.zone) if mapping.zone else agency
    clock = Clock(agency, assumed, mapping.layout)
    ledger = Ledger(str(stream.path))
    rows, lines = [rows_schema().empty_table()], []
    rejects: list[Reject] = []
    noted: list[tuple[str, str]] = []
    exported = set(mapping.constants)
    for chunk in chosen.read(stream, Request(mapping, settings.ingest.record_bytes_max)):
        ledger.tile(chunk)
        kept, refused = normalise(chunk, mapping.constants, clock, profile)
        rows.append(kept)
        lines.append(_lines_of(chunk, refused))
        rejects += [*chunk.rejects, *refused]
        _refuse_flood(len(rejects), stream)
        noted += chunk.gaps
        exported |= set(chunk.columns)
    ledger.close(stream.size, stream.lines)
    noted += profile.gaps()
    states = profile.field_states(exported)
    table = pa.concat_tables(rows).unify_dictionaries().combine_chunks()
    return _Content(table, np.concatenate([NO_LINES, *lines]), rejects, noted, states, ledger)


def _refuse_flood(rejects: int, stream: Stream) -> None:
    """Refuse a source whose refused records would fill the memory."""
    if rejects > REJECTS_MAX:
        raise InputError(
            f"more than {REJECTS_MAX:,} records had to be refused",
            code="AW-INGEST-011",
            where=str(stream.path),
            expected="a log in the format that was found or named",
            hint="look at the file; name its format with --format, or cut the damaged part off",
        )


def _lines_of(chunk: Chunk, refused: list[Reject]) -> Ints:
    """Return how many lines each kept record of a chunk spans."""
    if not refused:
        return chunk.records.lines
    kept = ~np.isin(chunk.records.line, [one.line for one in refused])
    return chunk.records.lines[kept]


def _with_ids(content: _Content) -> _Content:
    """Give each record without an id of its own one from what it says."""
    own = content.rows["event_id"]
    if not own.null_count:
        return content
    whole = pc.coalesce(own.combine_chunks(), made_ids(content.rows))
    rows = content.rows.set_column(0, "event_id", whole)
    return replace(content, rows=rows)


def _first_of_each(content: _Content) -> tuple[pa.Table, Ints, int]:
    """Keep the first record of each id; return rows, their lines, and lines dropped."""
    rows, lines = content.rows, content.lines
    ids = rows["event_id"].combine_chunks()
    if pc.count_distinct(ids).as_py() == len(ids):
        return rows, lines, 0
    codes = ids.dictionary_encode().indices.to_numpy()
    first = np.sort(np.unique(codes, return_index=True)[1])
    return rows.take(pa.array(first)), lines[first], int(lines.sum() - lines[first].sum())


def _complete(rows: pa.Table, origin: pa.Array, lookup_id: pa.Array, source_id: str) -> pa.Table:
    """Fill in what is known only when the whole source is read."""
    label = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(rows.num_rows, np.int32)), pa.array([source_id])
    )
    for name, values in (("origin", origin), ("lookup_id", lookup_id), ("source_id", label)):
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows.cast(rows_schema()).combine_chunks()


def _reject_rows(rejects: list[Reject], source_id: str) -> pa.Table:
    """Return the rejects as a table, sorted by line."""
    rows = sorted(rejects, key=lambda one: one.line)
    columns = {
        "source_id": pa.repeat(pa.scalar(source_id, pa.string()), len(rows)),
        "line": [one.line for one in rows],
        "lines": [one.lines for one in rows],
        "byte_start": [one.start if one.excerpt_sha256 else None for one in rows],
        "byte_end": [one.end if one.excerpt_sha256 else None for one in rows],
        "reason_code": [one.code for one in rows],
        "excerpt_sha256": [one.excerpt_sha256 for one in rows],
        "excerpt": [one.excerpt for one in rows],
    }
    return pa.table(columns, schema=REJECTS.schema)
