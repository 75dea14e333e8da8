"""Sigma collections: documents of one file that share a head, or repeat the one before them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditwatch.core.strict import Document, Plain

__all__ = ["collected"]


def collected(documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the rules of a file with what ``action`` adds to them.

    Parameters
    ----------
    documents : iterable of Document
        Of one file, in order. ``action: global`` is for all rules after it, up to
        ``action: reset``, and wins over what they say; ``action: repeat`` is the rule before it
        with some keys said anew. Correlations and filters are no part of it.

    Yields
    ------
    Document
        A rule each, every value at the place where it was said. A document with another action
        comes as it is.
    """
    shared: Document | None = None
    before: Document | None = None
    for document in documents:
        content = document.content if isinstance(document.content, dict) else {}
        action = content.get("action")
        if action == "global":
            shared = before = _without_action(document)
        elif action == "reset":
            shared = None
        elif action == "repeat" and before is not None:
            before = _laid_over(before, _without_action(document))
            yield before
        elif action is not None or {"correlation", "filter"} & content.keys():
            yield document
        else:
            before = document if shared is None else _laid_over(document, shared)
            yield before


def _without_action(document: Document) -> Document:
    """Return a document that says no more what it is for."""
    content = document.content if isinstance(document.content, dict) else {}
    return replace(document, content={key: one for key, one in content.items() if key != "action"})


def _laid_over(under: Document, over: Document) -> Document:
    """Return what two documents of one file say together; the one on top wins."""
    kept = {path: other for path, other in under.changed.items() if path not in over.marks}
    return replace(
        under,
        content=_merged(under.content, over.content),
        marks={**under.marks, **over.marks},
        changed={**kept, **over.changed},
    )


def _merged(under: Plain, over: Plain) -> Plain:
    """Return two values as one: mappings key by key, of anything else the one on top."""
    if not isinstance(under, dict) or not isinstance(over, dict):
        return over
    together = {key: _merged(under[key], one) if key in under else one for key, one in over.items()}
    return {**under, **together}
