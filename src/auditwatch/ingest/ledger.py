"""The account of every line: spans tile the source, and each line is in exactly one class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auditwatch.core.errors import IntegrityError
from auditwatch.ingest.spans import Spans

if TYPE_CHECKING:
    from auditwatch.ingest.spans import Chunk

__all__ = ["Account", "Ledger"]


@dataclass(frozen=True)
class Account:
    """Lines of one source by class; their sum is the number of physical lines."""

    lines: int
    accepted: int
    rejected: int
    blank: int
    header: int
    duplicate: int

    def check(self, where: str) -> Account:
        """Return this account when its sum adds up.

        Raises
        ------
        IntegrityError
            ``AW-INGEST-010`` when a line is counted twice or not at all.
        """
        total = self.accepted + self.rejected + self.blank + self.header + self.duplicate
        if total != self.lines or min(self.accepted, self.rejected, self.duplicate) < 0:
            raise IntegrityError(
                f"the account of lines does not add up: {total} of {self.lines}",
                code="AW-INGEST-010",
                where=where,
                hint="nothing was stored; report this with the file's size and format",
            )
        return self


class Ledger:
    """Proves, while a source is read, that its spans leave no hole and do not overlap.

    Parameters
    ----------
    where : str
        The source, for errors.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._line = 1
        self._byte = 0
        self.blank = 0
        self.header = 0

    def tile(self, chunk: Chunk) -> None:
        """Check that a chunk begins where the last one ended and tiles its stretch.

        Raises
        ------
        IntegrityError
            ``AW-INGEST-010`` at the first hole or overlap.
        """
        rejects = Spans.of((r.line, r.lines, r.start, r.end) for r in chunk.rejects)
        spans = Spans.join([chunk.records, rejects, chunk.blanks, chunk.headers])
        if not _in_order(spans):
            spans = spans.take(np.lexsort((spans.end, spans.start, spans.line)))
        lines = np.concatenate([[self._line], spans.line + spans.lines])
        ends = np.concatenate([[self._byte], spans.end])
        torn = (spans.line != lines[:-1]) | (spans.start != ends[:-1]) | (spans.lines < 1)
        if torn.any():
            first = int(np.argmax(torn))
            self._fail(int(lines[first]), int(ends[first]))
        self._line, self._byte = int(lines[-1]), int(ends[-1])
        self.blank += int(chunk.blanks.lines.sum())
        self.header += int(chunk.headers.lines.sum())

    def close(self, size: int, lines: int) -> None:
        """Check that the end of the source was reached.

        Parameters
        ----------
        size : int
            Bytes of the unzipped source, counted apart from any format.
        lines : int
            Its physical lines.

        Raises
        ------
        IntegrityError
            ``AW-INGEST-010`` when something is left over.
        """
        if (self._byte, self._line) != (size, lines + 1):
            self._fail(self._line, self._byte)

    def _fail(self, line: int, byte: int) -> None:
        """Say where the account breaks."""
        raise IntegrityError(
            f"the account of lines breaks at line {line}, byte {byte}",
            code="AW-INGEST-010",
            where=self._where,
            expected="every line in exactly one of accepted, rejected, blank, header, duplicate",
            hint="nothing was stored; report this with the file's size and format",
        )


def _in_order(spans: Spans) -> bool:
    """Tell whether each span begins behind the one before it."""
    return bool((np.diff(spans.start) > 0).all() and (np.diff(spans.line) > 0).all())
