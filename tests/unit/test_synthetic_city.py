from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from auditwatch.cli import cli
from auditwatch.core.errors import UsageError
from auditwatch.synthetic import City, make_city, write_city

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("trail", "roster", "cases", "duty", "relations", "links", "truth", "keystrokes")
COLUMNS = {
    "trail": (
        "event_id,event_time,operator_id,operator_role,operator_unit,requester_id,agency,terminal,"
        "system,transaction,subject_kind,subject_id,subject_name,purpose,reason,case_id,outcome"
    ),
    "roster": (
        "operator_id,role,unit,shift,terminal,subject_id,surname,household,plate,trained_until,"
        "separated_on,supervisor"
    ),
    "cases": "case_id,kind,opened,closed,unit,operators,subjects",
    "duty": "operator_id,starts,ends",
    "relations": "operator_id,subject_id,relation",
    "links": "subject_id,other_id,relation",
    "truth": "event_id,scenario,episode,intensity",
    "keystrokes": "event_id,keystroke",
}
VAGUE = (
    r"inv|\.|investigation|police business|info|check|x|le|le use|n/a|official|misc"  # whole cells
)
NUMBER = r"I?\d\d-\d{5,6}"


@pytest.fixture(scope="module")
def city() -> City:
    """The city of the size that the documentation talks of."""
    return make_city(11)


@pytest.fixture(scope="module")
def trail(city: City) -> pd.DataFrame:
    """Its trail as a frame, with instants beside the text."""
    frame: pd.DataFrame = city.trail.to_pandas()
    frame["instant"] = pd.to_datetime(frame["event_time"], utc=True)
    frame["local_hour"] = frame["event_time"].str[11:13].astype(int)
    return frame


def test_the_tables_have_the_agreed_columns_and_only_text(city: City) -> None:
    """Every table has its columns in the agreed order, all of them text without nulls."""
    for name in TABLES:
        table = getattr(city, name)
        assert ",".join(table.column_names) == COLUMNS[name]
        assert {str(kind) for kind in table.schema.types} == {"string"}
        assert sum(column.null_count for column in table.columns) == 0


def test_the_same_seed_is_the_same_city_to_the_byte(tmp_path: Path) -> None:
    """Two cities of one seed are written as equal bytes, one of another seed is not."""
    folders = [tmp_path / name for name in ("one", "two", "other")]
    for folder, seed in zip(folders, (5, 5, 6), strict=True):
        write_city(make_city(seed, 40, 14), folder)
    for name in TABLES:
        one, two, other = [(folder / f"{name}.csv").read_bytes() for folder in folders]
        assert one == two
        assert one != other


def test_misuse_leaves_the_honest_lookups_where_they_were() -> None:
    """With or without misuse the same people look things up at the same times and places."""
    plain = make_city(5, 60, 10, scenarios=[]).trail.to_pandas()
    crooked = make_city(5, 60, 10, scenarios=["ex_partner", "fishing"])
    truth = set(crooked.truth["event_id"].to_pylist())
    honest = crooked.trail.to_pandas().query("event_id not in @truth")
    where = ["event_time", "operator_id", "terminal"]
    assert len(truth) > 0
    assert sorted(map(tuple, honest[where].to_numpy())) == sorted(
        map(tuple, plain[where].to_numpy())
    )


def test_a_city_of_the_stated_size_has_the_stated_volume(city: City) -> None:
    """420 operators make 250,000 lines in 63 days, within 15 %."""
    assert city.trail.num_rows == pytest.approx(250_000, rel=0.15)


def test_lines_grow_in_proportion_to_operators_and_days() -> None:
    """Twice the operators for twice the days make four times the lines, within a third."""
    small = make_city(2, 60, 14, scenarios=[]).trail.num_rows
    large = make_city(2, 120, 28, scenarios=[]).trail.num_rows
    assert large / small == pytest.approx(4.0, rel=0.33)


def test_ids_count_up_with_time(trail: pd.DataFrame) -> None:
    """Lines stand in order of time and their identifiers have no gaps and tell nothing else."""
    assert trail["instant"].is_monotonic_increasing
    number = trail["event_id"].astype(int)
    assert (number.diff().dropna() == 1).all()


def test_time_is_local_and_knows_the_change_of_summer_time(trail: pd.DataFrame) -> None:
    """Offsets change on 8 March 2026, and nothing happens in the hour that does not exist."""
    day, offset = trail["event_time"].str[:10], trail["event_time"].str[-6:]
    assert set(offset[day < "2026-03-08"]) == {"-08:00"}
    assert set(offset[day > "2026-03-08"]) == {"-07:00"}
    assert not ((day == "2026-03-08") & (trail["local_hour"] == 2)).any()
    assert (day.min(), day.max()) == ("2026-03-02", "2026-05-03")


def test_references_lead_somewhere(city: City, trail: pd.DataFrame) -> None:
    """Operators and requesters are on the roster, true events in the trail, cases mostly known."""
    roster = set(city.roster["operator_id"].to_pylist())
    assert set(trail["operator_id"]) <= roster
    assert set(trail["requester_id"]) <= roster | {""}
    assert set(city.duty["operator_id"].to_pylist()) <= roster
    assert set(city.roster["supervisor"].to_pylist()) <= roster | {""}
    assert set(city.truth["event_id"].to_pylist()) <= set(trail["event_id"])
    given_cases = trail.loc[trail["case_id"] != "", "case_id"]
    known = given_cases.isin(set(city.cases["case_id"].to_pylist())).mean()
    assert 0.97 < known < 1.0
    assert given_cases.str.fullmatch(NUMBER).all()


def test_the_duty_book_misses_work(city: City, trail: pd.DataFrame) -> None:
    """Honest lines fall outside recorded duty: overtime, and whole shifts without a record."""
    book = city.duty.to_pandas()
    book["starts"], book["ends"] = (pd.to_datetime(book[c], utc=True) for c in ("starts", "ends"))
    honest = trail[~trail["event_id"].isin(city.truth["event_id"].to_pylist())]
    book = book.sort_values("starts")
    before = pd.merge_asof(honest, book, left_on="instant", right_on="starts", by="operator_id")
    after = pd.merge_asof(
        honest,
        book,
        left_on="instant",
        right_on="starts",
        by="operator_id",
        direction="forward",
    )
    since = (before["instant"] - before["ends"]).dt.total_seconds() / 3600
    until = (after["starts"] - after["instant"]).dt.total_seconds() / 3600
    outside = since.fillna(99) > 0
    far = (since.fillna(99) > 7) & (until.fillna(99) > 7)
    assert 0.02 < (outside & ~far).mean() < 0.05
    assert 0.01 < far.mean() < 0.08


def test_relations_and_owners_are_known_in_part(city: City, trail: pd.DataFrame) -> None:
    """Neither what operators declared of themselves nor who owns what is complete."""
    declared = city.relations.to_pandas()
    assert set(declared["relation"]) >= {"self", "household", "own vehicle", "former partner"}
    assert (declared["relation"] == "self").sum() < city.roster.num_rows
    vehicles = set(trail.loc[trail["transaction"] == "RQ", "subject_id"])
    owned = vehicles & set(city.links["subject_id"].to_pylist())
    assert 0.8 < len(owned) / len(vehicles) < 0.97


def test_reasons_are_as_poor_as_measured_ones(trail: pd.DataFrame) -> None:
    """Vague, number-only and empty-case shares are those of a published search log."""
    vague = trail["reason"].str.lower().str.fullmatch(VAGUE)
    small_hours = (trail["local_hour"] >= 1) & (trail["local_hour"] < 5)
    number_only = trail["reason"].str.fullmatch(NUMBER)
    assert 0.03 < vague.mean() < 0.05
    assert 0.08 < vague[small_hours].mean() < 0.15
    assert 0.11 < number_only.mean() < 0.19
    assert (trail.loc[number_only, "case_id"] == "").mean() > 0.95


def test_patrol_makes_about_eighteen_lines_a_shift(city: City, trail: pd.DataFrame) -> None:
    """Patrol officers leave 18 lines a shift on the mean, give or take two."""
    shifts = city.duty.to_pandas().groupby("operator_id").size()
    patrol = trail[trail["operator_unit"].str.startswith("patrol")]
    officers = patrol[patrol["operator_role"] == "officer"].groupby("operator_id").size()
    assert (officers / shifts).mean() == pytest.approx(18, abs=2)


def test_few_operators_make_most_plate_searches(trail: pd.DataFrame) -> None:
    """A tenth of those who search plate reads make a third of the searches or more."""
    counts = trail[trail["system"] == "ALPR"]["operator_id"].value_counts()
    assert counts.iloc[: len(counts) // 10].sum() / counts.sum() > 0.33


def test_everyday_faults_are_there(trail: pd.DataFrame) -> None:
    """Blank purposes, unmapped keys, missing requesters, empty and failed answers occur, rarely."""
    shares = {
        "blank purpose": (trail["purpose"] == "").mean(),
        "withdrawn code": (trail["purpose"] == "U").mean(),
        "unmapped": trail["transaction"].isin(["IV", "ID", "L1"]).mean(),
        "no requester": (trail["requester_id"] == "").mean(),
        "no answer": (trail["outcome"] == "").mean(),
        "denied": (trail["outcome"] == "denied").mean(),
        "error": (trail["outcome"] == "error").mean(),
    }
    assert all(0.0001 < share < 0.02 for share in shares.values()), shares


def test_cascades_follow_within_seconds_at_the_same_terminal(trail: pd.DataFrame) -> None:
    """On mobile clients most plate checks are followed at once by the owner or the stolen file."""
    mobile = trail[trail["terminal"].str.startswith("MDC")]
    grouped = mobile.groupby(["operator_id", "terminal"], sort=False)
    following, wait = grouped["transaction"].shift(-1), -grouped["instant"].diff(-1)
    seconds = wait.dt.total_seconds()
    plate = mobile["transaction"] == "RQ"
    chained = plate & following.isin(["DQ", "ID", "QV"]) & (seconds >= 2) & (seconds <= 40)
    assert 0.75 < chained.sum() / plate.sum() < 0.95
    reasons = grouped["reason"].shift(-1)
    assert (mobile.loc[chained, "reason"] == reasons[chained]).mean() > 0.95


def test_dispatchers_run_names_for_others(trail: pd.DataFrame) -> None:
    """Requesters differ from operators at dispatch and hardly anywhere else."""
    other = (trail["requester_id"] != trail["operator_id"]) & (trail["requester_id"] != "")
    dispatch = trail["operator_role"] == "dispatcher"
    assert other[dispatch].mean() > 0.6
    assert other[~dispatch].mean() == 0


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), operators=st.integers(12, 45), days=st.integers(1, 9))
def test_any_small_city_can_be_made(seed: int, operators: int, days: int) -> None:
    """Every size from 12 operators and one day on gives an orderly trail inside its days."""
    city = make_city(seed, operators, days, first_day=date(2026, 10, 30))
    times = city.trail["event_time"].to_pylist()
    assert city.roster.num_rows == operators
    assert all(t[:10] >= "2026-10-30" for t in times)
    assert len({t[:10] for t in times}) <= days
    instants = pd.to_datetime(pd.Series(times), utc=True)
    assert instants.is_monotonic_increasing
    assert set(city.truth["event_id"].to_pylist()) <= set(city.trail["event_id"].to_pylist())


@pytest.mark.parametrize(("operators", "days"), [(11, 5), (20, 0)])
def test_a_city_without_room_is_refused(operators: int, days: int) -> None:
    """Fewer than 12 operators or no day at all is a mistake of the caller, said so."""
    with pytest.raises(UsageError, match="AW-SYNTH-001"):
        make_city(1, operators, days)


def test_an_unknown_scenario_is_refused() -> None:
    """A misspelt scenario is named, with the ones there are."""
    with pytest.raises(UsageError, match="ex_parner") as error:
        make_city(1, 20, 2, scenarios=["ex_parner"])
    assert "ex_partner" in error.value.expected


def test_every_format_carries_the_same_trail(tmp_path: Path) -> None:
    """CSV, JSON lines and Parquet hold the same rows, and the context files stand beside them."""
    city = make_city(3, 20, 3)
    read = {
        "csv": lambda p: pyarrow.csv.read_csv(
            p,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=city.trail.schema, strings_can_be_null=False
            ),
        ),
        "jsonl": pyarrow.json.read_json,
        "parquet": pyarrow.parquet.read_table,
    }
    for trail_format, reader in read.items():
        paths = write_city(city, tmp_path / trail_format, trail_format)  # type: ignore[arg-type]
        frame = reader(paths["trail"]).to_pandas()
        if trail_format == "jsonl":
            assert paths["trail"].read_text("utf-8").count("\n") == city.trail.num_rows
            frame["event_time"] = city.trail["event_time"].to_pandas()  # the reader parses times
        pd.testing.assert_frame_equal(frame, city.trail.to_pandas(), check_dtype=False)
        assert sorted(paths) == sorted(TABLES)
        assert all(path.is_file() for path in paths.values())


def test_a_city_replaces_a_city_and_nothing_else(tmp_path: Path) -> None:
    """An agency's own folder, a city in another format, are refused and stay as they were."""
    town, agency = tmp_path / "town", tmp_path / "agency"
    agency.mkdir()
    (agency / "roster.csv").write_text("operator_id\nmine\n")
    make = ["--operators", "12", "--days", "2"]
    for folder, form, refusal in (
        (town, "csv", None),
        (town, "csv", None),
        (town, "jsonl", "AW-SAMPLE-001"),
        (agency, "csv", "AW-SAMPLE-001"),
    ):
        before = {one.name: one.read_bytes() for one in folder.glob("*")}
        told = CliRunner().invoke(cli, ["sample", str(folder), *make, "--format", form])
        after = {one.name: one.read_bytes() for one in folder.glob("*")}
        assert told.exit_code == 0 if refusal is None else isinstance(told.exception, UsageError)
        assert refusal is None or refusal in str(told.exception)
        assert before in ({}, after)
