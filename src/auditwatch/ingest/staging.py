"""The first half of reading: a file's bytes to normalised records on disk, in flat memory.

This half looks at untrusted bytes and knows nothing of the lake, so that it can run in a process
of its own (`worker`). What it leaves are two files in a folder and an account of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from auditwatch.core.ahead import ahead
from auditwatch.core.clock import zone
from auditwatch.core.errors import InputError, UsageError
from auditwatch.core.fieldstates import NOT_EXPORTED
from auditwatch.core.files import ensure_folder
from auditwatch.core.schema import GAPS
from auditwatch.ingest.absences import Absences
from auditwatch.ingest.ledger import Account, Ledger
from auditwatch.ingest.mapping import Mapping, read_mapping
from auditwatch.ingest.masks import read_cells
from auditwatch.ingest.normalise import Clock, normalise
from auditwatch.ingest.profile import Profile
from auditwatch.ingest.refused import RefusedWriter, read_refused
from auditwatch.ingest.request import Request
from auditwatch.ingest.sniff import AUTO, choose_format, known_formats
from auditwatch.ingest.spool import Segment, Spool, SpoolWriter
from auditwatch.ingest.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditwatch.config import Settings
    from auditwatch.ingest.spans import Chunk, Ints, Reject

    _Made = tuple[pa.Table, list[Reject]]

__all__ = ["Staged", "stage_source"]

GAPS_MAX: Final = 1000
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
    states : mapping of str to str or mapping
        Field to what the source says of it, as `core.fieldstates` writes it.
    absences : mapping of str to list of (int, int)
        Fields that only a part of the source exports: first and last lines of where it does not.
    noted : list of (str, str)
        Kind and sentence of what makes the evidence doubtful.
    remarks : list of str
        Sentences on how the source was taken.
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
    states: dict[str, Any]
    absences: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    noted: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    nights: dict[str, int] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    def spool(self, folder: Path) -> Spool:
        """Return the records."""
        return Spool(folder / RECORDS, self.segments, self.nights)

    def gaps(self) -> pa.Table:
        """Return what makes the evidence doubtful in this file alone: rows of GAPS."""
        kinds, details = zip(*self.noted[:GAPS_MAX], strict=True) if self.noted else ((), ())
        columns = [[self.source_id] * len(kinds), [""] * len(kinds), kinds, details]
        return pa.table(columns, schema=GAPS.schema)

    def rejects(self, folder: Path) -> Iterator[pa.Table]:
        """Yield the refused records, by line, as parts of REJECTS."""
        if self.reasons:
            yield from read_refused(folder / REFUSED, self.source_id)


def stage_source(
    path: Path,
    settings: Settings,
    folder: Path,
    *,
    rules: Path,
    format_name: str = AUTO,
    mapping: Path | None = None,
    upto: int | None = None,
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
    rules : Path
        The rule pack, for the words that a mapping file may translate to.
    format_name : str
        A format's name, or ``auto``.
    mapping : Path, optional
        A mapping file for foreign column names.
    upto : int, optional
        Bytes of the file to read; all if left out.

    Returns
    -------
    Staged
        What the file was and where its records are.

    Raises
    ------
    InputError, UsageError, ConfigError, IntegrityError
        As for `read_source`.
    """
    asked = read_mapping(mapping, list(known_formats()), rules) if mapping else Mapping()
    ensure_folder(folder)
    with Stream(path, upto) as stream:
        wanted = _asked_format(format_name, asked)
        chosen = choose_format(stream, wanted, mapped=bool(asked.columns))
        reading = _Reading(stream, asked, folder, Profile(read_cells(rules)))
        with reading.spool, reading.refusals:
            limit, agency = settings.ingest.record_bytes_max, settings.agency.name
            request = Request(asked, limit, agency, folder)
            normaliser = _normaliser(settings, asked, reading.profile)
            # three things at once: a chunk is cut, the one before it is normalised, and the one
            # before that is accounted for and written down
            for _ in ahead(ahead(chosen.read(stream, request), normaliser), reading.take):
                pass
        reading.ledger.close(stream.size, stream.lines)
    return reading.staged(chosen.NAME)


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


class _Reading:
    """What has come together of a source so far."""

    def __init__(self, stream: Stream, mapping: Mapping, folder: Path, profile: Profile) -> None:
        self.stream = stream
        self.ledger = Ledger(str(stream.path))
        self.spool = SpoolWriter(folder / RECORDS, str(stream.path))
        self.refusals = RefusedWriter(folder / REFUSED)
        self.profile = profile
        self._constant = frozenset(mapping.constants)
        self._exported = set(self._constant)
        self._absences = Absences()
        self._noted: list[tuple[str, str]] = []
        self._remarks: dict[str, None] = {}
        self._hours = True
        self._accepted = self._rejected = 0

    def take(self, made: tuple[Chunk, _Made]) -> None:
        """Account for a chunk and write down what came of it."""
        chunk, (rows, refused) = made
        self.ledger.tile(chunk)
        lines = _lines_of(chunk, refused)
        if rows.num_rows:
            self.spool.add(rows, lines)
        rejects = [*chunk.rejects, *refused]
        self.refusals.add(rejects)
        _refuse_flood(self.refusals.reasons.total(), self.stream)
        self._accepted += int(lines.sum())
        self._rejected += sum(one.lines for one in rejects)
        self._noted += chunk.gaps
        self._remarks |= dict.fromkeys(chunk.remarks)
        self._exported |= chunk.columns.keys() - chunk.absent
        self._absences.note(chunk)
        self._hours &= not chunk.dated

    def staged(self, format_name: str) -> Staged:
        """Return what the whole source came to."""
        stream = self.stream
        states = self.profile.field_states(self._exported)
        if not self._hours:
            states["local_hour"] = NOT_EXPORTED
        account = Account(
            stream.lines,
            accepted=self._accepted,
            rejected=self._rejected,
            blank=self.ledger.blank,
            header=self.ledger.header,
            duplicate=0,
        ).check(str(stream.path))
        return Staged(
            source_id=stream.delivered_sha256,
            name=stream.name,
            format=format_name,
            bytes=stream.delivered,
            account=account,
            states=states,
            absences=self._absences.of(self._exported - self._constant),
            noted=[*self._noted, *self.profile.gaps()],
            remarks=list(self._remarks),
            reasons=dict(self.refusals.reasons),
            nights=dict(self.spool.nights),
            segments=self.spool.segments,
        )


def _normaliser(settings: Settings, mapping: Mapping, profile: Profile) -> Callable[[Chunk], _Made]:
    """Return the function from a chunk to its rows and refused records."""
    agency = zone(settings.agency.timezone)
    assumed = zone(mapping.zone) if mapping.zone else agency
    clock = Clock(agency, assumed, mapping.layout)
    return lambda chunk: normalise(chunk, mapping, clock, profile)


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
