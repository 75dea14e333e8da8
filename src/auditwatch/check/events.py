"""Events of others as columns: one JSON object a line, nested names joined by dots."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
import pyarrow as pa

from auditwatch.check.answers import NO, YES, Answer, Answers
from auditwatch.check.coded import Coded
from auditwatch.check.selection import ANY_TEXT
from auditwatch.check.testing import RELATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from auditwatch.check.condition import Atom

__all__ = ["Event", "EventColumns", "Unread", "batches_of", "read_events"]

LONGEST_LINE: Final = 1 << 20  # bytes; a longer line is no event, and is not held
BATCH_EVENTS: Final = 50_000
BATCH_BYTES: Final = 64 << 20

#: A field's values: texts, None for null; what has neither is an empty list or an object.
Cell = tuple[str | None, ...]


class _Bare(str):
    """A number or a truth: text to a condition, but no text that words are looked for in."""

    __slots__ = ()


@dataclass(frozen=True)
class Event:
    """One event.

    Parameters
    ----------
    line : int
        Physical line in its file, from 1.
    fields : dict of str to tuple
        Values by dotted name. A list gives its field several values, an object gives its own
        name none.
    """

    line: int
    fields: dict[str, Cell]


@dataclass(frozen=True)
class Unread:
    """A line that holds no event, and why."""

    line: int
    reason: str


def read_events(path: Path) -> Iterator[Event | Unread]:
    """Read a file of JSON lines; blank lines are passed over.

    Parameters
    ----------
    path : Path
        UTF-8 text; a line is at most 1 MiB.
    """
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST_LINE)
                yield Unread(number, "longer than 1 MiB")
            elif raw.strip():
                yield _event(number, raw)


def batches_of(events: Iterator[Event | Unread]) -> Iterator[tuple[list[Event], list[Unread]]]:
    """Yield events in batches that fit in memory."""
    batch: list[Event] = []
    unread: list[Unread] = []
    size = 0
    for one in events:
        if isinstance(one, Unread):
            unread.append(one)
            continue
        batch.append(one)
        size += sum(len(text or "") for cell in one.fields.values() for text in cell)
        if len(batch) == BATCH_EVENTS or size > BATCH_BYTES:
            yield batch, unread
            batch, unread, size = [], [], 0
    if batch or unread:
        yield batch, unread


def _event(number: int, raw: bytes) -> Event | Unread:
    """Read one line."""
    try:
        found = json.loads(
            raw.decode("utf-8-sig" if number == 1 else "utf-8"),
            parse_int=_Bare,
            parse_float=_Bare,
            parse_constant=_refuse_constant,
            object_pairs_hook=_members,
        )
        if not isinstance(found, dict):
            return Unread(number, "not a JSON object")
        fields: dict[str, list[str | None]] = {}
        _flatten(found, "", fields)
    except UnicodeDecodeError:
        return Unread(number, "not UTF-8 text")
    except _RefusedError as error:
        return Unread(number, str(error))
    except ValueError:
        return Unread(number, "not JSON")
    except RecursionError:
        return Unread(number, "nested too deep")
    return Event(number, {name: tuple(values) for name, values in fields.items()})


class _RefusedError(Exception):
    """JSON that means nothing or two things."""


def _refuse_constant(_: str) -> NoReturn:
    """Refuse NaN and Infinity, which are not JSON."""
    raise _RefusedError("NaN or Infinity, which is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, or refuse one that gives a key twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RefusedError("a key twice in one object")
    return found


def _flatten(value: Any, name: str, into: dict[str, list[str | None]]) -> None:
    """Put the values of a JSON value under dotted names."""
    if isinstance(value, dict):
        into.setdefault(name, []) if name else None
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, into)
    elif isinstance(value, list):
        into.setdefault(name, [])
        for inner in value:
            _flatten(inner, name, into)
    else:
        into.setdefault(name, []).append(_text(value))


def _text(value: str | bool | None) -> str | None:
    """Return a JSON scalar as text."""
    if isinstance(value, bool):
        return _Bare("true" if value else "false")
    if value is None or isinstance(value, _Bare) or value.isascii():
        return value
    # half a surrogate pair is no character: it cannot be told from another half
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, eq=False)
class _Field:
    """One field over a batch.

    Parameters
    ----------
    cells : list of Cell
        Distinct.
    codes : ndarray of int32, shape (n_events,)
        Position in `cells`; ``len(cells)`` where the event has no such field.
    values : pa.Array of text, shape (n_values,)
        Distinct texts of all cells.
    cell_of, value_of : ndarray of int64, shape (n_members,)
        A member of a cell is one of its texts: which cell, which text.
    """

    cells: list[Cell]
    codes: NDArray[np.int32]
    values: pa.Array
    cell_of: NDArray[np.int64]
    value_of: NDArray[np.int64]

    def cells_with(self, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which cells have a text that holds, shape (n_cells,)."""
        found = np.zeros(len(self.cells), dtype=bool)
        found[self.cell_of[held[self.value_of]]] = True
        return found


class EventColumns(Answers):
    """A batch of events as conditions see it: two-valued, what is absent matches nothing.

    Parameters
    ----------
    events : sequence of Event
        The rows.
    zone : ZoneInfo
        The clock of ``hour`` and the like, and of times without an offset.
    """

    def __init__(self, events: Sequence[Event], zone: ZoneInfo) -> None:
        super().__init__(zone)
        self.events = events
        self._given: dict[str, dict[int, Cell]] = {}
        for row, event in enumerate(events):
            for name, cell in event.fields.items():
                self._given.setdefault(name, {})[row] = cell
        self._fields: dict[str, _Field] = {}

    @property
    def height(self) -> int:
        """Number of events."""
        return len(self.events)

    def coded(self, name: str) -> Coded:
        """Return the distinct texts of a field; rows have cells, which `answer` looks into."""
        field = self._field(name)
        return Coded(field.codes, field.values)

    def _test(self, atom: Atom) -> Answer:
        """Test each distinct text of a field; of a list any may hold."""
        field = self._field(atom.column)
        if atom.kind == "exists":
            cells = np.ones(len(field.cells), dtype=bool)
        elif atom.kind == "given":
            cells = np.array([set(cell) != {None} for cell in field.cells], dtype=np.bool_)
        else:
            cells = field.cells_with(self._held(atom, self.coded(atom.column)))
        table = np.append(np.where(cells, YES, NO), NO).astype(np.uint8)
        return Answer(field.codes, table, np.bincount(field.codes, minlength=len(table)))

    def _compare(self, atom: Atom) -> Answer:
        """Compare two fields event by event; of lists any pair may hold."""
        left, right = (self._field(name) for name in atom.columns)
        width = len(right.cells) + 1
        pairs = left.codes.astype(np.int64) * width + right.codes
        distinct, of_row = np.unique(pairs, return_inverse=True)
        texts = [[*map(_folded, field.cells), ()] for field in (left, right)]
        holds = RELATED[atom.operands[1]]
        table = np.zeros(len(distinct), dtype=np.uint8)
        for place, (one, other) in enumerate(zip(*np.divmod(distinct, width), strict=True)):
            sought = texts[1][other]
            table[place] = any(holds(text, part) for text in texts[0][one] for part in sought)
        codes = of_row.astype(np.int32)
        return Answer(codes, table, np.bincount(codes, minlength=len(table)))

    def _words(self) -> dict[int, Cell]:
        """Return the texts of each event, whatever their fields."""
        return {
            row: tuple(text for cell in event.fields.values() for text in cell if _is_word(text))
            for row, event in enumerate(self.events)
        }

    def _field(self, name: str) -> _Field:
        """Return a field, put together when first asked for."""
        if name not in self._fields:
            given = self._words() if name == ANY_TEXT else self._given.get(name, {})
            self._fields[name] = _together(given, self.height)
        return self._fields[name]


def _is_word(text: str | None) -> bool:
    """Tell whether a value is a JSON string."""
    return text is not None and not isinstance(text, _Bare)


def _folded(cell: Cell) -> tuple[str, ...]:
    """Return the texts of a cell without letter case."""
    return tuple(text.casefold() for text in cell if text is not None)


def _together(given: dict[int, Cell], height: int) -> _Field:
    """Return the field that these rows have."""
    places = {cell: place for place, cell in enumerate(dict.fromkeys(given.values()))}
    codes = np.full(height, len(places), dtype=np.int32)
    codes[list(given)] = [places[cell] for cell in given.values()]
    members = [(place, text) for cell, place in places.items() for text in cell if text is not None]
    texts = {text: place for place, text in enumerate(dict.fromkeys(text for _, text in members))}
    return _Field(
        list(places),
        codes,
        pa.array(map(str, texts), pa.string()),
        np.array([place for place, _ in members], dtype=np.int64),
        np.array([texts[text] for _, text in members], dtype=np.int64),
    )
