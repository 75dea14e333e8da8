"""Context tables of a scan: given now, named in the settings, or kept from an earlier scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditwatch.core.contexttables import CONTEXT_TABLES, Context
from auditwatch.core.files import write_atomic
from auditwatch.ingest import read_context

if TYPE_CHECKING:
    from pathlib import Path

    from auditwatch.config import Workspace
    from auditwatch.night.request import Request

__all__ = ["context_of"]


def context_of(workspace: Workspace, request: Request) -> tuple[Context, list[str]]:
    """Read the context tables, keep what was given for later nights, say what is from earlier.

    What is given wins over the settings, and those over what an earlier scan was given: a night by
    timer must not judge without the roster because nobody repeated it.
    """
    paths = _context_paths(workspace, request)
    context = read_context(paths, workspace.settings.agency.timezone)
    for name, path in request.context.items():
        write_atomic(_kept(workspace, name), path.read_bytes())
    return context, [name for name, path in paths.items() if path == _kept(workspace, name)]


def _context_paths(workspace: Workspace, request: Request) -> dict[str, Path]:
    """Return where each context table is that is at hand."""
    paths: dict[str, Path] = {}
    for name in CONTEXT_TABLES:
        setting = getattr(workspace.settings.context, name)
        if name in request.context:
            paths[name] = request.context[name]
        elif setting:
            paths[name] = workspace.root / setting
        elif _kept(workspace, name).exists():
            paths[name] = _kept(workspace, name)
    return paths


def _kept(workspace: Workspace, name: str) -> Path:
    """Return where the copy of a context table is kept."""
    return workspace.context / f"{name}.csv"
