"""Who could look something up, when and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditwatch.synthetic.draws import Flags, Ints

__all__ = ["Moments"]


@dataclass(frozen=True)
class Moments:
    """Times in shifts at which somebody may look something up, one array a field.

    Parameters
    ----------
    shift, operator, time, terminal : ndarray of int64
        The shift, who works it, the instant, where.
    """

    shift: Ints
    operator: Ints
    time: Ints
    terminal: Ints

    def __len__(self) -> int:
        return len(self.time)

    def where(self, keep: Ints | Flags) -> Moments:
        """Return some of the moments, by position or by flag."""
        return Moments(self.shift[keep], self.operator[keep], self.time[keep], self.terminal[keep])

    def later(self, seconds: Ints) -> Moments:
        """Return the same moments some seconds later."""
        return Moments(self.shift, self.operator, self.time + seconds, self.terminal)
