"""What the policy says of nights that are in the lake: read only, nothing is published."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditwatch.check import judge_policy, load_rules
from auditwatch.core.schema import LOOKUPS
from auditwatch.engine.lake import Lake
from auditwatch.night.blindness import read_blindness
from auditwatch.night.context import context_of
from auditwatch.night.judging import facts_of, is_judged
from auditwatch.night.plan import known_day, nights_asked
from auditwatch.night.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from auditwatch.check import Ruleset
    from auditwatch.config import Workspace

__all__ = ["Share", "tell_verdicts"]


@dataclass(frozen=True)
class Share:
    """Lookups of one verdict.

    Parameters
    ----------
    verdict, statement_id : str
        What the policy says, by which statement.
    otherwise : str
        The verdict by all that is approved today, where the two differ; else empty.
    lookups : int
        How many.
    first, last : str
        First and last night with such a lookup, ISO.
    """

    verdict: str
    statement_id: str
    otherwise: str
    lookups: int
    first: str
    last: str


def tell_verdicts(
    workspace: Workspace, first: str | None, last: str | None, known_on: str | None
) -> list[Share]:
    """Judge nights by the policy alone, as known on a day or by all that is approved today.

    Parameters
    ----------
    workspace : Workspace
        Where.
    first, last : str, optional
        Nights, ISO; all of the lake when neither is given.
    known_on : str, optional
        Leave out what was approved only after that day, and say what that changes.

    Returns
    -------
    list of Share
        The most frequent first.

    Raises
    ------
    UsageError
        ``AW-SCAN-001``, ``-002`` and ``-004`` as a scan of a period.
    """
    today = load_rules(workspace.rules)
    then = load_rules(workspace.rules, known_day(known_on)) if known_on else None
    lake = Lake(workspace.lake)
    context, _ = context_of(workspace, Request())
    facts = facts_of(read_blindness(lake), context, workspace.settings.agency.timezone)
    counted: Counter[tuple[str, str, str]] = Counter()
    spans: dict[tuple[str, str, str], tuple[str, str]] = {}
    for night in nights_asked(lake.nights(LOOKUPS), first, last):
        rows = lake.read(LOOKUPS, [night])
        for batch in rows.filter(is_judged(rows)).combine_chunks().to_batches():
            own = Counter(_told(judge_policy(one, batch, facts) for one in _asked(today, then)))
            counted.update(own)
            spans |= {name: (spans.get(name, (night, ""))[0], night) for name in own}
    return [Share(*name, number, *spans[name]) for name, number in _ordered(counted)]


def _asked(today: Ruleset, then: Ruleset | None) -> tuple[Ruleset, ...]:
    """Return the rules to ask, those of today last."""
    return (today,) if then is None else (then, today)


def _told(verdicts: Iterable[pa.Table]) -> Iterator[tuple[str, str, str]]:
    """Yield verdict, statement and today's verdict where it differs, for each lookup."""
    tables = list(verdicts)
    words = [table["verdict"].to_pylist() for table in tables]
    names = tables[0]["statement_id"].to_pylist()
    for first, name, last in zip(words[0], names, words[-1], strict=True):
        yield first, name, "" if first == last else last


def _ordered(
    counted: Counter[tuple[str, str, str]],
) -> list[tuple[tuple[str, str, str], int]]:
    """Return counts, the most frequent first, in a total order."""
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
