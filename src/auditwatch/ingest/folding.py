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
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["CATALOGUE", "LOOK_BACK", "fold", "read_followers"]

CATALOGUE: Final = "catalogue/transactions.yml"
AUTOMATIC: Final = "auto"
NOTHING: Final[frozenset[str]] = frozenset()
TYPED: Final = ("case_id", "reason_norm")
ABOUT: Final = ("transaction", "subject_kind", "subject_id")
MICROSECONDS: Final = 1_000_000
#: A cascade may begin before midnight, and its head may stand in another's time: this many times
#: the longest cascade is looked at before a night begins.
LOOK_BACK: Final = 10
#: The same question about the same subject within this time (s) is one keystroke: sent to several
#: states, or passed on by a regional key. Nobody types it twice that fast.
COPY_SECONDS: Final = 2
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


@dataclass(frozen=True)
class _About:
    """What a record asks for, and about whom or what."""

    transaction: str | None
    kind: str | None
    subject: str | None

    def may_cause(self, other: _About) -> bool:
        """Tell whether a machine that was asked this may ask the other about its subject.

        A plate leads to its owner, but a person only to that very person. Keys of another form
        (a licence number, a name with a birth date) can be the same person's.
        """
        if self.kind != other.kind or not (self.subject and other.subject):
            return True
        mark, other_mark = (one.partition("-")[0] for one in (self.subject, other.subject))
        return self.subject == other.subject or mark != other_mark


@dataclass
class _Head:
    """A lookup that may still have follow-ups.

    Parameters
    ----------
    position : int
        Its record.
    time : int
        When it was keyed (us since 1970).
    causes : dict of str to list of _About
        Transaction that may follow to the records of this cascade that it may follow.
    asked : dict of _About to list of int
        What this cascade asked already, and when (us): a machine asks once for each cause.
    """

    position: int
    time: int
    causes: dict[str, list[_About]] = field(default_factory=dict)
    asked: dict[_About, list[int]] = field(default_factory=dict)

    def take(self, about: _About, time: int, after: frozenset[str]) -> None:
        """Note a record of the cascade and what may follow it."""
        if about.subject:
            self.asked.setdefault(about, []).append(time)
        for transaction in after:
            self.causes.setdefault(transaction, []).append(about)

    def may_cause(self, about: _About, time: int) -> bool:
        """Tell whether a record may be a follow-up of this cascade, or a copy of one of its own."""
        asked = self.asked.get(about, ())
        if asked and time - asked[-1] <= COPY_SECONDS * MICROSECONDS:
            return True
        causes = self.causes.get(about.transaction or "", ())
        return sum(one.may_cause(about) for one in causes) > len(asked)


def fold(
    rows: pa.Table, followers: Mapping[str, frozenset[str]], seconds: int
) -> tuple[pa.Array, pa.Array]:
    """Find the head of each record.

    A record follows when the same operator at the same terminal has a head at most `seconds`
    before whose transaction, or that of one of its follow-ups, may be followed by this one, when
    it is about the same subject if that is of the same kind, was asked once at most for each such
    cause, and nothing was typed with it: case and reason are empty, the head's own, or begin with
    AUTO.
    So does a copy: a transaction that the catalogue knows and subject that the cascade asked within
    `COPY_SECONDS`.

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
    # without an hour nobody can say what followed what
    dated = pc.equal(rows["time_quality"].cast(pa.string()), "date_only").fill_null(False)
    heads = _find_heads(rows, followers, seconds, machine | dated.to_numpy())
    ids = rows["event_id"].combine_chunks()
    lookup = pc.if_else(pa.array(machine), None, ids.take(pa.array(heads)))
    own = np.where(heads == np.arange(len(heads)), "manual", "cascade").astype(object)
    origin = pc.coalesce(given.combine_chunks(), pa.array(own, pa.string()))
    return origin.dictionary_encode(), lookup


def _find_heads(
    rows: pa.Table, followers: Mapping[str, frozenset[str]], seconds: int, alone: Flags
) -> Ints:
    """Return for each record the position of its head; some stand alone whatever is near."""
    heads: Ints = np.arange(rows.num_rows, dtype=np.int64)
    # a mask in the operator's place hides many people, whose lookups are not one another's
    apart = alone | np.asarray(masked_rows(rows["operator_id"]).to_numpy(zero_copy_only=False))
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
    abouts = [_About(*row) for row in _texts(rows, ABOUT)]
    typed = _texts(rows, TYPED)
    times = rows["event_time"].cast(pa.int64()).to_pylist()
    heads: Ints = np.arange(rows.num_rows, dtype=np.int64)
    waiting: deque[_Head] = deque(maxlen=WAITING_MAX)
    for n, (time, about) in enumerate(zip(times, abouts, strict=True)):
        if fresh[n]:
            waiting.clear()
        while waiting and time - waiting[0].time > seconds * MICROSECONDS:
            waiting.popleft()
        after = followers.get(about.transaction or "", NOTHING)
        for head in reversed(waiting):
            if head.may_cause(about, time) and _untyped(typed[n], typed[head.position]):
                heads[n] = head.position
                head.take(about, time, after)
                break
        else:
            if after or (about.transaction in followers and about.subject):
                waiting.append(_Head(n, time))
                waiting[-1].take(about, time, after)
    return heads


def _texts(rows: pa.Table, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Return some columns as text, a tuple for each row."""
    columns = (rows[name].cast(pa.string()).to_pylist() for name in names)
    return list(zip(*columns, strict=True))


def _untyped(own: tuple[str | None, ...], heads: tuple[str | None, ...]) -> bool:
    """Tell whether a record carries nothing typed beside what its head carries."""
    return all(
        not mine or mine == theirs or mine.lower().startswith(AUTOMATIC)
        for mine, theirs in zip(own, heads, strict=True)
    )
