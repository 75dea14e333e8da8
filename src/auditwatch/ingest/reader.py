"""One source as tables in memory: for libraries, notebooks and tests; a scan never holds a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from auditwatch.core.schema import REJECTS
from auditwatch.ingest.contradictions import Contradictions, gaps_of
from auditwatch.ingest.folding import read_followers
from auditwatch.ingest.normalise import rows_schema
from auditwatch.ingest.settling import Followers, Settled, settle
from auditwatch.ingest.sniff import AUTO, known_formats
from auditwatch.ingest.sources import SourceTally
from auditwatch.ingest.staging import stage_source

if TYPE_CHECKING:
    from auditwatch.config import Settings
    from auditwatch.ingest.staging import Staged

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
    staged : Staged
        The file and its account, without its records.
    """

    source: pa.Table
    lookups: pa.Table
    rejects: pa.Table
    gaps: pa.Table
    record_lines: pa.Array
    staged: Staged

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences on how the source was taken."""
        return tuple(self.staged.remarks)


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
        a flood of refused records, ``-031`` records in far too many nights.
    UsageError
        ``AW-INGEST-003`` a mandatory column is missing, ``-004`` a column occurs twice, ``-006``
        unknown format, ``-007`` the format cannot be told.
    ConfigError, RuleError
        The mapping file or the catalogue cannot be used as it is.
    IntegrityError
        ``AW-INGEST-010`` the account of lines does not add up.
    """
    followers = Followers(read_followers(rules), settings.ingest.cascade_seconds)
    with TemporaryDirectory(prefix="auditwatch-") as name:
        folder = Path(name)
        staged = stage_source(
            path, settings, folder, rules=rules, format_name=format_name, mapping=mapping
        )
        tally = SourceTally(staged)
        stretches, contradicted = [], Contradictions()
        for one in settle(staged, folder, followers):
            tally.add(one.rows, one.lines, int(one.repeated[1].sum()))
            stretches.append(one)
            contradicted.update(one.contradicted)
        whole = _joined(stretches)
        return SourceRead(
            tally.row(),
            whole.rows,
            pa.concat_tables([REJECTS.empty(), *staged.rejects(folder)]).combine_chunks(),
            pa.concat_tables([staged.gaps(), gaps_of(contradicted)]).combine_chunks(),
            pa.array(whole.lines),
            staged,
        )


def _joined(stretches: list[Settled]) -> Settled:
    """Put nights together in file order."""
    rows = [rows_schema().empty_table(), *(one.rows for one in stretches)]
    lines = np.concatenate([np.zeros(0, np.int64), *(one.lines for one in stretches)])
    whole = pa.concat_tables(rows).unify_dictionaries().combine_chunks()
    order = np.argsort(whole["line"].to_numpy(), kind="stable")
    if (np.diff(order) != 1).any():
        whole, lines = whole.take(pa.array(order)).combine_chunks(), lines[order]
    repeated = [np.zeros((2, 0), np.int64), *(one.repeated for one in stretches)]
    return Settled(whole, lines, np.concatenate(repeated, axis=1))
