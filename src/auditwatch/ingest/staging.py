"""The first half of reading: a file's bytes to normalised records on disk, in flat memory.

This half looks at untrusted bytes and knows nothing of the lake, so that it can run in a process
of its own (`worker`). What it leaves are two files in a folder and an account of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.clock import zone
from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.files import ensure_folder
from auditwatch.core.schema import REJECTS, SOURCE_FIELDS
from auditwatch.ingest.ledger import Account, Ledger
from auditwatch.ingest.mapping import Mapping, read_mapping
from auditwatch.ingest.normalise import Clock, normalise
from auditwatch.ingest.profile import Profile
from auditwatch.ingest.request import Request
from auditwatch.ingest.sniff import AUTO, choose_format, known_formats
from auditwatch.ingest.spool import Segment, Spool, SpoolWriter
from auditwatch.ingest.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from auditwatch.config import Settings
    from auditwatch.ingest.request import Format
    from auditwatch.ingest.spans import Chunk, Ints, Reject

__all__ = ["Staged", "stage_source"]

REJECTS_MAX: Final = 1_000_000
RECORDS, REFUSED = "records.arrows", "rejects.arrows"


@dataclass(frozen=True)
class Staged:
    """What one file holds, its records left in a folder.

    Parameters
    ----------
    source_id : str
        SHA-256 of the file as delivered.
    name, format : str
        File name without folder; the reader that took it.
    bytes : int
        Size as delivered.
    account : Account
        Lines by class; no duplicates are known yet.
    states : mapping of str to str
        Field to exported or not_exported.
    noted : list of (str, str)
        Kind and sentence of what makes the evidence doubtful.
    reasons : mapping of str to int
        Refused records by reason code.
    nights : mapping of str to int
        Records by night.
    segments : list of Segment
        Where in the folder's file the records are.
    """

    source_id: str
    name: str
    format: str
    bytes: int
    account: Account
    states: dict[str, str]
    noted: list[tuple[str, str]] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    nights: dict[str, int] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    def spool(self, folder: Path) -> Spool:
        """Return the records."""
        return Spool(folder / RECORDS, self.segments, self.nights)

    def rejects(self, folder: Path) -> Iterator[pa.Table]:
        """Yield the refused records, by line, as parts of REJECTS."""
        if not self.reasons:
            return
        with (folder / REFUSED).open("rb") as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                label = pa.repeat(pa.scalar(self.source_id), batch.num_rows)
                columns = [label, *batch.columns]
                yield pa.table(columns, schema=REJECTS.schema)


@dataclass
class _Reading:
    """What has come together of a source so far."""

    ledger: Ledger
    accepted: int = 0
    rejected: int = 0
    exported: set[str] = field(default_factory=set)
    noted: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


def stage_source(
    path: Path,
    settings: Settings,
    folder: Path,
    *,
    format_name: str = AUTO,
    mapping: Path | None = None,
) -> Staged:
    """Read one file into a folder, with an account of every line.

    Parameters
    ----------
    path : Path
        A log, plain or gzip.
    settings : Settings
        The agency's zone and the limits of reading.
    folder : Path
        Where records and rejects are left; made if missing.
    format_name : str
        A format's name, or ``auto``.
    mapping : Path, optional
        A mapping file for foreign column names.

    Returns
    -------
    Staged
        What the file was and where its records are.

    Raises
    ------
    InputError, UsageError, ConfigError, IntegrityError
        As for `read_source`.
    """
    asked = read_mapping(mapping, list(known_formats())) if mapping else Mapping()
    ensure_folder(folder)
    with Stream(path) as stream:
        wanted = _asked_format(format_name, asked)
        chosen = choose_format(stream, wanted, mapped=bool(asked.columns))
        with SpoolWriter(folder / RECORDS, str(path)) as spool:
            read = _read(stream, chosen, settings, asked, spool, folder / REFUSED)
    account = Account(
        stream.lines,
        accepted=read.accepted,
        rejected=read.rejected,
        blank=read.ledger.blank,
        header=read.ledger.header,
        duplicate=0,
    ).check(str(path))
    return Staged(
        source_id=stream.delivered_sha256,
        name=stream.name,
        format=chosen.NAME,
        bytes=stream.delivered,
        account=account,
        states={n: "exported" if n in read.exported else "not_exported" for n in SOURCE_FIELDS},
        noted=read.noted,
        reasons=dict(read.reasons),
        nights=dict(spool.nights),
        segments=spool.segments,
    )


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
    stream: Stream,
    chosen: Format,
    settings: Settings,
    mapping: Mapping,
    spool: SpoolWriter,
    refused_file: Path,
) -> _Reading:
    """Read all chunks, keep the account, normalise, write down."""
    agency = zone(settings.agency.timezone)
    assumed = zone(mapping.zone) if mapping.zone else agency
    clock = Clock(agency, assumed, mapping.layout)
    read = _Reading(Ledger(str(stream.path)), exported=set(mapping.constants))
    profile = Profile()
    schema = pa.schema(list(REJECTS.schema)[1:])
    with refused_file.open("wb") as file, pa.ipc.new_stream(file, schema) as refusals:
        for chunk in chosen.read(stream, Request(mapping, settings.ingest.record_bytes_max)):
            read.ledger.tile(chunk)
            rows, refused = normalise(chunk, mapping.constants, clock)
            lines = _lines_of(chunk, refused)
            if rows.num_rows:
                spool.add(rows, lines)
            rejects = sorted([*chunk.rejects, *refused], key=lambda one: one.line)
            if rejects:
                refusals.write_batch(_reject_batch(rejects, schema))
            read.accepted += int(lines.sum())
            read.rejected += sum(one.lines for one in rejects)
            read.reasons.update(one.code for one in rejects)
            _refuse_flood(read.reasons.total(), stream)
            read.noted += chunk.gaps
            read.exported |= set(chunk.columns)
            profile.add(chunk)
    read.ledger.close(stream.size, stream.lines)
    read.noted += profile.gaps()
    return read


def _refuse_flood(rejects: int, stream: Stream) -> None:
    """Refuse a source of which hardly anything can be used."""
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


def _reject_batch(rows: Sequence[Reject], schema: pa.Schema) -> pa.RecordBatch:
    """Return refused records as a part of REJECTS without the source."""
    columns = {
        "line": [one.line for one in rows],
        "lines": [one.lines for one in rows],
        "byte_start": [one.start if one.excerpt_sha256 else None for one in rows],
        "byte_end": [one.end if one.excerpt_sha256 else None for one in rows],
        "reason_code": [one.code for one in rows],
        "excerpt_sha256": [one.excerpt_sha256 for one in rows],
        "excerpt": [one.excerpt for one in rows],
    }
    return pa.RecordBatch.from_pydict(columns, schema=schema)
