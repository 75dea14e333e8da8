"""What axe-core says of a page; skips visibly where it is not installed, fails where CI demands it.

It is for tests only and no part of the project: ``npm install --no-save axe-core@4`` in the
checkout, or ``AUDITWATCH_AXE`` with the path of ``axe.min.js``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.conftest import without

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["axe_complaints", "axe_script"]

INSTALLED: Final = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.0 to 2.2, A and AA, and what axe calls best practice.
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def axe_script() -> Path:
    """Return where axe-core is."""
    found = Path(os.environ.get("AUDITWATCH_AXE") or INSTALLED)
    if not found.is_file():
        without("axe-core is not installed (npm install --no-save axe-core@4)")
    return found


def axe_complaints(page: Page, script: Path) -> list[str]:
    """Return what axe has to say of a page as it stands, a sentence for each element.

    The page's context must have ``bypass_csp=True``: our pages let no script in.
    """
    page.add_script_tag(path=script)
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", list(TAGS))
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
