"""Which finding is about which episode."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from auditwatch.evaluate.truth import Episode

__all__ = ["SHARE", "Matcher"]

#: A finding counts for an episode when at least one in so many of its lookups is the episode's.
SHARE: Final = 5


class Matcher:
    """Tells which episodes a set of lookups is about.

    Parameters
    ----------
    episodes : sequence of Episode
        What there is to find; answers are places in it.
    """

    def __init__(self, episodes: Sequence[Episode]) -> None:
        self.episodes = tuple(episodes)
        self._of: dict[str, list[int]] = defaultdict(list)
        for place, episode in enumerate(episodes):
            for name in episode.event_ids:
                self._of[name].append(place)

    def about(self, event_ids: Collection[str]) -> list[int]:
        """Return the episodes that make up at least a fifth of some lookups."""
        return [n for n, times in self._shared(event_ids) if SHARE * times >= len(event_ids)]

    def touched(self, event_ids: Collection[str]) -> list[int]:
        """Return the episodes of which at least one lookup is among some."""
        return [n for n, _ in self._shared(event_ids)]

    def ranks(
        self, items: Iterable[Collection[str]], *, touching: bool = False
    ) -> list[int | None]:
        """Return for each episode the place, from 1, of the first item about it.

        Parameters
        ----------
        items : iterable of collection of str
            Lookups of each item, the most pressing item first.
        touching : bool
            Count an item from one lookup on.
        """
        found: list[int | None] = [None] * len(self.episodes)
        for place, event_ids in enumerate(items, start=1):
            for n in self.touched(event_ids) if touching else self.about(event_ids):
                found[n] = found[n] or place
        return found

    def _shared(self, event_ids: Iterable[str]) -> list[tuple[int, int]]:
        """Return (episode, lookups of it among these) in order of the episodes."""
        counted = Counter(n for name in event_ids for n in self._of.get(name, ()))
        return sorted(counted.items())
