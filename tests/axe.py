"""What axe-core says of a page; the fixture ``axe`` gives its text, which ``make axe`` fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

__all__ = ["CONTRAST", "WCAG", "complaints"]

#: WCAG 2.0 to 2.2, A and AA.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
#: What differs by day and by night.
CONTRAST = ("color-contrast",)


def complaints(page: Page, axe: str, only: Sequence[str]) -> list[str]:
    """Return what axe has to say of a page as it stands, a line for each element."""
    page.evaluate(axe)
    told: dict[str, Any] = page.evaluate("only => axe.run(document, {runOnly: only})", list(only))
    assert told["passes"], "axe looked at nothing"
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in told["violations"]
        for node in one["nodes"]
    ]
