from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.score_town import cases, lookup, minute, relations, table

from auditwatch.config import Settings
from auditwatch.core.contexttables import Context
from auditwatch.engine.local import LocalEngine
from auditwatch.score import pair_nights
from auditwatch.score.measuring import measure_nights

if TYPE_CHECKING:
    import pandas as pd

ROWS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 59), st.integers(57, 59)),  # night; crowds towards the end
        st.integers(0, 4),  # operator
        st.integers(0, 5),  # subject
        st.sampled_from(["", "", "26-00001"]),
    ),
    min_size=1,
    max_size=90,
)
EPOCH_NIGHT = 20454  # 2026-01-01
PACE = 4  # a whole day's work within six hours, so that some of it is a rush
Row = tuple[int, int, int, str]


def moment(place: int) -> datetime:
    """Return the instant of a lookup; only its time of day is looked at."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute(place) // PACE)


def measured(rows: list[Row], context: Context) -> pd.DataFrame:
    """Return what all views count on the last night, identities decoded."""
    lookups = [
        lookup(at, f"T{who}", f"P-{whom}", case_id=c, event_time=moment(n))
        for n, (at, who, whom, c) in enumerate(rows)
    ]
    profiles = pair_nights(table(lookups), context)
    last = EPOCH_NIGHT + max(at for at, *_ in rows)
    with LocalEngine(1) as engine:
        found = measure_nights([last], profiles, context, Settings(), engine)
    frame = found.rows
    frame = frame[(frame["night_number"] == last) & (frame["exposure"] > 0)].copy()
    for column in ("operator_id", "subject_id"):
        frame[column] = found.book.decode(column, frame[column])
    return frame


def pair_days(rows: list[Row]) -> dict[tuple[int, int], dict[int, tuple[bool, bool]]]:
    """Return, by operator and subject, (bare, linked) of each night: a number links the night."""
    days: dict[tuple[int, int], dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for at, who, whom, number in rows:
        days[who, whom][at].append(number)
    return {
        key: {at: (not any(numbers), any(numbers)) for at, numbers in nights.items()}
        for key, nights in days.items()
    }


def of_view(frame: pd.DataFrame, view: str) -> list[dict[Any, Any]]:
    """Return the rows of one view."""
    return frame[frame["view"] == view].to_dict("records")


def agree_on_pair(rows: list[Row], frame: pd.DataFrame) -> None:
    """Distinct days without case in 45 nights minus twice the linked days, from two up.

    Of the days with five lookups or more on the subject, every third counts.
    """
    times = Counter((who, whom, at) for at, who, whom, _ in rows)
    last = max(at for at, *_ in rows)
    wanted = {}
    for (who, whom), nights in pair_days(rows).items():
        near = [marks for at, marks in nights.items() if at > last - 45]
        bare, linked = sum(b for b, _ in near), sum(c for _, c in near)
        soft = sum(
            b and times[who, whom, at] >= 5 for at, (b, _) in nights.items() if at > last - 45
        )
        left = bare - soft + soft // 3 - 2 * linked
        if nights.get(last, (False, False))[0] and left >= 2:
            wanted[f"T{who}", f"P-{whom}"] = (left, bare, linked)
    got = {
        (r["operator_id"], r["subject_id"]): (r["observed"], r["days"], r["linked_days"])
        for r in of_view(frame, "pair")
    }
    assert got == wanted


def in_a_rush(rows: list[Row]) -> dict[tuple[int, int, int], bool]:
    """Tell, by night, operator and subject, whether every lookup was made in a rush."""
    minutes = [minute(n) // PACE for n in range(len(rows))]
    crowds: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for (at, who, whom, _), when in zip(rows, minutes, strict=True):
        crowds[at, whom].append((when, who))

    def rushed(at: int, whom: int, when: int) -> bool:
        """Tell whether some two hours that begin with a lookup hold this one and three people."""
        begins = [t for t, _ in crowds[at, whom] if t <= when <= t + 120]
        return any(
            len({who for t, who in crowds[at, whom] if begin <= t <= begin + 120}) >= 3
            for begin in begins
        )

    found: dict[tuple[int, int, int], bool] = {}
    for (at, who, whom, _), when in zip(rows, minutes, strict=True):
        found[at, who, whom] = found.get((at, who, whom), True) and rushed(at, whom, when)
    return found


def agree_on_burst(rows: list[Row], frame: pd.DataFrame) -> None:
    """Distinct operators without case in 1, 4, 14 nights, a rush as one, minus those with a case.

    Half of the history lies before a window.
    """
    rush = in_a_rush(rows)
    last = max(at for at, *_ in rows)
    days = pair_days(rows)
    tonight = {whom for (_, whom), nights in days.items() if nights.get(last, (False, 0))[0]}
    wanted = {}
    known_for = last - min(at for at, *_ in rows) + 1
    for window in (w for w in (1, 4, 14) if known_for >= 2 * w):
        for subject in tonight:
            crowd: Counter[str] = Counter()
            for (who, whom), nights in days.items():
                near = {at: m for at, m in nights.items() if whom == subject and at > last - window}
                cased = any(linked for _, linked in near.values())
                present = any(bare for bare, _ in near.values()) and not cased
                calm = any(bare and not rush[at, who, whom] for at, (bare, _) in near.items())
                crowd["cased"] += cased
                crowd["all"] += present
                crowd["apart"] += present and calm
            one = crowd["all"] > crowd["apart"]
            observed = crowd["apart"] + one - crowd["cased"]
            if observed >= 2:
                wanted[f"P-{subject}", window] = (observed, crowd["all"], crowd["apart"])
    got = {
        (r["subject_id"], r["window"]): (r["observed"], r["crowd"], r["apart"])
        for r in of_view(frame, "burst")
    }
    assert got == wanted


def agree_on_harvest(rows: list[Row], frame: pd.DataFrame) -> None:
    """Bare subject-days on subjects nobody else met in the 14 nights up to that day.

    A night counts at most three and twice the pace of the operator before the last 14 nights,
    drawn to that of the peers as by five nights; nothing counts on less than three nights.
    """
    last = max(at for at, *_ in rows)
    days = pair_days(rows)
    cold: Counter[tuple[int, int]] = Counter()
    seen: Counter[tuple[int, int]] = Counter()
    for (who, whom), nights in days.items():
        for at, (bare, _) in nights.items():
            others = [
                then
                for (other, same), more in days.items()
                for then in more
                if same == whom and other != who and at - 14 < then <= at
            ]
            cold[who, at] += bare and not others
            seen[who, at] += 1
    active = sorted({who for who, at in seen if at == last})
    past = {
        who: [cold[one, at] for one, at in seen if one == who and last - 31 < at <= last - 14]
        for who in active
    }
    wanted = {}
    for who in active:
        peers = [n for one in active if one % 4 == who % 4 for n in past[one]]
        over = (len(past[who]) + 5) * (len(peers) + 1)
        most = 3 + 2 * (sum(past[who]) * (len(peers) + 1) + 5 * sum(peers)) // over
        near = [cold[who, at] for one, at in seen if one == who and at > last - 14]
        lasting = sum(n > 0 for n in near) >= 3
        wanted[f"T{who}", 14] = sum(min(n, most) for n in near) * lasting
    got = {(r["operator_id"], r["window"]): r["observed"] for r in of_view(frame, "harvest")}
    assert got == wanted


def agree_on_tie(rows: list[Row], frame: pd.DataFrame) -> None:
    """Bare subject-days on own and on colleagues' subjects in 14 and 45 nights."""
    last = max(at for at, *_ in rows)
    days = pair_days(rows)
    active = {who for (who, _), nights in days.items() if last in nights}
    wanted: Counter[tuple[str, int, str]] = Counter()
    for who in active:
        for window in (14, 45):
            for whom in (0, 1):
                kind = "own" if who == whom else "colleague"
                nights = days.get((who, whom), {})
                near = sum(bare for at, (bare, _) in nights.items() if at > last - window)
                wanted[f"T{who}", window, kind] += near
    got = {(r["operator_id"], r["window"], r["kind"]): r["observed"] for r in of_view(frame, "tie")}
    assert {key: n for key, n in got.items() if n} == {key: n for key, n in wanted.items() if n}


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(ROWS)
def test_views_count_what_plain_loops_count(rows: list[Row]) -> None:
    """All four views against loops over nights; one measuring for all: it takes a second."""
    context = Context(relations=relations(("T0", "P-0", "self"), ("T1", "P-1", "household")))
    rows = [*rows, *((59, who, 5, "") for who in range(5))]  # always a crowd, some in a rush
    frame = measured(rows, context)
    agree_on_pair(rows, frame)
    agree_on_burst(rows, frame)
    agree_on_harvest(rows, frame)
    agree_on_tie(rows, frame)


@settings(max_examples=25)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_profile_does_not_depend_on_order_or_batches(rows: list[Row], order: Any) -> None:
    """Shuffled rows in small batches make the same profile."""
    lookups = [lookup(at, f"T{who}", f"P-{whom}", case_id=c) for at, who, whom, c in rows]
    whole = table(lookups)
    places = list(range(whole.num_rows))
    order.shuffle(places)
    pieces = whole.take(pa.array(places)).to_batches(max_chunksize=7)
    assert pair_nights(iter(pieces), Context()).equals(pair_nights(whole, Context()))


def test_a_number_that_does_not_check_out_counts_for_less() -> None:
    """Where cases are known: each number once for a pair, and once for a crowd."""
    context = Context(cases=cases({"case_id": "26-00009", "subjects": "P-9"}))
    days = [(at, 1, 1, "26-00001" if at % 2 else "") for at in range(50, 60)]
    crowd = [(56 + who % 4, who, 2, "26-00001" if who < 8 else "") for who in range(2, 12)]
    frame = measured([*days, *crowd], context)
    (pair,) = of_view(frame, "pair")
    assert (pair["days"], pair["typed_days"], pair["observed"]) == (10, 5, 6)
    (burst,) = (row for row in of_view(frame, "burst") if row["window"] == 4)
    assert (burst["crowd"], burst["typed"], burst["numbers"], burst["observed"]) == (10, 6, 1, 5)


def test_changing_numbers_are_no_piece_of_work() -> None:
    """Five days under five numbers that do not check out count as five, not as one."""
    context = Context(cases=cases({"case_id": "26-00009", "subjects": "P-9"}))
    days = [(at, 1, 1, f"26-0000{at - 54}") for at in range(55, 60)]
    (pair,) = of_view(measured(days, context), "pair")
    assert (pair["typed_days"], pair["numbers"], pair["observed"]) == (5, 5, 5)


def test_ones_own_report_is_followed_up_when_it_is_closed() -> None:
    """Whoever is assigned to a case looks back at its people for sixty days after its closing."""
    mine = {"case_id": "26-00001", "operators": "T1", "subjects": "P-1", "closed": date(2026, 1, 2)}
    context = Context(cases=cases(mine))
    for who, found in ((1, []), (2, [5])):
        days = [(at, who, 1, "") for at in range(20, 25)]
        frame = measured(days, context)
        assert [row["observed"] for row in of_view(frame, "pair")] == found


def test_a_subject_everybody_knows_is_returned_to_more_than_one_nobody_knows() -> None:
    """The same days of one operator expect more on the beat's regular than on a private person."""
    beat = [(at, who, 1, "") for at in range(20, 60, 2) for who in (0, 2, 3, 4)]
    days = [(at, 1, whom, "") for at in (45, 50, 55, 59) for whom in (1, 2)]
    rows = of_view(measured([*beat, *days], Context()), "pair")
    base = {row["subject_id"]: row["base"] for row in rows if row["operator_id"] == "T1"}
    assert base["P-1"] > 1.5 * base["P-2"]
