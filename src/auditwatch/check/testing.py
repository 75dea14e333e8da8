"""The tests themselves, on an array of distinct values: no rows, no rules, no files."""

from __future__ import annotations

import operator
import re
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.amounts import amount
from auditwatch.check.moments import PARTS, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from ipaddress import IPv4Network, IPv6Network
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from auditwatch.check.condition import Atom

    Network = IPv4Network | IPv6Network

__all__ = [
    "CLOCK",
    "COMPARE",
    "PATTERNS",
    "RELATED",
    "fold",
    "matches_of",
    "related",
    "values_that_hold",
]

#: The kind of a test of a part of a time.
CLOCK: Final = "clock"
#: A pattern of words alone, which RE2 looks for beside many others in one go: without repetition,
#: whose states would multiply, names of groups, or quoting that ends with the pattern.
WORDY: Final = re.compile(r"(?!.*\(\?[P<])\((?:[^\\*+{]|\\[^A-Za-z0-9])*\)", re.DOTALL)
#: What is looked for at once (characters): RE2 bounds the memory that one pattern may take.
LONGEST: Final = 2000
#: The kinds of a test that looks for a pattern.
PATTERNS: Final = ("like", "matches")

COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}
#: How one text may stand in another; what is looked for comes second.
RELATED: Final[dict[str, Callable[[str, str], bool]]] = {
    "equals": operator.eq,
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def fold(values: pa.Array) -> pa.Array:
    """Return texts without letter case: Unicode's full case folding (``straße`` is ``STRASSE``).

    Parameters
    ----------
    values : pa.Array of text or whole numbers, shape (n_values,)
        Distinct values.
    """
    texts = values.cast(pa.string())
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return pc.ascii_lower(texts)
    return pa.array([text.casefold() for text in texts.to_pylist()], pa.string())


def related(how: str, holding: pa.Array, sought: pa.Array) -> NDArray[np.bool_]:
    """Tell of each pair of folded texts whether the first equals, contains … the second."""
    if how == "equals":
        return np.asarray(pc.equal(holding, sought).to_numpy(zero_copy_only=False), dtype=bool)
    pairs = zip(holding.to_pylist(), sought.to_pylist(), strict=True)
    return np.array([RELATED[how](one, other) for one, other in pairs], dtype=np.bool_)


def values_that_hold(
    atom: Atom, values: pa.Array, zone: ZoneInfo | None = None
) -> NDArray[np.bool_]:
    """Return for each distinct value whether a test of one column holds, shape (n_values,).

    Parameters
    ----------
    atom : Atom
        Any kind but ``same``.
    values : pa.Array of text or whole numbers, shape (n_values,)
        Folded for ``equals`` and ``like``.
    zone : ZoneInfo, optional
        For ``clock``: whose clock.
    """
    if atom.kind in ("exists", "given"):
        return np.ones(len(values), dtype=bool)
    if atom.kind == "compares" and pa.types.is_integer(values.type):
        return _compare(values, *atom.operands)
    texts = values.cast(pa.string())
    if atom.kind in _BY_TEXT:
        holds = _BY_TEXT[atom.kind](atom.operands)
        return np.array([holds(text) for text in texts.to_pylist()], dtype=np.bool_)
    if atom.kind == CLOCK and zone is not None:
        part, order, limit = atom.operands
        within = partial(_in_part, zone=zone, part=part, order=order, limit=int(limit))
        return np.array([within(text) for text in texts.to_pylist()], dtype=np.bool_)
    if atom.kind in PATTERNS:
        held = pc.match_substring_regex(texts, atom.operands[0])
    else:
        held = pc.is_in(texts, pa.array(atom.operands, pa.string()))
    return np.asarray(pc.fill_null(held, fill_value=False).to_numpy(zero_copy_only=False))


def matches_of(patterns: Iterable[str], texts: pa.Array) -> dict[str, NDArray[np.int64]]:
    """Return for each of many patterns the places of the texts that it is found in, in order.

    Parameters
    ----------
    patterns : iterable of str
        RE2.
    texts : pa.Array of text, shape (n_values,)
        Distinct values.

    Notes
    -----
    Most of many words stand in few texts. So they are looked for all at once, then by halves in
    those texts in which one of a half was found: a word that is nowhere costs next to nothing.
    """
    found: dict[str, NDArray[np.int64]] = {}
    for together in _groups(dict.fromkeys(patterns)):
        found |= dict(_halved(together, texts, np.arange(len(texts))))
    return found


def _groups(patterns: Iterable[str]) -> Iterator[list[str]]:
    """Yield patterns that may be looked for at once, up to a length at which RE2 is still fast."""
    words: list[str] = []
    for pattern in patterns:
        if not WORDY.fullmatch(pattern):
            yield [pattern]
            continue
        if sum(map(len, words)) + len(pattern) > LONGEST:
            yield words
            words = []
        words.append(pattern)
    if words:
        yield words


def _halved(
    patterns: Sequence[str], texts: pa.Array, places: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yield for each pattern where in the whole the texts (at these places) stand that have it."""
    pattern = "|".join(f"(?:{one})" for one in patterns) if len(patterns) > 1 else patterns[0]
    held = pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False)
    places = places[held.to_numpy(zero_copy_only=False)]
    if len(patterns) == 1 or not len(places):
        yield from ((one, places) for one in patterns)
        return
    texts, middle = texts.filter(held), len(patterns) // 2
    yield from _halved(patterns[:middle], texts, places)
    yield from _halved(patterns[middle:], texts, places)


def _compare(values: pa.Array, order: str, operand: str) -> NDArray[np.bool_]:
    """Compare whole numbers."""
    numbers = np.asarray(pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
    return np.asarray(COMPARE[order](numbers, int(operand)), dtype=bool)


def _comparing(operands: tuple[str, ...]) -> Callable[[str], bool]:
    """Return the comparison of a text that is a number, exactly."""
    order, limit = COMPARE[operands[0]], amount(operands[1])

    def holds(text: str) -> bool:
        number = amount(text)
        return number is not None and limit is not None and bool(order(number, limit))

    return holds


def _in_nets(operands: tuple[str, ...]) -> Callable[[str], bool]:
    """Return the test whether a text is an address in one of the networks."""
    return partial(_is_inside, networks=[ip_network(network) for network in operands])


def _is_inside(text: str, networks: Iterable[Network]) -> bool:
    """Tell whether a text is an address in one of the networks."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return False
    return any(address in network for network in networks)


def _in_part(text: str, zone: ZoneInfo, part: str, order: str, limit: int) -> bool:
    """Tell whether the hour, week … of a time fits; a text that is no time fits nothing."""
    when = moment(text, zone)
    return when is not None and bool(COMPARE[order](PARTS[part](when.astimezone(zone)), limit))


_BY_TEXT: Final[dict[str, Callable[[tuple[str, ...]], Callable[[str], bool]]]] = {
    "compares": _comparing,
    "in_net": _in_nets,
}
