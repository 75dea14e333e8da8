"""Two cores for a chain of two steps: one item is worked on while the next is being made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

__all__ = ["ahead"]

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


def ahead(items: Iterable[_Item], work: Callable[[_Item], _Made]) -> Iterator[tuple[_Item, _Made]]:
    """Yield each item with what is made of it, in order.

    Parameters
    ----------
    items : iterable
        Made one by one, in this thread.
    work : callable
        Done in another thread, for one item at a time; worth it where it leaves the interpreter.

    Yields
    ------
    tuple
        Item and result. At most three items are alive: one that is made, one that is worked on, one
        that the caller has.
    """
    with ThreadPoolExecutor(max_workers=1) as other:
        waiting: tuple[_Item, Future[_Made]] | None = None
        for item in items:
            made = other.submit(work, item)
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = item, made
        if waiting:
            yield waiting[0], waiting[1].result()
