"""What every engine does: run work over pieces of the lake, wherever its processors are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from auditwatch.engine.pieces import Piece

__all__ = ["Engine", "Work"]

#: Rows of one piece to tables by name. It may run in another process: a function of a module, or a
#: `functools.partial` of one, that depends on nothing but its arguments.
Work: TypeAlias = Callable[[pa.Table], Mapping[str, pa.Table]]


class Engine(Protocol):
    """Runs work over the lake; use as a context manager."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free what the engine holds."""

    def run(
        self, pieces: Sequence[Piece], work: Work
    ) -> Iterator[tuple[Piece, Mapping[str, pa.Table]]]:
        """Yield each piece with what the work made of it, in the order of the pieces.

        Raises
        ------
        AuditwatchError
            What the work raised for the first piece, in order, that it could not do.
        """
