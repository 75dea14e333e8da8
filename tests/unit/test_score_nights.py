from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from tests.score_town import cases, lookup, minute, night, relations, score, work

from auditwatch.core.contexttables import Context
from auditwatch.core.mask import Masker
from auditwatch.core.schema import SURPRISES
from auditwatch.score import LookupScorer, blind_views
from auditwatch.score.calibrate import fit_reference
from auditwatch.score.explain import as_one, rarity, shown
from auditwatch.score.scorer import COLUMNS
from auditwatch.score.views import views

if TYPE_CHECKING:
    from pathlib import Path


def misuse() -> list[dict[str, Any]]:
    """Return a crowd, a partner, a relative and a harvest, within honest work.

    And two that are honest: a broadcast, and one busy day on subjects nobody else looks at.
    """
    rows = work()
    rows += [lookup(at, "T3", "P-partner") for at in (6, 11, 16, 20, 25, 30)]
    rows += [lookup(25 + who % 4, f"T{who}", "P-star") for who in range(16)]
    rows += [lookup(28, f"T{who}", "P-bolo", event_time=moment(28, 3 * who)) for who in range(16)]
    rows += [lookup(27, "T5", "P-sister"), lookup(29, "T5", "P-self")]
    rows += [lookup(at, "T9", f"P-fresh{at}-{n}") for at in range(22, 32) for n in range(7)]
    rows += [lookup(28, "T14", f"P-sweep{n}") for n in range(30)]
    return [
        {**row, "event_time": row.get("event_time") or clock(row["night"], minute(n))}
        for n, row in enumerate(rows)
    ]


def clock(day: str, minutes: int) -> datetime:
    """Return an instant of a day."""
    return datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(minutes=minutes)


def moment(at: int, minutes: int) -> datetime:
    """Return an instant of a night."""
    return datetime.fromisoformat(f"{night(at)}T06:00:00+00:00") + timedelta(minutes=minutes)


TIES = Context(relations=relations(("T5", "P-self", "self"), ("T5", "P-sister", "household")))


@pytest.fixture(scope="module")
def surprises(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """All nights of the small agency, scored once."""
    found = score(misuse(), tmp_path_factory.mktemp("lake"), context=TIES, floor=1.0)
    assert found.schema.equals(SURPRISES.schema)
    return found.to_pandas()


@pytest.mark.parametrize(
    ("view", "operator", "subject", "events"),
    [("pair", "T3", "P-partner", 6), ("burst", "", "P-star", 16), ("harvest", "T9", "", 60)],
)
def test_each_view_finds_its_own(
    surprises: pd.DataFrame, view: str, operator: str, subject: str, events: int
) -> None:
    """What each view is for comes first among its surprises, with its lookups."""
    first = surprises[surprises["view"] == view].nlargest(1, "surprise_milli").iloc[0]
    assert (first["operator_id"], first["subject_id"]) == (operator, subject)
    same = (surprises["operator_id"] == operator) & (surprises["subject_id"] == subject)
    kept = surprises[same & (surprises["view"] == view)]["event_ids"].str.split("\n")
    assert max(map(len, kept)) >= events


def test_a_broadcast_is_no_crowd(surprises: pd.DataFrame) -> None:
    """Sixteen operators within the hour are one act; they are in no surprise about a subject."""
    assert "P-bolo" not in set(surprises.loc[surprises["view"] == "burst", "subject_id"])


def test_one_busy_day_is_no_harvest(surprises: pd.DataFrame) -> None:
    """Thirty subjects on one day, as in a sweep, stay below what ten steady days reach."""
    harvest = surprises[surprises["view"] == "harvest"]
    best = harvest.groupby("operator_id")["surprise_milli"].max()
    assert best.get("T14", 0) < best["T9"] / 2


def test_a_tie_is_the_pairs_story_while_it_is_about_one_subject(surprises: pd.DataFrame) -> None:
    """One relative looked up is one operator and one subject; with a second it is the operator."""
    ties = surprises[(surprises["view"] == "tie") & (surprises["operator_id"] == "T5")]
    told = set(zip(ties["story"], ties["subject_id"], strict=True))
    assert told == {("pair", "P-sister"), ("operator", "")}
    events = ties["event_ids"].str.split("\n").str.len()
    assert set(events[ties["story"] == "operator"]) == {2}


@pytest.mark.parametrize(
    ("view", "operator", "title"),
    [
        ("pair", "T3", "T3 looked at P-partner on 6 different days without a case"),
        ("tie", "T5", "T5 looked at his or her own circle on 2 days, and"),
    ],
)
def test_a_title_says_what_happened(
    surprises: pd.DataFrame, view: str, operator: str, title: str
) -> None:
    """One line with the numbers, for somebody who knows no views; identities are marked."""
    rows = surprises[(surprises["view"] == view) & (surprises["operator_id"] == operator)]
    told = [Masker("k", reveal=True).text(line) for line in rows["title"]]
    assert any(line.startswith(title) for line in told)
    assert all(len(Masker("k").text(line)) <= 110 for line in surprises["title"])


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"decades": 2.3}, "Of late about 1 in 200 operator-nights stood out as much."),
        ({"decades": 6.0}, "None of the 5,880 operator-nights of the last 14 nights stood out as"),
        ({"decades": 6.0, "rivals": 3}, "Of late about 1 in 2,000 operator-nights stood out as"),
        (
            {"decades": 3.0, "operator_id": "", "per_operator": 4.0, "among": 20000},
            "Of late about 1 in 4,000 subjects, counted night by night, stood out as much.",
        ),
    ],
)
def test_rarity_claims_no_more_than_the_history_shows(more: dict[str, Any], sentence: str) -> None:
    """As many operators or subjects as were seen, or none of them; never one in a million."""
    row = {"operator_id": "T1", "rivals": 0, "among": 5880, "per_operator": 1.0, "post": 1.0}
    row |= more
    assert rarity({"recent_nights": 14, **row}).startswith(sentence)


def test_what_is_shown_can_be_counted_again() -> None:
    """Lookups and subject-days as they were asked; how many count once linked subjects are one."""
    lookups = pd.DataFrame(
        {
            "night": ["2026-03-01", "2026-03-01", "2026-03-01", "2026-03-02"],
            "operator_id": "T1",
            "subject_id": ["P-1", "V-1", "V-1", "P-1"],
        }
    )
    told = "Shown is all that was asked about these subjects on these days: 4 lookups on 3 subject"
    assert shown({"evidence_days": 3}, lookups) == f"{told}-days."
    assert shown({"evidence_days": 2}, lookups) == (
        f"{told}-days, which are 2 where a vehicle and its registered owner count as one."
    )


def test_lookups_of_one_subject_that_name_its_vehicle_say_why() -> None:
    """Who counts the days of the person alone comes to fewer than the sentence has."""
    assert as_one(pd.DataFrame({"subject_id": ["P-1", "P-1"]})) == ""
    told = as_one(pd.DataFrame({"subject_id": ["P-1", "V-1"]}))
    assert told == "A vehicle and its registered owner count as one."


def test_sentences_carry_the_numbers_of_the_row(surprises: pd.DataFrame) -> None:
    """Six days were made, six days are said; identities stand inside marks only."""
    rows = surprises[(surprises["view"] == "pair") & (surprises["subject_id"] == "P-partner")]
    last = rows.sort_values("night").iloc[-1]
    assert last["observed"] == 6
    assert last["since"] == night(6)
    assert "on 6 different days" in last["says"]
    assert f"31 nights up to {night(30)}" in last["says"], "the town has no more history"
    for sentence in surprises["says"]:
        shown = Masker("k").text(sentence)
        assert "P-" not in shown
        assert "T3 " not in shown


def test_the_future_changes_nothing(surprises: pd.DataFrame, tmp_path: Path) -> None:
    """A night scored alone, before later nights exist, equals the same night of a long scan."""
    until = [row for row in misuse() if row["night"] <= night(28)]
    alone = score(until, tmp_path, nights=[28], context=TIES, floor=1.0).to_pandas()
    same = surprises[surprises["night"] == night(28)]
    texts = ["view", "operator_id", "subject_id", "surprise_milli", "observed", "says"]
    assert len(same)
    assert alone[texts].to_dict("records") == same[texts].to_dict("records")


def test_threads_and_order_change_nothing(tmp_path: Path) -> None:
    """The same bytes with one thread, two, four and eight, from rows in another order."""
    rows = misuse()
    ids = [f"x{n:05d}" for n in range(len(rows))]
    named = [
        {"event_time": moment(0, minute(n)), **row, "event_id": one, "lookup_id": one}
        for n, (row, one) in enumerate(zip(rows, ids, strict=True))
    ]
    one = score(named, tmp_path / "one", nights=[28, 31], context=TIES)
    usual = pa.cpu_count()
    for threads in (2, 4, 8):
        pa.set_cpu_count(threads)
        try:
            more = score(
                named[::-1], tmp_path / str(threads), nights=[28, 31], context=TIES, threads=threads
            )
        finally:
            pa.set_cpu_count(usual)
        assert one.equals(more)


def test_little_or_nothing_is_no_error(tmp_path: Path) -> None:
    """No context, one night, one operator, no subject, no unit: never a failure, never a flood."""
    assert score([], tmp_path / "none", nights=[0]).num_rows == 0
    lonely = [lookup(0, "T1", "P-1", operator_role=None, operator_unit=None)]
    assert score(lonely, tmp_path / "one").num_rows == 0
    assert score([lookup(0, "T1", None)], tmp_path / "null", nights=[0]).num_rows == 0
    first = [row for row in work() if row["night"] == night(0)]
    assert score(first, tmp_path / "first").num_rows <= 3


def test_blindness_is_told() -> None:
    """Each view says which table it lacks; with that table it sees."""
    assert "roster" in blind_views(Context())["tie"]
    assert set(blind_views(TIES)) == {"outsider", "pretext", "relay"}
    assert "duty" in blind_views(TIES)["relay"]


def test_a_case_that_names_the_subject_explains(tmp_path: Path) -> None:
    """The same days with an open case that lists operator and subject are no pair surprise."""
    book = cases({"case_id": "26-00001", "operators": "T3", "subjects": "P-partner"})
    found = score(misuse(), tmp_path, nights=[30], context=Context(cases=book)).to_pandas()
    assert "P-partner" not in set(found["subject_id"])


def test_every_view_keeps_the_protocol() -> None:
    """Each discovered view has its words, windows and verbs."""
    for view in views():
        assert view.STORY in {"pair", "operator", "subject"}
        assert view.TAIL in {"negative_binomial", "beta_binomial"}
        assert all(1 <= window <= 45 for window in view.WINDOW_NIGHTS)
        assert view.LEAST >= 1
        for verb in ("measure", "expect", "trace", "title", "say", "against", "innocent"):
            assert callable(getattr(view, verb))


def frame(seed: int = 0, nights: int = 15, operators: int = 200) -> pd.DataFrame:
    """Return null counts: shares drawn by operator, nothing unusual."""
    draw = np.random.default_rng(seed)
    rows = nights * operators
    share = np.tile(draw.beta(2, 8, operators), nights)
    exposure = draw.integers(5, 40, rows)
    whole = {
        "view": "harvest", "tail": "beta_binomial", "kind": "", "window": 7, "subject_id": -1,
        "night_number": np.repeat(np.arange(nights), operators), "role": "officer",
        "operator_id": np.tile(np.arange(operators), nights), "unit": "north",
        "observed": draw.binomial(exposure, share), "exposure": exposure, "base": 0.0, "least": 1,
        "own_observed": 0, "own_exposure": 0, "weight": 1.0, "operators": operators,
    }  # fmt: skip
    return pd.DataFrame(whole)[list(COLUMNS)]


def test_the_scorer_is_an_estimator() -> None:
    """Clone, parameters, shapes, names, sign and repetition as scikit-learn has them."""
    rows = frame()
    scorer = LookupScorer(floor_decades=1.5)
    assert clone(scorer).get_params() == {"floor_decades": 1.5, "seasoned_nights": 14}
    scores = scorer.fit(rows).score_samples(rows)
    assert scores.shape == (len(rows),)
    assert (scores <= 0).all()
    assert (scorer.predict(rows) == np.where(scores <= -1.5, -1, 1)).all()
    assert scorer.n_features_in_ == len(scorer.feature_names_in_) == len(COLUMNS)
    again = clone(scorer).fit(rows.sample(frac=1, random_state=1)).score_samples(rows)
    assert (again == scores).all()


def test_leaving_a_view_out_takes_what_explain_says() -> None:
    """Best plus half the second: without the second view exactly half of it is gone."""
    rows = frame()
    rows.loc[rows.index[-1], ["observed", "exposure"]] = [30, 40]
    other = rows.assign(view="tie", kind="own")
    both = pd.concat([rows, other], ignore_index=True)
    scorer = LookupScorer().fit(both)
    terms = scorer.explain(both)
    mine = terms.loc[[len(rows) - 1, len(both) - 1], "decades"].to_numpy()
    joint, alone = terms["combined"].iloc[len(rows) - 1], scorer.explain(rows)["combined"].iloc[-1]
    assert alone == pytest.approx(mine[0])
    assert joint - alone == pytest.approx(min(12 - alone, mine[1] / 2), abs=0.002)


@pytest.mark.parametrize("seed", range(3))
def test_stated_rarity_is_realised(seed: int) -> None:
    """Where nothing is unusual, one in a hundred is stated for about one in a hundred.

    An operator who stands out is one story a fortnight, however many nights it stands out on.
    """
    rows = frame(seed, nights=45, operators=300)
    scorer = LookupScorer().fit(rows[rows["night_number"] < 15])
    rest = rows[rows["night_number"] >= 15]
    loud = rest[scorer.score_samples(rest) <= -2]
    stories = loud.assign(fortnight=loud["night_number"] // 15)[["operator_id", "fortnight"]]
    assert 0.005 <= len(stories.drop_duplicates()) / len(rest) <= 0.02


def test_one_story_does_not_make_itself_usual() -> None:
    """Who stands out on fourteen nights is as rare on the last of them as on the first."""
    rows = frame(nights=15)
    mine = rows["operator_id"] == 7
    rows.loc[mine, ["observed", "exposure"]] = [40, 40]
    recent, tonight = rows[rows["night_number"] < 14], rows[rows["night_number"] == 14]
    scorer = LookupScorer().fit(recent)
    assert scorer.explain(tonight[tonight["operator_id"] == 7])["rivals"].tolist() == [1]


def test_a_short_history_stays_modest() -> None:
    """With few units to learn from, no surprise is rarer than one among them."""
    rows = frame(nights=1, operators=50)
    rows.loc[0, ["observed", "exposure"]] = [40, 40]
    assert LookupScorer().fit(rows).score_samples(rows).min() >= -np.log10(51) - 0.001


def test_what_was_seen_is_no_rarer_than_one_among_all_seen() -> None:
    """A lone outlier among recent nights keeps its equals from being called one in a billion."""
    raw = np.r_[np.zeros(9979), np.linspace(3, 4, 20), 30.0]
    reference = fit_reference(raw, np.ones(len(raw)))
    assert reference.decades(np.array([30.0]))[0] == pytest.approx(np.log10(10001))
    assert reference.decades(np.array([30.1]))[0] > 8
    assert reference.rivals(np.array([3.5, 30.0, 31.0])).tolist() == [11, 1, 0]


def test_a_count_below_the_least_of_its_view_is_no_story() -> None:
    """However unlikely, two days or three operators are nothing."""
    rows = frame()
    rows.loc[rows.index[-1], ["observed", "exposure", "least"]] = [30, 40, 31]
    assert LookupScorer().fit(rows).explain(rows)["raw"].iloc[-1] == 0


def test_a_crowded_tail_is_not_called_rare() -> None:
    """What twenty units of recent nights reached is as rare as they are, not one in a million."""
    raw = np.r_[np.zeros(9980), np.linspace(8, 9, 20)]
    decades = fit_reference(raw, np.ones(len(raw))).decades(np.array([8.5]))[0]
    assert 2 < decades < 4
