from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from tests.score_town import FIRST, cases, lookup, night, relations, score, table

from auditwatch.config import Settings
from auditwatch.core.contexttables import DUTY, LINKS, Context
from auditwatch.core.mask import Masker
from auditwatch.engine.local import LocalEngine
from auditwatch.score import profile_nights
from auditwatch.score.measuring import measure_nights
from auditwatch.score.views import markers, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from auditwatch.score.views import View

NIGHTS, OPERATORS = 32, 24
LATE = range(16, NIGHTS)
WHOLE = ("night_number", "operator_id", "subject_id", "window")
UNIT = [*WHOLE, "kind"]
MARKING = (
    "dossier", "mix", "outsider", "pretext", "relay", "run", "search", "shift", "terminal",
)  # fmt: skip


def clock(at: int, hour: float) -> datetime:
    """Return an instant of a night."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=at, hours=hour)


def act(at: int, hour: float, operator: str, subject: str, **more: Any) -> dict[str, Any]:
    """Return one lookup as the town makes it: own terminal, usual transaction, a word of reason."""
    usual = {"terminal": f"M-{operator}", "system": "NLETS", "transaction": "DQ",
             "reason_norm": "stop", "requester_id": operator}  # fmt: skip
    return lookup(at, operator, subject, **{"event_time": clock(at, hour), **usual, **more})


def honest(seed: int = 3) -> list[dict[str, Any]]:
    """Return work by day, with what all habits look like now and then."""
    draw = np.random.default_rng(seed)
    rows = []
    for at in range(NIGHTS):
        for who in range(OPERATORS):
            for n in range(9):
                odd = draw.random(2) < 0.03
                more = {"terminal": "DESK"} if odd[0] else {}
                more |= {"case_id": f"26-{draw.integers(60, 99):05d}"} if odd[1] else {}
                subject = f"P-{draw.integers(4000)}"
                rows.append(act(at, 8.5 + n * 0.8, f"T{who}", subject, **more))
    return rows


def planted() -> dict[str, list[dict[str, Any]]]:
    """Return, by view, what its operator does beside the work."""
    some = LATE[::2]
    return {
        "terminal": [act(at, 11 + n, "T3", f"P-{n}", terminal="B") for at in some for n in (0, 1)],
        "outsider": [act(at, 12, "T5", f"P-w{at % 3}") for at in some],
        "pretext": [act(at, 12, "T6", "P-ex", case_id=f"26-{at:05d}") for at in some],
        "dossier": [act(at, 12 + n / 20, "T14", f"P-d{at}", transaction=key) for at in some
                    for n, key in enumerate(("RQ", "DQ", "QW"))],
        "mix": [act(at, 12, "T7", f"P-{at}", transaction="QXS") for at in LATE],
        "relay": [act(at, 12, "T10", f"P-r{at}", requester_id="T99") for at in some],
        "run": [act(at, 12 + n / 30, "T8", f"P-q{at}{n}") for at in LATE for n in range(6)],
        "search": [act(at, 12 + n / 30, "T15", f"P-n{at}{n}", transaction="DNQ")
                   for at in some[::2] for n in range(2)],
        "shift": [act(at, 21 + n / 9, "T13", f"P-s{at}{n}") for at in some for n in range(3)],
    }  # fmt: skip


def context() -> Context:
    """Return a duty book of days, and cases that list others."""
    spells = [
        {"operator_id": who, "starts": clock(at, 8), "ends": clock(at, 17)}
        for at in range(NIGHTS)
        for who in (f"T{n}" for n in range(OPERATORS))
    ]
    away = {"operator_id": "T99", "starts": clock(0, 1), "ends": clock(0, 2)}
    first = {"opened": date(2026, 1, 1)}
    book = [{"case_id": f"26-{n:05d}", "subjects": f"P-o{n}", **first} for n in range(99)]
    book.append({"case_id": "26-00417", "subjects": "P-w0;P-w1;P-w2", **first})
    return Context(
        duty=pa.Table.from_pylist([*spells, away], schema=DUTY.schema),
        cases=cases(*book),
        relations=relations(("T2", "P-1", "household")),
    )


def named(rows: Sequence[dict[str, Any]], stem: str) -> list[dict[str, Any]]:
    """Return rows with ids that tell where they come from."""
    ids = (f"{stem}-{n:05d}" for n in range(len(rows)))
    return [{**row, "event_id": one, "lookup_id": one} for row, one in zip(rows, ids, strict=True)]


def town() -> list[dict[str, Any]]:
    """Return all lookups, honest and planted."""
    parts = [named(rows, view) for view, rows in planted().items()]
    return [*named(honest(), "work"), *(row for part in parts for row in part)]


@pytest.fixture(scope="module")
def surprises(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The last nights of the town, scored once."""
    lake = tmp_path_factory.mktemp("lake")
    found = score(town(), lake, nights=range(26, NIGHTS), context=context(), floor=1.5)
    rows: pd.DataFrame = found.to_pandas()
    return rows


def test_the_views_that_mark() -> None:
    """Each of them is tried below."""
    assert tuple(name for name, _ in markers()) == MARKING


@pytest.mark.parametrize("view", MARKING)
def test_each_view_finds_its_own_and_names_what_made_it_odd(
    surprises: pd.DataFrame, view: str
) -> None:
    """What was planted comes first in its view, and is most of the evidence."""
    mine = surprises[surprises["view"] == view]
    best = mine.nlargest(1, "surprise_milli").iloc[0]
    assert best["operator_id"] == planted()[view][0]["operator_id"]
    ids = best["event_ids"].split("\n")
    assert sum(one.startswith(view) for one in ids) >= 0.6 * len(ids)
    assert sum(one.startswith(view) for one in ids) >= 3


def test_what_is_said_is_masked_and_short(surprises: pd.DataFrame) -> None:
    """No identity outside a mark; a title fits one line."""
    for row in surprises.to_dict("records"):
        shown = [Masker("k").text(row[name]) for name in ("title", "says", "against")]
        assert len(shown[0]) <= 110
        for line in shown:
            assert "P-" not in line
            assert f"{row['operator_id'] or 'T1'} " not in line


@pytest.fixture(scope="module")
def profiled() -> tuple[pa.Table, pa.Table]:
    """Profile and marks of the town's later nights."""
    return profile_nights(table([row for row in town() if row["night"] >= night(12)]), context())


@pytest.mark.parametrize("view", views(), ids=lambda view: view.NAME)
def test_a_view_keeps_its_contract_by_itself(
    view: View, profiled: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row a unit, nothing but the past, and evidence for whatever has a count."""
    monkeypatch.setattr("auditwatch.score.measuring.views", lambda: [view])
    last = (date.fromisoformat(night(NIGHTS - 1)) - date(1970, 1, 1)).days
    profiles, marks = profiled
    with LocalEngine(1) as engine:
        found = measure_nights([last], profiles, context(), Settings(), engine, marks=marks)
        units = found.rows[(found.rows["exposure"] > 0) & (found.rows["night_number"] == last)]
        assert not units.duplicated(UNIT).any()
        assert (units["first"].dropna() <= last).all()
        assert (units["base"] >= 0).all()
        loud = units[units["observed"] > 0].head(20)
        asked = {name: pa.array(loud[name].to_numpy(np.int64)) for name in (*WHOLE, "value")}
        asked["kind"] = pa.array(loud["kind"].astype(str).tolist(), pa.string())
        asked["item"] = pa.array(range(len(loud)), pa.int64())
        traces = view.trace(found.profiles, engine.bind("units", pa.table(asked)), found.known)
        traced = engine.collect(traces).to_pandas()
    assert set(traced["item"]) == set(range(len(loud)))
    assert (traced["night_number"] <= last).all()


def test_what_software_asks_and_what_a_role_always_asks_is_no_dossier() -> None:
    """Follow-ups within seconds are one key; where all work so, nothing is marked."""

    def asked(operator: str, subject: str, hour: float, key: str = "DQ") -> dict[str, Any]:
        return act(1, hour, operator, subject, transaction=key, operator_role="officer")

    by_hand = [asked("T1", "P-d", 12 + n / 20, key) for n, key in enumerate(("DQ", "QW"))]
    machine = [asked("T2", "P-e", 13 + n / 600, key) for n, key in enumerate(("DQ", "QW"))]
    usual = [asked("T3", f"P-{n}", 9 + n / 20) for n in range(30)]
    assert marked("dossier", [*by_hand, *machine, *usual]) == [("T1", "P-d")]
    custom = [asked("T3", one["subject_id"], 11 + n / 20, "QW") for n, one in enumerate(usual)]
    assert ("T1", "P-d") not in marked("dossier", [*by_hand, *usual, *custom])


def marked(
    view: str, rows: Sequence[dict[str, Any]], known: Context | None = None
) -> list[tuple[str, str]]:
    """Return whose lookups on whom a view marks."""
    _, marks = profile_nights(table(named(rows, "x")), known or context())
    told = [one for one in marks.to_pylist() if one["mark"] == view]
    return [(one["operator_id"], one["subject_id"]) for one in told]


def names(*wanted: str, hour: float = 12, key: str = "DNQ") -> list[dict[str, Any]]:
    """Return searches of one operator by one key, two minutes apart."""
    return [act(1, hour + n / 30, "T1", who, transaction=key) for n, who in enumerate(wanted)]


def test_half_a_name_of_a_witness_is_one_person_and_a_search_is_several() -> None:
    """Ways of spelling are one person; different people within minutes are a search."""
    assert marked("search", names("P-a", "P-a", "P-a*", "P-*a")) == []
    assert len(marked("search", names("P-a", "P-b"))) == 2
    assert marked("search", [*names("P-a"), *names("P-b", hour=13)]) == []


def test_parts_of_plates_make_no_run() -> None:
    """A vehicle asked for in parts is not many people in quick succession."""
    assert marked("run", names("V-1*", "V-2*", "V-3*", "V-4*", "V-*5", key="RPQ")) == []
    assert len(marked("run", names(*"PQRS"))) == 4


def test_a_rare_file_on_vehicles_is_no_drift() -> None:
    """What belongs to somebody is asked for on the street, whatever the file."""
    one = {"operator_role": "officer"}
    usual = [act(1, 9 + n / 20, "T3", f"P-{n}", **one) for n in range(60)]
    rare = [{**row, **one} for row in names("V-1", key="QXS")]
    links = pa.Table.from_pylist([{"subject_id": "V-1", "other_id": "P-1"}], schema=LINKS.schema)
    assert marked("mix", [*usual, *rare]) == [("T1", "V-1")]
    assert marked("mix", [*usual, *rare], replace(context(), links=links)) == []


def test_a_window_teaches_nothing_before_it_is_counted() -> None:
    """Crowds of fourteen nights need twenty-eight; the nights before are not nights without one."""
    profiles, marks = profile_nights(table(named(honest(), "work")), Context())
    last = (date.fromisoformat(night(NIGHTS - 1)) - date(1970, 1, 1)).days
    with LocalEngine(1) as engine:
        found = measure_nights([last], profiles, Context(), Settings(), engine, marks=marks)
    rows = found.compared
    crowds = rows[(rows["view"] == "burst") & (rows["window"] == 14)]
    assert sorted(set(crowds["night_number"])) == list(range(last - NIGHTS + 28, last + 1))


@pytest.mark.parametrize("nights", [1, 2, 5])
def test_a_short_history_tells_little(nights: int, tmp_path_factory: Any) -> None:
    """One night, two, five: never a failure, never a flood."""
    rows = [row for row in named(honest(), "work") if row["night"] < night(nights)]
    found = score(rows, tmp_path_factory.mktemp("lake"), context=context())
    assert found.num_rows <= 3 * nights
