"""Missing numbers: holes in the running numbers that a source gives its own records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditwatch.core.schema import COUNTERS
from auditwatch.findings.gaps import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from auditwatch.ingest.spans import Flags, Ints

__all__ = ["NUMBER_COLUMNS", "Numbered", "number_rows"]

#: Columns of LOOKUPS that numbers are read from.
NUMBER_COLUMNS: Final = ("event_id", "event_time", "night", "source_id", "line")
PARTS: Final = r"^(?P<stem>.*?)(?P<number>[0-9]{1,15})$"
#: A switch's number comes back after a restart: its ids also name second and message key.
SCOPE: Final = r"/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][^/]*/(?:[^/]*/)?"
MADE: Final = r"^[0-9a-f]{20}:[0-9]+$"  # ids of records whose source gives none
STEPS_LEAST: Final = 20
STEPS_ENOUGH: Final = 1000  # that many of earlier nights settle it: tonight's holes must not
SHARE: Final = 0.95  # of steps without a hole, in a source that numbers what it exports
STEMS_MAX: Final = 10_000  # counters of one source; more are no counters
JUMP: Final = 10  # times the numbers seen: a larger hole is a counter set anew
STEADY_NIGHTS: Final = 5  # with holes, among the last seven with numbers
STEADY_SHARE: Final = 0.002  # of steps with a hole, below which a source numbers only its own
SAMPLE: Final = 50_000  # ids that tell whether the others need a look
SHOWN: Final = 5


@dataclass(frozen=True)
class Place:
    """A numbered record: its number and where it stands."""

    number: int
    event_id: str
    time: int
    source_id: str
    line: int


@dataclass(frozen=True)
class Hole:
    """Numbers that are missing between two records."""

    below: Place
    above: Place
    size: int


@dataclass(frozen=True)
class Counter:
    """The numbers of one stem on one night, in order, from one large hole to the next.

    Parameters
    ----------
    source, stem : str
        Whose, and the id without its number.
    numbers, times, rows : ndarray of int64, shape (n,)
        Distinct numbers ascending, the time of each (us), and its row in the table.
    tonight : ndarray of bool, shape (n,)
        False for the records around midnight that belong to the nights beside it.
    """

    source: str
    stem: str
    numbers: Ints
    times: Ints
    rows: Ints
    tonight: Flags

    @property
    def steps(self) -> int:
        """Pairs of neighbours."""
        return max(int(self.tonight.sum()) - 1, 0)

    @property
    def ones(self) -> int:
        """Pairs of neighbours without a hole between them."""
        return int((np.diff(self.numbers[self.tonight]) == 1).sum())


def number_rows(rows: pa.Table, night: str, source_of: Mapping[str, str]) -> Numbered:
    """Sort the numbers of one night into counters.

    Parameters
    ----------
    rows : pa.Table
        `NUMBER_COLUMNS` of the night, of the last hour before it and of the first minute after it.
    night : str
        ISO date.
    source_of : mapping of str to str
        File (source_id) to the name of its source in the settings; empty when named by hand.
    """
    rows = rows.combine_chunks()
    if not _may_count(rows["event_id"]):
        return Numbered(rows, ())
    parts = _parts(rows["event_id"])
    made = pc.match_substring_regex(rows["event_id"], MADE)
    told = pc.and_(pc.is_valid(parts), pc.invert(made))
    rows, parts = rows.filter(told).combine_chunks(), parts.filter(told).combine_chunks()
    if not rows.num_rows:
        return Numbered(rows, ())
    numbers = pc.struct_field(parts, "number").cast(pa.int64()).to_numpy()
    files = rows["source_id"].combine_chunks().dictionary_encode()
    names = pa.array([source_of.get(one or "", "") for one in files.dictionary.to_pylist()])
    stems = pc.struct_field(parts, "stem")
    both = pc.binary_join_element_wise(names.cast(pa.string()).take(files.indices), stems, "\0")
    labels = both.dictionary_encode()
    tonight = pc.equal(rows["night"].cast(pa.string()), night).to_numpy(zero_copy_only=False)
    codes, times = labels.indices.to_numpy(), rows["event_time"].cast(pa.int64()).to_numpy()
    counters = []
    for mine in _by_code(codes, numbers, times, ~tonight):
        source, _, stem = labels.dictionary[int(codes[mine[0]])].as_py().partition("\0")
        far = JUMP * max(len(mine), STEPS_LEAST)
        for part in np.split(mine, np.flatnonzero(np.diff(numbers[mine]) > far) + 1):
            counter = Counter(source, stem, numbers[part], times[part], part, tonight[part])
            counters.append(_continued(counter))
    return Numbered(rows, tuple(one for one in counters if one.tonight.any()))


def _parts(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return stem and number of ids; null where an id ends otherwise."""
    return pc.extract_regex(pc.replace_substring_regex(ids, SCOPE, "/"), PARTS)


def _may_count(ids: pa.ChunkedArray) -> bool:
    """Tell by a sample whether any ids are alike but for a number; random ones never are."""
    sample = ids.take(pa.array(np.arange(0, len(ids), max(len(ids) // SAMPLE, 1))))
    stems = pc.drop_null(pc.struct_field(_parts(sample), "stem"))
    return bool(pc.count_distinct(stems).as_py() < len(stems) or len(stems) == 1)


def _by_code(codes: Ints, numbers: Ints, times: Ints, beside: Flags) -> Iterator[Ints]:
    """Yield for each code the places of its distinct numbers, ascending.

    Where there are more codes than a source can have counters, those with one number are ids
    that only end in digits, and are left out.
    """
    places = np.arange(len(codes))
    counts = np.bincount(codes)
    if len(counts) > STEMS_MAX:
        places = np.flatnonzero(counts[codes] > 1)
    keys = (times[places], beside[places], numbers[places], codes[places])
    order = places[np.lexsort(keys)]
    fresh = np.r_[True, (np.diff(codes[order]) != 0) | (np.diff(numbers[order]) != 0)]
    order = order[fresh[: len(order)]]
    begins = np.flatnonzero(np.diff(codes[order]) != 0) + 1
    for mine in np.split(order, begins):
        if len(mine):
            yield mine


def _continued(counter: Counter) -> Counter:
    """Drop the numbers from beside the night when the counter was set back at midnight."""
    kept = counter.tonight.copy()
    for early in (True, False):
        start = counter.times[counter.tonight].min(initial=np.iinfo(np.int64).max)
        beside = ~counter.tonight & ((counter.times < start) == early)
        inside = counter.numbers[counter.tonight]
        if not beside.any() or not len(inside):
            continue
        middle = np.median(counter.numbers[beside])
        near = np.argsort(counter.times[counter.tonight], kind="stable")
        edge = np.median(inside[near[:5] if early else near[-5:]])
        if (edge >= middle) == early:
            kept |= beside
    return Counter(
        counter.source,
        counter.stem,
        counter.numbers[kept],
        counter.times[kept],
        counter.rows[kept],
        counter.tonight[kept],
    )


@dataclass(frozen=True)
class Numbered:
    """The counters of one night, and the table that their rows stand in."""

    rows: pa.Table
    counters: tuple[Counter, ...]

    def table(self, night: str, before: pa.Table) -> pa.Table:
        """Return the counters of this night to keep.

        Parameters
        ----------
        night : str
            ISO date.
        before : pa.Table
            COUNTERS of nights before.

        Returns
        -------
        pa.Table
            COUNTERS, only of sources that number what they export.
        """
        kept = []
        for counter in self._running(before):
            top = self._place(counter, int(np.flatnonzero(counter.tonight)[-1]))
            kept.append(
                {
                    "night": night,
                    "source": counter.source,
                    "stem": counter.stem,
                    "highest": top.number,
                    "steps": counter.steps,
                    "ones": counter.ones,
                    "event_id": top.event_id,
                    "event_time": top.time,
                    "source_id": top.source_id,
                    "line": top.line,
                }
            )
        return pa.Table.from_pylist(kept, COUNTERS.schema)

    def gaps(
        self, night: str, before: pa.Table, refused: Callable[[Sequence[str]], pa.Table]
    ) -> list[Gap]:
        """Return the missing numbers of this night.

        Parameters
        ----------
        night : str
            ISO date.
        before : pa.Table
            COUNTERS of nights before.
        refused : callable
            From files (source_id) to their REJECTS: a refused record explains a missing number.

        Returns
        -------
        list of Gap
            ``missing_number`` and ``number_jump``, one of each for a source; ``numbers_not_ours``
            where numbers are missing night after night.

        Notes
        -----
        A hole belongs to the night of the record above it. A counter that is set back, wraps or
        runs beside another one in the same ids leaves a large hole whose upper end is older than
        its lower one: that is none.
        """
        holes: dict[tuple[str, bool], list[Hole]] = {}
        latest = _latest(before)
        lower: Counter | None = None
        for counter in self._running(before):
            below = self._below(counter, lower, latest.get((counter.source, counter.stem), []))
            lower = counter
            for hole, jumped in self._holes(counter, below):
                holes.setdefault((counter.source, jumped), []).append(hole)
        found = []
        for (source, jumped), own in sorted(holes.items(), key=lambda one: one[0]):
            kept = own if jumped else _unexplained(own, refused)
            if kept:
                found.append(_gap(night, source, kept, before, jumped=jumped))
        return found

    def _running(self, before: pa.Table) -> Iterator[Counter]:
        """Yield the counters of sources that number what they export."""
        earlier = _sums(before)
        pooled: dict[str, list[int]] = {}
        for one in self.counters:
            told = pooled.setdefault(one.source, [0, 0])
            told[0] += one.steps
            told[1] += one.ones
        for one in self.counters:
            own = _share(earlier.get((one.source, one.stem), (0, 0)), (one.steps, one.ones))
            if own is None:
                steps, ones = pooled[one.source]
                own = _share(earlier.get((one.source, None), (0, 0)), (steps, ones))
            if own is not None and own >= SHARE:
                yield one

    def _below(
        self, counter: Counter, lower: Counter | None, earlier: Sequence[Place]
    ) -> Place | None:
        """Return the record that a counter goes on from: the next lower number known before it."""
        if not counter.tonight[0]:
            return None
        found = [place for place in earlier if place.number < counter.numbers[0]]
        if lower and (lower.source, lower.stem) == (counter.source, counter.stem):
            top = self._place(lower, len(lower.numbers) - 1)
            # two that ran side by side are two counters
            found += [top] if top.time < counter.times.min() else []
        return max(found, key=lambda place: place.number, default=None)

    def _holes(self, counter: Counter, last: Place | None) -> Iterator[tuple[Hole, bool]]:
        """Yield the holes below numbers of tonight, each with whether it is a jump."""
        seen = len(counter.numbers)
        for at in np.flatnonzero(np.diff(counter.numbers) > 1):
            below, above = int(at), int(at) + 1
            size = int(counter.numbers[above] - counter.numbers[below]) - 1
            backwards = counter.times[above] < counter.times[below]
            if counter.tonight[above] and not (backwards and size > max(seen, 100)):
                yield Hole(self._place(counter, below), self._place(counter, above), size), False
        if last:
            above_it = self._place(counter, 0)
            size = above_it.number - last.number - 1
            if size:
                yield Hole(last, above_it, size), size > JUMP * max(seen, STEPS_LEAST)

    def _place(self, counter: Counter, at: int) -> Place:
        """Return one numbered record."""
        row = int(counter.rows[at])
        return Place(
            int(counter.numbers[at]),
            self.rows["event_id"][row].as_py(),
            int(counter.times[at]),
            self.rows["source_id"][row].as_py(),
            self.rows["line"][row].as_py(),
        )


def _share(earlier: tuple[int, int], tonight: tuple[int, int]) -> float | None:
    """Return the share of steps without a hole; None when there are too few to tell."""
    steps, ones = earlier
    if steps < STEPS_ENOUGH:
        steps, ones = steps + tonight[0], ones + tonight[1]
    return ones / steps if steps >= STEPS_LEAST else None


def _sums(before: pa.Table) -> dict[tuple[str, str | None], tuple[int, int]]:
    """Return steps and steps without a hole of earlier nights, by counter and by source."""
    sums: dict[tuple[str, str | None], tuple[int, int]] = {}
    for row in before.select(["source", "stem", "steps", "ones"]).to_pylist():
        for name in ((row["source"], row["stem"]), (row["source"], None)):
            steps, ones = sums.get(name, (0, 0))
            sums[name] = (steps + row["steps"], ones + row["ones"])
    return sums


def _latest(before: pa.Table) -> dict[tuple[str, str], list[Place]]:
    """Return the highest numbers of each counter on the nights before."""
    found: dict[tuple[str, str], list[Place]] = {}
    times = before["event_time"].cast(pa.int64()).to_pylist()
    for row, time in zip(before.to_pylist(), times, strict=True):
        place = Place(row["highest"], row["event_id"], time, row["source_id"], row["line"])
        found.setdefault((row["source"], row["stem"]), []).append(place)
    return found


def _unexplained(holes: Sequence[Hole], refused: Callable[[Sequence[str]], pa.Table]) -> list[Hole]:
    """Return the holes that refused records between their ends do not fill."""
    names = sorted({place.source_id for hole in holes for place in (hole.below, hole.above)})
    rejects = refused(names)
    files = np.array(rejects["source_id"].cast(pa.string()).to_pylist(), dtype=object)
    numbers = rejects["line"].to_numpy()
    lines = {name: np.sort(numbers[files == name]) for name in names}
    kept = []
    for hole in holes:
        size = hole.size - _refused_between(hole, lines)
        if size > 0:
            kept.append(Hole(hole.below, hole.above, size))
    return kept


def _refused_between(hole: Hole, lines: Mapping[str, Ints]) -> int:
    """Count refused records between the ends of a hole, also from one file to the next."""
    below, above = hole.below, hole.above
    if below.source_id == above.source_id:
        first, last = sorted((below.line, above.line))
        inside = lines[below.source_id]
        return int(np.searchsorted(inside, last) - np.searchsorted(inside, first))
    after, before = lines[below.source_id], lines[above.source_id]
    return int((after > below.line).sum() + (before < above.line).sum())


def _gap(night: str, source: str, holes: Sequence[Hole], before: pa.Table, *, jumped: bool) -> Gap:
    """Put the holes of one source into words."""
    total = sum(hole.size for hole in holes)
    ordered = sorted(holes, key=lambda hole: (hole.above.time, hole.above.event_id))
    shown = "; ".join(_told(hole) for hole in ordered[:SHOWN])
    more = f"; and at {len(holes) - SHOWN} more places" if len(holes) > SHOWN else ""
    number = "1 running number is" if total == 1 else f"{total:,} running numbers are"
    whose = f" of {source}" if source else ""
    says = f"{number} missing from the ids{whose}: {shown}{more}."
    if jumped:
        says = f"The ids{whose} jump over {total:,} running numbers: {shown}{more}."
    steady = not jumped and _is_steady(source, before)
    kind = "number_jump" if jumped else "numbers_not_ours" if steady else "missing_number"
    place = f"{total:,}{whose}" if steady or jumped else f"{total:,}{whose}, {night}"
    ends = [place.time for hole in holes for place in (hole.below, hole.above)]
    times = [] if steady or jumped else ends
    return Gap(
        kind=kind,
        about=(source,) if steady or jumped else (source, night),
        place=place,
        says=says,
        first_time=_instant(min(times)) if times else "",
        last_time=_instant(max(times)) if times else "",
    )


def _is_steady(source: str, before: pa.Table) -> bool:
    """Tell whether numbers of a source are missing night after night."""
    nights: dict[str, tuple[int, int]] = {}
    for row in before.select(["night", "source", "steps", "ones"]).to_pylist():
        if row["source"] == source:
            steps, ones = nights.get(row["night"], (0, 0))
            nights[row["night"]] = (steps + row["steps"], ones + row["ones"])
    recent = [nights[night] for night in sorted(nights)[-7:]]
    holed = sum(steps - ones > STEADY_SHARE * steps for steps, ones in recent)
    return holed >= STEADY_NIGHTS


def _told(hole: Hole) -> str:
    """Return one hole: how many between which ids, and when."""
    return (
        f"{hole.size:,} between {hole.below.event_id} and {hole.above.event_id} "
        f"(line {hole.above.line:,})"
    )


def _instant(time: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC."""
    return f"{np.datetime64(time, 'us')}Z"
