"""Drop folders: which files of the settings' sources are new, and what became of the others."""

from __future__ import annotations

import hashlib
import stat as modes
from dataclasses import dataclass, field
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from auditwatch.core.clock import now
from auditwatch.core.files import write_atomic
from auditwatch.core.schema import DELIVERIES, GAPS, LOOKUPS, SOURCES
from auditwatch.night.altered import EMPTY, Altered, Noted, Seen
from auditwatch.night.request import Wanted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from auditwatch.config import FollowedSource, Workspace
    from auditwatch.engine.lake import Lake

__all__ = ["Followed", "look"]

#: A last line that has no end may be half a line until nobody has written for so long (s).
LINE_SECONDS: Final = 60
#: First bytes of files that have no lines: gzip, spreadsheets, Parquet.
WITHOUT_LINES: Final = (b"\x1f\x8b", b"PK", b"PAR1")


@dataclass(frozen=True)
class Followed:
    """What following came to, before anything was read.

    Parameters
    ----------
    wanted : tuple of Wanted
        Files to read, in the order of the settings, then by name.
    notes : tuple of str
        What was left alone and why.
    overdue : tuple of (str, str)
        Name of each source that brought nothing within its time, and a sentence.
    before : mapping of str to Seen
        Every file that was read by an earlier scan, by path.
    now_seen : mapping of str to os.stat_result
        The files of `wanted` as they stood before reading.
    gone : tuple of str
        Paths in `before` that are there no more.
    emptied : mapping of str to Seen
        Files in `before` that hold nothing now.
    """

    wanted: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()
    overdue: tuple[tuple[str, str], ...] = ()
    before: Mapping[str, Seen] = field(default_factory=dict)
    now_seen: Mapping[str, os.stat_result] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    emptied: Mapping[str, Seen] = field(default_factory=dict)

    def remember(self, workspace: Workspace, lake: Lake, read: Mapping[str, str]) -> list[str]:
        """Note what was read for the next scan, and lay down what happened to known files.

        Parameters
        ----------
        workspace : Workspace
            Where the list of known files is kept.
        lake : Lake
            Where deliveries and gaps go.
        read : mapping of str to str
            Path to source_id of each wanted file that was stored.

        Returns
        -------
        list of str
            One sentence for each gap found, and for each file that was written to meanwhile.
        """
        rows = {row["source_id"]: row for row in lake.read(SOURCES).to_pylist()} if read else {}
        names = {one.path.as_posix(): one.source for one in self.wanted}
        fresh = {
            path: Seen(
                names[path], rows[read[path]]["bytes"], stat.st_mtime_ns, stat.st_ino, read[path]
            )
            for path, stat in self.now_seen.items()
            if path in read
        }
        _deliver(lake, {one.source_id: one.source for one in fresh.values()})
        found = Altered(self.before, {**fresh, **self.emptied}, self.gone, rows).gaps()
        _note(lake, [*found, *self._late()])
        kept = {path: one for path, one in self.before.items() if path not in self.gone}
        kept |= {**fresh, **self.emptied}
        if kept != dict(self.before):
            write_atomic(_list_of(workspace), msgspec.json.encode(kept))
        written = [path for path in fresh if not _stands(path, self.now_seen[path])]
        return [
            *(one.detail for one in found),
            *(
                f"{Path(p).name}: written to while it was read; the next scan goes on"
                for p in written
            ),
        ]

    def _late(self) -> list[Noted]:
        """Return a gap for each overdue source that ever brought a file."""
        latest: dict[str, Seen] = {}
        for one in self.before.values():
            if one.source not in latest or latest[one.source].mtime_ns < one.mtime_ns:
                latest[one.source] = one
        return [
            Noted("overdue_source", latest[name].source_id, told)
            for name, told in self.overdue
            if name in latest
        ]


def _deliver(lake: Lake, sources: Mapping[str, str]) -> None:
    """Keep which source of the settings files came from; a file stays with its first one."""
    known = set(lake.read(DELIVERIES, columns=["source_id"])["source_id"].to_pylist())
    fresh = {one: name for one, name in sorted(sources.items()) if one not in known}
    if fresh:
        rows = pa.table([list(fresh), list(fresh.values())], schema=DELIVERIES.schema)
        lake.append(DELIVERIES, rows, hashlib.sha256("".join(fresh).encode()).hexdigest())


def _note(lake: Lake, gaps: Iterable[Noted]) -> None:
    """Keep gaps with the last night of the trail: that night's report tells of them."""
    night = max(lake.nights(LOOKUPS), default="")
    for kind, source_id, detail in gaps:
        row = pa.table([[source_id], [night], [kind], [detail]], schema=GAPS.schema)
        token = hashlib.sha256(f"{kind} {source_id} {night} {detail}".encode()).hexdigest()
        lake.append(GAPS, row, token)


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
        than its source's `settle_seconds` ago, is left alone; so is one whose last line may still
        be written. Of the others nothing is read that is written from now on.
    """
    before = _read_list(workspace)
    wanted: list[Wanted] = []
    notes: list[str] = []
    overdue: list[tuple[str, str]] = []
    stats: dict[str, os.stat_result] = {}
    emptied: dict[str, Seen] = {}
    there: set[str] = set()
    for name, source in workspace.settings.sources.items():
        found, links = _files(workspace, source)
        there |= set(found)
        notes += [f"{Path(link).name}: a link, left alone; name what it leads to" for link in links]
        if late := _overdue(name, source, found):
            overdue.append((name, late))
            notes.append(late)
        for path, stat in found.items():
            if _same(before.get(path), stat):
                continue
            if writing := _still_written(path, stat, source.settle_seconds):
                notes.append(f"{Path(path).name}: {writing}; left for the next scan")
                continue
            if not stat.st_size:  # a log that was just begun anew
                if path in before:
                    emptied[path] = Seen(name, 0, stat.st_mtime_ns, stat.st_ino, EMPTY)
                continue
            mapping = workspace.root / source.mapping if source.mapping else None
            wanted.append(Wanted(Path(path), source.format, mapping, name, stat.st_size))
            stats[path] = stat
    gone = tuple(
        path
        for path, seen in before.items()
        if path not in there and seen.source in workspace.settings.sources
    )
    return Followed(tuple(wanted), tuple(notes), tuple(overdue), before, stats, gone, emptied)


def _still_written(path: str, stat: os.stat_result, settle_seconds: float) -> str:
    """Return why a file is not whole yet; nothing when it can be read."""
    age = now().timestamp() - stat.st_mtime
    if age < settle_seconds:
        return "still being written"
    if age < LINE_SECONDS and stat.st_size and not _ends_whole(path, stat.st_size):
        return "its last line is still being written"
    return ""


def _ends_whole(path: str, size: int) -> bool:
    """Tell whether a file ends with a whole line, or has no lines."""
    try:
        with Path(path).open("rb") as file:
            if file.read(4).startswith(WITHOUT_LINES):
                return True
            file.seek(size - 1)
            return file.read(1) == b"\n"
    except OSError:  # reading it says why
        return True


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


def _files(
    workspace: Workspace, source: FollowedSource
) -> tuple[dict[str, os.stat_result], list[str]]:
    """Return the regular files of a source by path, in name order, and the links among them.

    Whoever may write into a drop folder must not have another file read by a link.
    """
    found, links = {}, []
    for path in sorted(glob(str(workspace.root / source.files), recursive=True)):  # noqa: PTH207 - may be absolute
        try:
            stat = Path(path).lstat()
        except OSError:  # gone between listing and looking
            continue
        if modes.S_ISLNK(stat.st_mode):
            links.append(path)
        elif modes.S_ISREG(stat.st_mode):
            found[Path(path).as_posix()] = stat
    return found, links


def _stands(path: str, stat: os.stat_result) -> bool:
    """Tell whether a file is still as it was before it was read."""
    try:
        after = Path(path).lstat()
    except OSError:  # gone meanwhile: the next scan tells of it
        return True
    return (after.st_size, after.st_mtime_ns, after.st_ino) == (
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ino,
    )


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
    newest = max(stat.st_mtime for stat in found.values())
    if (now().timestamp() - newest) / 3600 <= source.overdue_hours:
        return ""
    since = datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{name}: overdue, nothing came since {since}; a file is due every {source.overdue_hours} h"
    )
