"""How many patterns chance alone would have put before the reviewers."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from auditwatch.findings.model import Piece

__all__ = ["Chances", "Odds", "surprises"]

#: Decades beyond the rarest thing that recent nights can have shown: what a curve says of rarer
#: things yet is not believed, however small its number.
BEYOND_SEEN: Final = 0.5


class Odds(NamedTuple):
    """What is stated of one finding.

    Parameters
    ----------
    expected : float
        Findings as strong as this one, or stronger, that chance would have made.
    share : float
        The q-value: of all findings as strong, about what share chance made.
    """

    expected: float
    share: float


@dataclass(frozen=True)
class Chances:
    """How often something may stand out by chance.

    Parameters
    ----------
    operator_nights : int
        Operators at work, summed over the nights of the findings.
    heard : tuple of int
        For each view that sees, the operator-nights with a count that could be a story at all;
        subject-nights where it is about subjects.
    seen : int
        Operator-nights that the scorer learns from before each night.
    """

    operator_nights: int
    heard: tuple[int, ...]
    seen: int

    def expected(self, surprise_milli: int) -> float:
        """Return how many findings of at least so much surprise chance makes."""
        most = log10(max(self.seen, 1)) + BEYOND_SEEN
        rarity = 10.0 ** min(surprise_milli / 1000, most)
        each = self.operator_nights / rarity
        return float(sum(min(each, heard) for heard in self.heard))

    def odds(self, surprise_milli: Mapping[str, int]) -> dict[str, Odds]:
        """Return what is stated of each finding.

        Parameters
        ----------
        surprise_milli : mapping of str to int
            Finding to its strongest surprise, as from `surprises`.

        Notes
        -----
        Benjamini and Hochberg (JRSS B 1995): of the n strongest findings, expected / n is false;
        a finding gets the least such share of all lists that it is on. Nights resemble the nights
        before them and windows overlap, so the share is about so much and no more exact.
        """
        ranked = sorted(surprise_milli, key=lambda name: (surprise_milli[name], name))
        found: dict[str, Odds] = {}
        least, last, place = 1.0, -1, len(ranked)
        for passed, name in enumerate(ranked):
            surprise = surprise_milli[name]
            if surprise != last:  # as strong are as many as are not weaker
                last, place = surprise, len(ranked) - passed
            least = min(least, self.expected(surprise) / place)
            found[name] = Odds(self.expected(surprise), least)
        return found


def surprises(evidence: Mapping[str, Iterable[Piece]]) -> dict[str, int]:
    """Return the strongest surprise of each finding that a pattern speaks for, in milli-decades.

    Parameters
    ----------
    evidence : mapping of str to iterable of Piece
        Finding to its evidence.
    """
    strongest = {
        name: max((p.surprise_milli for p in own if p.source == "pattern"), default=0)
        for name, own in evidence.items()
    }
    return {name: value for name, value in strongest.items() if value}
