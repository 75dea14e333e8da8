from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.findings_fabric import (
    RUN,
    gathered,
    hit,
    lookup,
    new_store,
    night_of,
    result,
    surprise,
    verdict,
)

from auditwatch.core.mask import MARK, Masker
from auditwatch.findings.derive import assemble, derive
from auditwatch.findings.export import export_findings, export_formats

if TYPE_CHECKING:
    from auditwatch.findings.model import NightResult

DAYS = 5
OPERATORS = ("CANARY-T1", "CANARY-T2")
SUBJECTS = ("CANARY-P1", "CANARY-P2", None)
STORIES = st.sampled_from(["pair", "operator", "unit", "agency", "subject"])
WORDS = st.sampled_from(["permitted", "forbidden", "no_purpose", "not_permitted", "cannot_decide"])
SEVERITIES = st.sampled_from(["low", "medium", "high"])


@st.composite
def trails(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw lookups of a few operators and subjects over a few nights."""
    places = draw(
        st.lists(
            st.tuples(
                st.integers(0, DAYS - 1), st.sampled_from(OPERATORS), st.sampled_from(SUBJECTS)
            ),
            min_size=1,
            max_size=14,
        )
    )
    cases = draw(st.lists(st.sampled_from([None, "CANARY-CASE"]), min_size=14, max_size=14))
    return [
        lookup(day, number, operator, subject, case_id=cases[number])
        for number, (day, operator, subject) in enumerate(places)
    ]


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Draw what rules and views said of a trail, night by night."""
    rows = draw(trails())
    nights = {
        night_of(day): {"facts": rows, "verdicts": [], "hits": [], "surprises": []}
        for day in range(DAYS)
    }
    for row in rows:
        own = nights[row["night"]]
        if draw(st.booleans()):
            own["verdicts"].append(
                verdict(row, draw(WORDS), story=draw(STORIES), severity=draw(SEVERITIES))
            )
        if draw(st.booleans()):
            rule = draw(st.sampled_from(["colleague", "vague"]))
            own["hits"].append(hit(row, rule, story=draw(STORIES), severity=draw(SEVERITIES)))
        if row["subject_id"] and draw(st.booleans()):
            before = [
                one
                for one in rows
                if one["night"] <= row["night"]
                and (one["operator_id"], one["subject_id"])
                == (row["operator_id"], row["subject_id"])
            ]
            view = draw(st.sampled_from(["pair", "tie"]))
            before.sort(key=lambda one: one["night"])
            milli = draw(st.integers(1000, 9000))
            own["surprises"].append(surprise(before, view, surprise_milli=milli))
    return nights


def published(portions: list[list[NightResult]]) -> tuple[object, ...]:
    """Publish nights in some portions; return all that can be read back."""
    with tempfile.TemporaryDirectory() as folder, new_store(Path(folder) / "f.db") as store:
        for portion in portions:
            store.publish(portion, RUN)
        findings = store.findings()
        return (
            export_findings(findings, "jsonl", Masker("", reveal=True)),
            [store.evidence(finding.finding_id) for finding in findings],
            [store.night(name) for name in store.night_tokens()],
        )


@settings(max_examples=20)
@given(worlds(), st.data())
def test_any_order_of_nights_in_any_portions_repeated_gives_the_same_bytes(
    world: dict[str, dict[str, list[dict[str, Any]]]], data: st.DataObject
) -> None:
    """Findings depend on the nights, not on the order, number or repetition of publications."""
    nights = [result(name, gathered(name, **rows)) for name, rows in world.items()]
    order = data.draw(st.permutations(nights))
    cut = data.draw(st.integers(0, DAYS))
    again = data.draw(st.lists(st.sampled_from(nights), max_size=3))
    portions = [order[:cut], order[cut:], *[[night] for night in again]]
    assert published([portion for portion in portions if portion]) == published([nights])


ACTS = st.lists(
    st.tuples(st.sampled_from(["P-1", "P-2"]), st.sampled_from(["pair", "operator"])), max_size=2
)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 1), ACTS), min_size=2, max_size=5))
def test_what_a_night_said_before_leaves_no_trace(
    publications: list[tuple[int, list[tuple[str, str]]]],
) -> None:
    """After any publications the findings are those of the last version of each night.

    One operator and two subjects, so that stories join and part again and again.
    """
    results = []
    for day, acts in publications:
        rows = [lookup(day, n, "T1", subject) for n, (subject, _) in enumerate(acts)]
        hits = [hit(row, story, story=story) for row, (_, story) in zip(rows, acts, strict=True)]
        results.append(result(night_of(day), gathered(night_of(day), rows, [], hits)))
    last = {one.night: one for one in results}
    assert published([[one] for one in results]) == published([list(last.values())])


@settings(max_examples=50)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    world: dict[str, dict[str, list[dict[str, Any]]]], random: Any
) -> None:
    """Gathering the same rows in another order gives the same pieces."""
    for name, rows in world.items():
        shuffled = {kind: random.sample(some, len(some)) for kind, some in rows.items()}
        assert gathered(name, **shuffled) == gathered(name, **rows)


@settings(max_examples=50)
@given(worlds())
def test_every_piece_is_in_one_finding_and_every_number_is_its_own(
    world: dict[str, dict[str, list[dict[str, Any]]]],
) -> None:
    """No evidence is lost or counted twice; ids are sorted, times are in order."""
    pieces = [piece for name, rows in world.items() for piece in gathered(name, **rows)]
    groups = assemble(pieces)
    assert groups == assemble(pieces[::-1])
    assert sorted(map(repr, pieces)) == sorted(repr(p) for own in groups.values() for p in own)
    for name, own in groups.items():
        finding = derive(name, own, {}, None)
        events = {event for piece in own for event in piece.event_ids}
        assert finding.event_ids == tuple(sorted(events))
        assert finding.first_seen <= finding.last_seen
        assert finding.priority >= 0
        assert finding.reasons


@settings(max_examples=50)
@given(worlds())
def test_a_masked_export_names_nobody(world: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    """No format of a masked export holds an identity or a mark, and a revealed one does."""
    pieces = [piece for name, rows in world.items() for piece in gathered(name, **rows)]
    groups = assemble(pieces)
    findings = [derive(name, own, {}, None) for name, own in groups.items()]
    for name in export_formats():
        masked = export_findings(findings, name, Masker("key")).decode("utf-8")
        assert "CANARY" not in masked
        assert MARK.search(masked) is None
        assert masked.endswith("\n") or not findings
    if any(finding.operator_ids for finding in findings):
        assert b"CANARY-T" in export_findings(findings, "jsonl", Masker("", reveal=True))
