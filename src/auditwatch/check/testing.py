"""The tests themselves, on an array of distinct values: no rows, no rules, no files."""

from __future__ import annotations

import operator
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.check.amounts import amount
from auditwatch.check.moments import PARTS, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from ipaddress import IPv4Network, IPv6Network
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from auditwatch.check.condition import Atom

    Network = IPv4Network | IPv6Network

__all__ = ["CLOCK", "COMPARE", "RELATED", "fold", "related", "values_that_hold"]

#: The kind of a test of a part of a time.
CLOCK: Final = "clock"

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
    if atom.kind in ("matches", "like"):
        held = pc.match_substring_regex(texts, atom.operands[0])
    else:
        held = pc.is_in(texts, pa.array(atom.operands, pa.string()))
    return np.asarray(pc.fill_null(held, fill_value=False).to_numpy(zero_copy_only=False))


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
