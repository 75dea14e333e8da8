"""Sources into the lake, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditwatch.core.files import lock
from auditwatch.engine.lake import Lake
from auditwatch.ingest import read_source, store_source
from auditwatch.night.request import Ingested

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from auditwatch.config import Workspace

__all__ = ["ingest_files", "read_into"]


def ingest_files(
    workspace: Workspace,
    paths: Sequence[Path],
    format_name: str,
    mapping: Path | None,
    tell: Callable[[str, int, int], None],
) -> Ingested:
    """Read files into the lake under the workspace's lock."""
    with lock(workspace.lock_file):
        return read_into(workspace, paths, format_name, mapping, tell)


def read_into(
    workspace: Workspace,
    paths: Sequence[Path],
    format_name: str,
    mapping: Path | None,
    tell: Callable[[str, int, int], None],
) -> Ingested:
    """Read files into the lake; a file that cannot be read stops nothing that was stored."""
    lake = Lake(workspace.lake)
    accounts: list[dict[str, Any]] = []
    notes: list[str] = []
    incomplete = False
    for done, path in enumerate(paths):
        tell("reading sources", done, len(paths))
        read = read_source(
            path,
            workspace.settings,
            rules=workspace.rules,
            format_name=format_name,
            mapping=mapping,
        )
        stored = store_source(read, lake)
        accounts.append(stored.account)
        name = stored.account["name"]
        if not stored.fresh:
            notes.append(f"{name}: read before; nothing changed")
        elif not stored.account["accepted"]:
            notes.append(f"{name}: not one lookup in it; if people worked, the export failed")
            incomplete = True
        share = stored.account["rejected"] / max(1, stored.account["lines"])
        if share > workspace.settings.ingest.rejected_share_max:
            notes.append(
                f"{name}: {share:.1%} of its lines were rejected, above the limit of "
                f"{workspace.settings.ingest.rejected_share_max:.1%} (ingest.rejected_share_max)"
            )
            incomplete = True
    tell("reading sources", len(paths), len(paths))
    return Ingested(accounts, notes, incomplete)
