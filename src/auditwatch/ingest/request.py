"""What a reader is asked for, and the protocol that every format keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditwatch.ingest.mapping import Mapping
    from auditwatch.ingest.spans import Chunk
    from auditwatch.ingest.stream import Stream

__all__ = ["Format", "Request"]


@dataclass(frozen=True)
class Request:
    """What a format needs beside the bytes.

    Parameters
    ----------
    mapping : Mapping
        The mapping file's content; an empty one for canonical names.
    limit : int
        Longest record (bytes).
    agency : str
        Name of the agency whose trail it is.
    folder : Path, optional
        Where bytes may be laid down that cannot be read front to back; the system's own folder for
        such files if left out.
    """

    mapping: Mapping
    limit: int
    agency: str = ""
    folder: Path | None = None


class Format(Protocol):
    """A module of `auditwatch.ingest.formats`."""

    NAME: str
    SAYS: str

    def sniff(self, head: bytes) -> bool:
        """Tell whether the first bytes of a source look like this format."""

    def read(self, stream: Stream, request: Request) -> Iterator[Chunk]:
        """Yield the source as chunks, in order."""
