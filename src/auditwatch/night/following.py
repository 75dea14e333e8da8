"""Drop folders: which files of the settings' sources are new, and what became of the others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from auditwatch.core.clock import now
from auditwatch.core.files import write_atomic
from auditwatch.core.schema import GAPS
from auditwatch.night.request import Wanted

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from auditwatch.config import FollowedSource, Workspace
    from auditwatch.engine.lake import Lake

__all__ = ["Followed", "look"]

PIECE_BYTES: Final = 1 << 20
NAMED_MAX: Final = 5


@dataclass(frozen=True)
class Seen:
    """A file as it was when it was last read.

    Parameters
    ----------
    source : str
        Name of its source in the settings.
    size : int
        Bytes.
    mtime_ns, inode : int
        As the file system says.
    source_id : str
        SHA-256 of its bytes.
    """

    source: str
    size: int
    mtime_ns: int
    inode: int
    source_id: str


@dataclass(frozen=True)
class Followed:
    """What following came to, before anything was read.

    Parameters
    ----------
    wanted : tuple of Wanted
        Files to read, in the order of the settings, then by name.
    notes : tuple of str
        What was left alone and why.
    overdue : bool
        Whether a source brought nothing within its time.
    before : mapping of str to Seen
        Every file that was read by an earlier scan, by path.
    now_seen : mapping of str to os.stat_result
        The files of `wanted` as they stood before reading.
    gone : tuple of str
        Paths in `before` that are there no more.
    """

    wanted: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()
    overdue: bool = False
    before: Mapping[str, Seen] = field(default_factory=dict)
    now_seen: Mapping[str, os.stat_result] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    def remember(self, workspace: Workspace, lake: Lake, read: Mapping[str, str]) -> list[str]:
        """Note what was read for the next scan, and lay down what happened to known files.

        Parameters
        ----------
        workspace : Workspace
            Where the list of known files is kept.
        lake : Lake
            Where gaps go.
        read : mapping of str to str
            Path to source_id of each wanted file that was stored.

        Returns
        -------
        list of str
            One sentence for each gap found.
        """
        names = {one.path.as_posix(): one.source for one in self.wanted}
        fresh = {
            path: Seen(names[path], stat.st_size, stat.st_mtime_ns, stat.st_ino, read[path])
            for path, stat in self.now_seen.items()
            if path in read
        }
        found = [gap for path in fresh if (gap := self._changed(path, fresh[path]))]
        moved = {one.source_id for one in fresh.values()}
        lost = [path for path in self.gone if self.before[path].source_id not in moved]
        if lost:
            found.append(("vanished_file", self.before[lost[0]].source_id, _vanished(lost)))
        for kind, source_id, detail in found:
            row = pa.table([[source_id], [""], [kind], [detail]], schema=GAPS.schema)
            lake.append(
                GAPS, row, hashlib.sha256(f"{kind} {source_id} {detail}".encode()).hexdigest()
            )
        kept = {path: one for path, one in self.before.items() if path not in self.gone}
        if {**kept, **fresh} != dict(self.before):
            write_atomic(_list_of(workspace), msgspec.json.encode({**kept, **fresh}))
        return [detail for _, _, detail in found]

    def _changed(self, path: str, after: Seen) -> tuple[str, str, str] | None:
        """Return the gap of a known file that is not what it was, nor that with more at its end."""
        before = self.before.get(path)
        if not before or before.source_id in (after.source_id, _prefix_sha256(path, before.size)):
            return None
        name = Path(path).name
        if after.size < before.size:
            change = f"{name} shrank from {before.size:,} to {after.size:,} bytes after it was read"
            return "shrunk_file", after.source_id, f"{change}; what it held before is kept"
        change = f"{name} was replaced or changed inside after it was read"
        return "replaced_file", after.source_id, f"{change}; what it held before is kept"


def look(workspace: Workspace) -> Followed:
    """Look at every source of the settings.

    Parameters
    ----------
    workspace : Workspace
        Whose sources; patterns are relative to its folder.

    Returns
    -------
    Followed
        What to read, what to say. A file that was read as it stands, or that was written to less
        than its source's `settle_seconds` ago, is left alone.
    """
    before = _read_list(workspace)
    wanted: list[Wanted] = []
    notes: list[str] = []
    stats: dict[str, os.stat_result] = {}
    there: set[str] = set()
    overdue = False
    for name, source in workspace.settings.sources.items():
        found = _files(workspace, source)
        there |= set(found)
        late = _overdue(name, source, found)
        overdue |= bool(late)
        notes += [late] if late else []
        for path, stat in found.items():
            if _same(before.get(path), stat):
                continue
            if now().timestamp() - stat.st_mtime < source.settle_seconds:
                notes.append(f"{Path(path).name}: still being written; left for the next scan")
                continue
            mapping = workspace.root / source.mapping if source.mapping else None
            wanted.append(Wanted(Path(path), source.format, mapping, name))
            stats[path] = stat
    gone = tuple(
        path
        for path, seen in before.items()
        if path not in there and seen.source in workspace.settings.sources
    )
    return Followed(tuple(wanted), tuple(notes), overdue, before, stats, gone)


def _list_of(workspace: Workspace) -> Path:
    """Return the file that lists what was read from drop folders."""
    return workspace.root / "followed.json"


def _read_list(workspace: Workspace) -> dict[str, Seen]:
    """Return the files of earlier scans; none when the list is missing or damaged.

    Without the list every file is read again, which costs time and changes nothing.
    """
    try:
        return msgspec.json.decode(_list_of(workspace).read_bytes(), type=dict[str, Seen])
    except (OSError, msgspec.DecodeError):
        return {}


def _files(workspace: Workspace, source: FollowedSource) -> dict[str, os.stat_result]:
    """Return the regular files of a source by path, in name order."""
    found = {}
    for path in sorted(glob(str(workspace.root / source.files), recursive=True)):  # noqa: PTH207 - may be absolute
        try:
            stat = Path(path).stat()
        except OSError:  # gone between listing and looking
            continue
        if Path(path).is_file():
            found[Path(path).as_posix()] = stat
    return found


def _same(seen: Seen | None, stat: os.stat_result) -> bool:
    """Tell whether a file is as it was when it was read."""
    place = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return seen is not None and (seen.size, seen.mtime_ns, seen.inode) == place


def _overdue(name: str, source: FollowedSource, found: Mapping[str, os.stat_result]) -> str:
    """Return what to say of a source that brought nothing in time; empty when all is well."""
    if not source.overdue_hours:
        return ""
    if not found:
        return f"{name}: no file matches {source.files}, one is due every {source.overdue_hours} h"
    hours = (now().timestamp() - max(stat.st_mtime for stat in found.values())) / 3600
    if hours <= source.overdue_hours:
        return ""
    return (
        f"{name}: overdue, newest file {hours:.0f} h old, one is due every {source.overdue_hours} h"
    )


def _vanished(paths: Sequence[str]) -> str:
    """Return one sentence on files that are there no more."""
    names = ", ".join(Path(path).name for path in paths[:NAMED_MAX])
    more = f" and {len(paths) - NAMED_MAX} more" if len(paths) > NAMED_MAX else ""
    return f"gone from the drop folder since they were read: {names}{more}; their lookups are kept"


def _prefix_sha256(path: str, size: int) -> str:
    """Return the SHA-256 of a file's first bytes."""
    hashed = hashlib.sha256()
    with Path(path).open("rb") as file:
        while size > 0 and (piece := file.read(min(size, PIECE_BYTES))):
            hashed.update(piece)
            size -= len(piece)
    return hashed.hexdigest()
