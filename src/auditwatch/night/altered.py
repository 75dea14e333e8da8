"""What became of delivered files: gone, shorter, other inside, in another order, late, twice."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["EMPTY", "Altered", "Noted", "Seen"]

PIECE_BYTES: Final = 1 << 20
NAMED_MAX: Final = 5
#: Records and files come late by up to a week: devices were offline, a Monday follows a weekend.
LATE: Final = timedelta(days=7)
EARLY: Final = timedelta(days=1)  # a record may be dated after its file by a zone not told
EMPTY: Final = hashlib.sha256(b"").hexdigest()
KEPT: Final = "what it held before is kept"


@dataclass(frozen=True)
class Seen:
    """A file as it was when it was last read.

    Parameters
    ----------
    source : str
        Name of its source in the settings.
    size : int
        Bytes that were read.
    mtime_ns, inode : int
        As the file system said before.
    source_id : str
        SHA-256 of these bytes.
    """

    source: str
    size: int
    mtime_ns: int
    inode: int
    source_id: str


class Noted(NamedTuple):
    """A gap of a drop folder: its kind, the file it is about, one plain sentence."""

    kind: str
    source_id: str
    detail: str


@dataclass(frozen=True)
class Altered:
    """Compares what was read tonight with what earlier scans had read.

    Parameters
    ----------
    before : mapping of str to Seen
        Every file that an earlier scan read, by path.
    fresh : mapping of str to Seen
        Files that this scan read, and those that are empty now.
    gone : sequence of str
        Paths in `before` that are there no more.
    rows : mapping of str to mapping
        Rows of SOURCES by source_id, of all these files.
    """

    before: Mapping[str, Seen]
    fresh: Mapping[str, Seen]
    gone: Sequence[str]
    rows: Mapping[str, Mapping[str, Any]]

    def gaps(self) -> list[Noted]:
        """Return what happened that a log which only grows or is rotated does not do."""
        changed = [path for path in self.fresh if self._changed(path)]
        heirs = {path: self._heir(path) for path in (*changed, *self.gone)}
        found = [self._loss(path) for path in changed if not heirs[path]]
        lost = [path for path in self.gone if not heirs[path]]
        if lost:
            found.append(Noted("vanished_file", self.before[lost[0]].source_id, _vanished(lost)))
        inherited = set(heirs.values())
        for path, seen in self.fresh.items():
            if path not in self.before and path not in inherited:
                found += self._arrival(path)
            row = self.rows.get(seen.source_id)
            if row and row["last_time"] and row["last_time"] > _time(seen.mtime_ns) + EARLY:
                told = (
                    f"{row['name']} has lookups dated up to {row['last_time']:%Y-%m-%d %H:%M} UTC"
                )
                when = f"but was written on {_time(seen.mtime_ns):%Y-%m-%d %H:%M} UTC"
                found.append(Noted("future_records", seen.source_id, f"{told}, {when}"))
        return found

    def _changed(self, path: str) -> bool:
        """Tell whether a known file does not begin with what it was."""
        before = self.before.get(path)
        if not before or before.source_id == self.fresh[path].source_id:
            return False
        return before.source_id != _sha256_of(path, before.size, zipped=False)

    def _heir(self, path: str) -> str:
        """Return the path under which the bytes of a known file live on, empty if there is none.

        It was renamed, or rotated: then a file whose name begins with its own begins with its
        bytes, perhaps packed.
        """
        before = self.before[path]
        for other in self._alive.get(before.source_id, ()):
            if other != path:
                return other
        for other, seen in self.fresh.items():
            akin = seen.inode == before.inode or Path(other).name.startswith(Path(path).name)
            if other == path or not akin or seen.source != before.source:
                continue
            zipped = other.endswith(".gz") and not path.endswith(".gz")
            if before.source_id == _sha256_of(other, before.size, zipped=zipped):
                return other
        return ""

    @cached_property
    def _alive(self) -> dict[str, list[str]]:
        """Paths at which the bytes of a source are now, by source_id."""
        paths: dict[str, list[str]] = {}
        gone = set(self.gone)
        for path, seen in {**self.before, **self.fresh}.items():
            if path not in gone:
                paths.setdefault(seen.source_id, []).append(path)
        return paths

    @cached_property
    def _earlier(self) -> dict[str, list[Seen]]:
        """What earlier scans read, by source of the settings."""
        found: dict[str, list[Seen]] = {}
        for seen in self.before.values():
            found.setdefault(seen.source, []).append(seen)
        return found

    @cached_property
    def _read_up_to(self) -> dict[str, tuple[datetime | None, int]]:
        """Latest lookup and latest file time (ns) that earlier scans read, by source."""
        return {source: self._up_to(seen) for source, seen in self._earlier.items()}

    def _up_to(self, earlier: Sequence[Seen]) -> tuple[datetime | None, int]:
        """Return the latest lookup and the latest file time of some files."""
        rows = (self.rows[one.source_id] for one in earlier if one.source_id in self.rows)
        times = [row["last_time"] for row in rows if row["last_time"]]
        return max(times, default=None), max((one.mtime_ns for one in earlier), default=0)

    def _loss(self, path: str) -> Noted:
        """Return what happened to a known file that is not what it was."""
        before, after, name = self.before[path], self.fresh[path], Path(path).name
        if after.size < before.size:
            told = f"{name} shrank from {before.size:,} to {after.size:,} bytes after it was read"
            return Noted("shrunk_file", before.source_id, f"{told}; {KEPT}")
        if after.size == before.size and self._same_records(before, after):
            told = f"{name} holds the records that were read from it in another order now"
            return Noted("reordered_file", before.source_id, told)
        told = f"{name} was replaced or changed inside after it was read"
        return Noted("replaced_file", before.source_id, f"{told}; {KEPT}")

    def _same_records(self, before: Seen, after: Seen) -> bool:
        """Tell whether two files of one size have the same records."""
        old, new = self.rows.get(before.source_id), self.rows.get(after.source_id)
        if not old or not new:
            return False
        return bool(
            not new["accepted"]
            and new["duplicate"] == old["accepted"] + old["duplicate"]
            and new["rejected"] == old["rejected"]
        )

    def _arrival(self, path: str) -> Iterator[Noted]:
        """Yield what is odd about a new file."""
        seen = self.fresh[path]
        row = self.rows.get(seen.source_id)
        earlier = self._earlier.get(seen.source, [])
        if not row or any(one.source_id == seen.source_id for one in earlier):
            return
        alone = sum(one.source == seen.source for one in self.fresh.values()) == 1
        if row["duplicate"] and (earlier or not alone):
            lines = f"{row['duplicate']:,} of its {row['lines']:,} lines"
            told = f"{row['name']}: {lines} were read before"
            yield Noted("overlapping_file", seen.source_id, told)
        if told := self._late(seen, row):
            yield Noted("backdated_file", seen.source_id, f"{row['name']} {told}")

    def _late(self, seen: Seen, row: Mapping[str, Any]) -> str:
        """Return in which way a file is older than what earlier scans read; empty if in none."""
        latest, written = self._read_up_to.get(seen.source, (None, 0))
        if latest and row["first_time"] and row["first_time"] < latest - LATE:
            return (
                f"brings lookups from {row['first_time']:%Y-%m-%d} on that were not read before, "
                f"though {seen.source} had been read up to {latest:%Y-%m-%d}"
            )
        if seen.mtime_ns < written - LATE // timedelta(microseconds=1) * 1000:
            return (
                f"is new and was last written to on {_day(seen.mtime_ns)}, though files of "
                f"{seen.source} written up to {_day(written)} had been read"
            )
        return ""


def _vanished(paths: Sequence[str]) -> str:
    """Return one sentence on files that are there no more."""
    names = ", ".join(Path(path).name for path in paths[:NAMED_MAX])
    more = f" and {len(paths) - NAMED_MAX} more" if len(paths) > NAMED_MAX else ""
    return f"gone from the drop folder since they were read: {names}{more}; their lookups are kept"


def _day(mtime_ns: int) -> str:
    """Return the UTC date of a file's time."""
    return _time(mtime_ns).date().isoformat()


def _time(mtime_ns: int) -> datetime:
    """Return a file's time."""
    return datetime.fromtimestamp(mtime_ns / 1e9, UTC)


def _sha256_of(path: str, size: int, *, zipped: bool) -> str:
    """Return the SHA-256 of a file's first bytes, unpacked on demand; empty if not readable."""
    hashed = hashlib.sha256()
    try:
        with _opened(path, zipped=zipped) as file:
            while size > 0 and (piece := file.read(min(size, PIECE_BYTES))):
                hashed.update(piece)
                size -= len(piece)
    except (OSError, EOFError, zlib.error):  # gone again, or damaged: then nothing is proved
        return ""
    return hashed.hexdigest() if not size else ""


def _opened(path: str, *, zipped: bool) -> IO[bytes]:
    """Open a file, packed or not."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if zipped else Path(path).open("rb")
