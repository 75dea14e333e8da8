"""Cascades: machine-made follow-ups of one keystroke are folded into the lookup that caused them.

A mobile client answers one typed plate with a registration, the owner's licence and a wants check,
all logged under the operator within seconds; counted apart they would look like curiosity about
the owner.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.cells import masked_rows
from auditwatch.core.errors import RuleError
from auditwatch.core.files import require_file
from auditwatch.core.strict import read_documents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["CATALOGUE", "fold", "read_followers"]

CATALOGUE: Final = "catalogue/transactions.yml"
AUTOMATIC: Final = "auto"
NOTHING: Final[frozenset[str]] = frozenset()
TYPED: Final = ("case_id", "reason_norm")
MICROSECONDS: Final = 1_000_000
#: Lookups that may wait for a follow-up at once: nobody keys more within the time, and a flood of
#: records would otherwise be compared each with each.
WAITING_MAX: Final = 64


def read_followers(rules: Path) -> dict[str, frozenset[str]]:
    """Read which transactions a client sends by itself after which.

    Parameters
    ----------
    rules : Path
        The rule pack; its `catalogue/transactions.yml` is read.

    Returns
    -------
    dict of str to frozenset of str
        Transaction to those that may follow it.

    Raises
    ------
    UsageError
        ``AW-FILES-004`` when the catalogue is missing.
    RuleError
        ``AW-INGEST-021`` with line and column.
    """
    found: dict[str, frozenset[str]] = {}
    for document in read_documents(require_file(rules / CATALOGUE)):
        content = document.content
        entries = content.get("transactions") if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise document.error(
                "no list of transactions", code="AW-INGEST-021", expected="transactions: [...]"
            )
        for n, entry in enumerate(entries):
            key = entry.get("key") if isinstance(entry, dict) else None
            after = entry.get("followed_by") if isinstance(entry, dict) else None
            if not isinstance(key, str) or not isinstance(after, list | None):
                raise _unfit(document.place("transactions", n))
            found[key.upper()] = frozenset(str(one).upper() for one in after or ())
    return found


def _unfit(where: str) -> RuleError:
    """Return the error of an entry that is no transaction."""
    return RuleError(
        "not a transaction",
        code="AW-INGEST-021",
        where=where,
        expected="key: RQ, and followed_by: [DQ, QV] where there are follow-ups",
    )


@dataclass
class _Head:
    """A lookup that may still have follow-ups."""

    position: int
    time: int
    expected: set[str] = field(default_factory=set)


def fold(
    rows: pa.Table, followers: Mapping[str, frozenset[str]], seconds: int
) -> tuple[pa.Array, pa.Array]:
    """Find the head of each record.

    A record follows when the same operator at the same terminal has a head at most `seconds`
    before whose transaction, or that of one of its follow-ups, may be followed by this one, and
    when nothing was typed with it: case and reason are empty, the head's own, or begin with AUTO.

    Parameters
    ----------
    rows : pa.Table
        Lookups with their own `event_id`; `origin` only where the source gave hotlist or batch.
    followers : mapping of str to frozenset of str
        As `read_followers`.
    seconds : int
        The longest time from the head to a follow-up (s).

    Returns
    -------
    origin : pa.DictionaryArray
        manual, cascade, hotlist or batch.
    lookup_id : pa.Array of string
        `event_id` of the head; null for hotlist and batch records, which are no lookups.
    """
    given = rows["origin"].cast(pa.string())
    machine = given.is_valid().to_numpy()
    heads = _find_heads(rows, followers, seconds, machine)
    ids = rows["event_id"].combine_chunks()
    lookup = pc.if_else(pa.array(machine), None, ids.take(pa.array(heads)))
    own = np.where(heads == np.arange(len(heads)), "manual", "cascade").astype(object)
    origin = pc.coalesce(given.combine_chunks(), pa.array(own, pa.string()))
    return origin.dictionary_encode(), lookup


def _find_heads(
    rows: pa.Table, followers: Mapping[str, frozenset[str]], seconds: int, machine: Flags
) -> Ints:
    """Return for each record the position of its head."""
    heads: Ints = np.arange(rows.num_rows, dtype=np.int64)
    # a mask in the operator's place hides many people, whose lookups are not one another's
    apart = machine | np.asarray(masked_rows(rows["operator_id"]).to_numpy(zero_copy_only=False))
    operators, terminals = _codes(rows["operator_id"]), _codes(rows["terminal"])
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    order = np.lexsort((rows["line"].to_numpy(), times, terminals, operators))
    order = order[~apart[order]]
    place = np.stack([operators[order], terminals[order]])
    near = (place[:, 1:] == place[:, :-1]).all(axis=0)
    near &= np.diff(times[order]) <= seconds * MICROSECONDS
    # only records close to a neighbour can head or follow anything
    busy = np.zeros(len(order), np.bool_)
    busy[1:] |= near
    busy[:-1] |= near
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = ~near
    order, fresh = order[busy], fresh[busy]
    heads[order] = order[_walk(rows.take(pa.array(order)), fresh, followers, seconds)]
    return heads


def _codes(values: pa.ChunkedArray) -> Ints:
    """Return a number for each distinct value; nulls share one."""
    whole = values.combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode()
    codes: Ints = whole.indices.fill_null(-1).to_numpy().astype(np.int64)
    return codes


def _walk(
    rows: pa.Table, fresh: Flags, followers: Mapping[str, frozenset[str]], seconds: int
) -> Ints:
    """Return the head of each busy record, records being in order of place and time."""
    transactions = rows["transaction"].cast(pa.string()).to_pylist()
    typed = list(zip(*(rows[name].cast(pa.string()).to_pylist() for name in TYPED), strict=True))
    times = rows["event_time"].cast(pa.int64()).to_pylist()
    heads: Ints = np.arange(rows.num_rows, dtype=np.int64)
    waiting: deque[_Head] = deque(maxlen=WAITING_MAX)
    for n, (time, transaction) in enumerate(zip(times, transactions, strict=True)):
        if fresh[n]:
            waiting.clear()
        while waiting and time - waiting[0].time > seconds * MICROSECONDS:
            waiting.popleft()
        after = followers.get(transaction or "", NOTHING)
        for head in reversed(waiting):
            if transaction in head.expected and _untyped(typed[n], typed[head.position]):
                heads[n] = head.position
                head.expected |= after
                break
        else:
            if after:
                waiting.append(_Head(n, time, set(after)))
    return heads


def _untyped(own: tuple[str | None, ...], heads: tuple[str | None, ...]) -> bool:
    """Tell whether a record carries nothing typed beside what its head carries."""
    return all(
        not mine or mine == theirs or mine.lower().startswith(AUTOMATIC)
        for mine, theirs in zip(own, heads, strict=True)
    )
