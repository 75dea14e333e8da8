"""Sources into the lake, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auditwatch.core.errors import AuditwatchError, InputError, UsageError
from auditwatch.core.files import lock
from auditwatch.engine.lake import Lake
from auditwatch.ingest import (
    EXCERPT_BYTES,
    Followers,
    Foreman,
    Retried,
    Task,
    complete,
    read_followers,
    retry_staged,
    store_staged,
)
from auditwatch.night.following import look
from auditwatch.night.request import Ingested

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from auditwatch.config import Workspace
    from auditwatch.ingest.storing import Stored
    from auditwatch.night.request import Wanted

__all__ = ["ingest_files", "read_followed", "read_into", "reading_room", "retry_files"]


def ingest_files(
    workspace: Workspace, wanted: Sequence[Wanted], tell: Callable[[str, int, int], None]
) -> Ingested:
    """Read files into the lake under the workspace's lock."""
    with lock(workspace.lock_file), reading_room(workspace) as foreman:
        return read_into(workspace, wanted, foreman, tell)


def reading_room(workspace: Workspace) -> Foreman:
    """Return what reads files for a workspace; enter it early, under the lock."""
    return Foreman(workspace.settings, workspace.rules, workspace.staging)


def read_followed(
    workspace: Workspace, foreman: Foreman, tell: Callable[[str, int, int], None]
) -> Ingested:
    """Read what is new in the sources of the settings."""
    followed = look(workspace)
    read = read_into(workspace, followed.wanted, foreman, tell)
    gaps = followed.remember(workspace, Lake(workspace.lake), read.stored)
    notes = [*followed.notes, *read.notes, *gaps]
    return replace(read, notes=notes, incomplete=read.incomplete or bool(followed.overdue))


def read_into(
    workspace: Workspace,
    wanted: Sequence[Wanted],
    foreman: Foreman,
    tell: Callable[[str, int, int], None],
) -> Ingested:
    """Read files into the lake; a file that cannot be read stops nothing that was stored.

    Raises
    ------
    InputError, UsageError
        When the only file that a person named cannot be read, or one was named with the wrong
        format or mapping. Otherwise such a file becomes a note and the rest is read.
    """
    lake = Lake(workspace.lake)
    lake.tidy()
    followers = Followers(
        read_followers(workspace.rules), workspace.settings.ingest.cascade_seconds
    )
    complete(lake, followers)  # what a run that was stopped left to do
    tasks = [Task(one.path, one.format_name, one.mapping, one.upto) for one in wanted]
    done = Ingested([], [], incomplete=False)
    tell("reading sources", 0, len(wanted))
    for position, (read, folder) in enumerate(foreman.read(tasks)):
        one = wanted[position]
        if isinstance(read, InputError | UsageError):
            if not one.source and (len(wanted) == 1 or isinstance(read, UsageError)):
                raise read
            done = replace(done, notes=[*done.notes, f"not read: {read}"], incomplete=True)
        elif isinstance(read, AuditwatchError):
            raise read
        else:
            remarks = [f"{read.name}: {remark}" for remark in read.remarks]
            done = replace(done, notes=[*done.notes, *remarks])
            done = _stored(done, one, store_staged(read, folder, followers, lake), workspace)
        tell("reading sources", position + 1, len(wanted))
    return done


def retry_files(
    workspace: Workspace, wanted: Sequence[Wanted], tell: Callable[[str, int, int], None]
) -> list[Retried]:
    """Read the refused records of files again, under the workspace's lock.

    Raises
    ------
    AuditwatchError
        When a file cannot be read, or is not one that was read before; those before it are done.
    """
    lake, done = Lake(workspace.lake), []
    followers = Followers(
        read_followers(workspace.rules), workspace.settings.ingest.cascade_seconds
    )
    for one in wanted:
        _require_whole(one.path)
    tasks = [Task(one.path, one.format_name, one.mapping) for one in wanted]
    with lock(workspace.lock_file), reading_room(workspace) as foreman:
        lake.tidy()
        for position, (read, folder) in enumerate(foreman.read(tasks)):
            tell("reading refused records", position, len(wanted))
            if isinstance(read, AuditwatchError):
                raise read
            done.append(retry_staged(read, folder, followers, lake))
    return done


def _require_whole(path: Path) -> None:
    """Refuse to read records again of a file that is gone, and say why it takes the file."""
    if not path.exists():
        raise UsageError(
            "no such file to read refused records of",
            code="AW-FILES-004",
            where=str(path),
            expected="the very file that was read, under any name and in any place",
            hint="fetch it again from where it came: what is kept of a refused record ends after "
            f"{EXCERPT_BYTES:,} bytes and lacks the file's header, so it cannot be read alone",
        )


def _stored(done: Ingested, one: Wanted, stored: Stored, workspace: Workspace) -> Ingested:
    """Add what one file came to."""
    account, notes, incomplete = stored.account, [], done.incomplete
    name, most = account["name"], workspace.settings.ingest.rejected_share_max
    if not stored.fresh:
        notes.append(f"{name}: read before; nothing changed")
    elif not account["accepted"] and not account["duplicate"]:
        notes.append(f"{name}: not one lookup in it; if people worked, the export failed")
        incomplete = True
    share = account["rejected"] / max(1, account["lines"])
    if share > most:
        notes.append(
            f"{name}: {share:.1%} of its lines were rejected, above the limit of {most:.1%} "
            "(ingest.rejected_share_max)"
        )
        incomplete = True
    # a source of refused records alone was not stored: it is tried again when the settings changed
    kept = bool(account["accepted"] or account["duplicate"] or not account["rejected"])
    fresh = {one.path.as_posix(): str(account["sha256"])} if kept else {}
    return Ingested(
        [*done.accounts, account],
        [*done.notes, *notes],
        incomplete=incomplete,
        stored={**done.stored, **fresh},
    )
