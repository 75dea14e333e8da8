"""The plainest engine: threads of this process, and no query engine that would have to start."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    import pyarrow as pa

    from auditwatch.engine.base import Work
    from auditwatch.engine.pieces import Piece

__all__ = ["ThreadEngine"]


class ThreadEngine:
    """Works on as many pieces at once as there are processors; use as a context manager.

    Parameters
    ----------
    threads : int, optional
        Defaults to the processors at hand. Results do not depend on it.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(
        self, pieces: Sequence[Piece], work: Work
    ) -> Iterator[tuple[Piece, Mapping[str, pa.Table]]]:
        """Yield each piece with what the work made of it, in order.

        At most one piece more than there are threads is in memory.
        """
        waiting: deque[tuple[Piece, Future[Mapping[str, pa.Table]]]] = deque()
        for piece in pieces:
            waiting.append((piece, self._pool.submit(_done, piece, work)))
            if len(waiting) > self._threads:
                first, made = waiting.popleft()
                yield first, made.result()
        for first, made in waiting:
            yield first, made.result()


def _done(piece: Piece, work: Work) -> Mapping[str, pa.Table]:
    """Read a piece and work on it."""
    return work(piece.read())
