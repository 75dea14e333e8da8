from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

import pytest
from tests.findings_fabric import gathered, hit, lookup, night_of, surprise, verdict

from auditwatch.core.errors import IntegrityError
from auditwatch.core.mask import Masker, mark
from auditwatch.findings.derive import assemble, derive
from auditwatch.findings.identity import finding_id
from auditwatch.findings.ranking import pattern_severity, priority, strengths

if TYPE_CHECKING:
    from auditwatch.findings.model import Finding, Piece

SOFT = {"story": "operator", "severity": "low"}


def derived(pieces: list[Piece]) -> list[Finding]:
    """Derive findings from pieces, highest priority first."""
    groups = assemble(pieces)
    found = [derive(name, own, {}, None) for name, own in groups.items()]
    return sorted(found, key=lambda finding: -finding.priority)


def test_one_operator_and_subject_make_one_finding_of_policy_rule_and_pattern() -> None:
    """Evidence of three kinds on one pair is one finding, named by its strongest source."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(3)]
    last = rows[-1]
    pieces = gathered(
        last["night"],
        rows,
        [verdict(last, "forbidden", story="pair", severity="high", statement_id="no-favours")],
        [hit(last, "colleague")],
        [surprise(rows, surprise_milli=6200)],
    )
    (finding,) = derived(pieces)
    assert (finding.kind, finding.rule_id, finding.severity) == ("pattern", "pair", "high")
    # best 6.2 decades and what the view's word is worth, half of the second family: a high
    # statement counts 4.5
    assert finding.priority == 6200 + 250 + 2250
    assert finding.event_ids == tuple(row["event_id"] for row in rows)
    assert len(finding.reasons) == 3
    assert finding.reasons[0].startswith(mark("operator", "T1"))


def test_an_unmapped_transaction_never_becomes_a_finding() -> None:
    """A transaction that no catalogue knows is left to the night's counts."""
    row = lookup(0, 1, "T1", "P-1")
    pieces = gathered(row["night"], [row], [verdict(row, "cannot_decide", missing="transaction")])
    assert pieces == []


def test_permitted_lookups_make_no_pieces_even_without_facts() -> None:
    """Permitted verdicts need no facts and leave no trace."""
    row = lookup(0, 1, "T1", "P-1")
    assert gathered(row["night"], [], [verdict(row, "permitted")]) == []


def test_what_cannot_be_decided_is_one_gap_an_item_at_the_end_of_the_queue() -> None:
    """Three hundred undecided lookups are one finding without names and with priority 0."""
    rows = [lookup(0, n, f"T{n % 9}", f"P-{n}") for n in range(300)]
    soft = verdict(rows[0], "no_purpose", severity="informational")
    undecided = [verdict(row, "cannot_decide", missing="field:reason") for row in rows]
    finding = derived(gathered(night_of(0), rows, [soft, *undecided]))[-1]
    assert (finding.kind, finding.priority, finding.operator_ids) == ("gap", 0, ())
    assert finding.title == "No verdict on 300 lookups: the sources do not give reason"


def test_a_field_that_no_source_gives_is_one_question_for_all_agencies() -> None:
    """Lookups of forty agencies from a source without units wait for one answer, not for forty."""
    rows = [lookup(0, n, "T1", "P-1") | {"agency": f"CA09901{n % 40:02}"} for n in range(80)]
    for missing, findings in (("field:operator_unit", 1), ("context:cases", 1), ("unit", 40)):
        undecided = [verdict(row, "cannot_decide", missing=missing) for row in rows]
        assert len(derived(gathered(night_of(0), rows, undecided))) == findings


def test_a_unit_story_is_one_sentence_however_many_rows() -> None:
    """6,789 lookups of one unit are one finding with one true sentence and a low priority."""
    rows = [lookup(n % 3, n, f"T{n % 40}", f"P-{n}") for n in range(6789)]
    found = [
        verdict(row, "justification_missing", story="unit", statement_id="patrol-field")
        for row in rows
    ]
    pieces = [
        piece
        for day in range(3)
        for piece in gathered(
            night_of(day), rows, [v for v in found if v["night"] == night_of(day)]
        )
    ]
    (finding,) = derived(pieces)
    (sentence,) = finding.reasons
    assert sentence.endswith(
        "(6,789 lookups on 3 days, 2026-02-01 to 2026-02-03, by 40 operators.)"
    )
    assert finding.title == (
        "Justification missing (patrol-field): patrol-north, 6,789 lookups by 40 operators"
    )
    assert finding.priority < 2000


def test_two_questions_about_one_operator_are_two_findings() -> None:
    """What two rules ask of an operator about many subjects is not mixed into one finding."""
    rows = [lookup(0, 1, "T1", "P-1"), lookup(1, 2, "T1", "P-2")]
    soft = [verdict(row, "no_purpose", **SOFT) for row in rows]
    pieces = [
        *gathered(night_of(0), rows, soft[:1], [hit(rows[0], "wildcard", story="operator")]),
        *gathered(night_of(1), rows, soft[1:]),
    ]
    found = derived(pieces)
    assert len(found) == 2
    assert {len(finding.event_ids) for finding in found} == {1, 2}


def test_a_pair_story_without_a_subject_is_the_operators() -> None:
    """A lookup that names nobody is gathered by its operator."""
    row = lookup(0, 1, "T1", None)
    (piece,) = gathered(row["night"], [row], [], [hit(row, "wildcard")])
    assert (piece.story, piece.key, piece.subject_ids) == ("operator", ("T1", "wildcard"), ())


def test_a_result_about_an_unknown_lookup_stops_the_scan() -> None:
    """Evidence that the lake does not have is an integrity error, not a shorter finding."""
    row = lookup(0, 1, "T1", "P-1")
    with pytest.raises(IntegrityError) as caught:
        gathered(row["night"], [], [], [hit(row, "colleague")])
    assert caught.value.code == "AW-FINDINGS-001"


def test_a_months_training_issue_stays_below_one_medium_hit_and_a_pattern_above() -> None:
    """A low verdict on sixty nights with a thousand lookups ranks below fresh hard evidence."""
    training = []
    for day in range(60):
        rows = [lookup(day, n, "T1", f"P-{n}") for n in range(17)]
        soft = [verdict(row, "no_purpose", **SOFT) for row in rows]
        training += gathered(night_of(day), rows, soft)
    row = lookup(59, 99, "T2", "P-9")
    medium = gathered(night_of(59), [row], [], [hit(row, "colleague")])
    first, second = derived([*training, *medium])
    assert first.operator_ids == ("T2",)
    assert second.priority == 1000


def test_soft_verdicts_and_rules_together_stay_below_one_grave_act() -> None:
    """A month of medium matters at operator level ranks below one high hit on a pair."""
    soft = []
    for day in range(30):
        rows = [lookup(day, n, "T1", f"P-{n}") for n in range(2)]
        words = [verdict(row, "not_permitted", story="operator", severity="medium") for row in rows]
        soft += gathered(
            night_of(day), rows, words, [hit(row, "vague", story="operator") for row in rows]
        )
    row = lookup(29, 99, "T2", "P-9")
    grave = gathered(night_of(29), [row], [], [hit(row, "self", severity="high")])
    first, second, *_ = derived([*soft, *grave])
    assert (first.operator_ids, first.priority) == (("T2",), 4500)
    assert second.priority == 2000


@pytest.mark.parametrize(("nights", "milli"), [(1, 4500), (10, 5500), (100, 6000)])
def test_a_grave_use_gains_by_repetition_whoever_it_is_gathered_by(nights: int, milli: int) -> None:
    """A forbidden use of a whole unit gains log10 of its nights, at most a decade and a half."""
    pieces = [
        piece
        for day in range(nights)
        for piece in gathered(
            night_of(day),
            [lookup(day, 1, "T1", "P-1")],
            [verdict(lookup(day, 1, "T1", "P-1"), "forbidden", story="unit", severity="high")],
        )
    ]
    assert priority(strengths(pieces)) == milli


def test_a_masked_title_is_one_short_line() -> None:
    """However long a rule's title, a masked title has at most 110 characters and whole words."""
    rows = [lookup(day, n, "T1", "P-1") for day in range(4) for n in range(300)]
    long = "Operator looked up a colleague without any number at all, again and again and again"
    pieces = [
        piece
        for day in range(4)
        for piece in gathered(
            night_of(day),
            rows,
            [],
            [hit(row, "x", title=long) for row in rows if row["night"] == night_of(day)],
        )
    ]
    (finding,) = derived(pieces)
    shown = Masker("key").text(finding.title)
    assert shown.startswith("Operator looked up a colleague without…: operator-")
    assert shown.endswith(", 1,200 lookups on 4 days")
    assert len(shown) <= 110


def test_repeats_of_a_medium_rule_add_at_most_half_of_its_severity() -> None:
    """log10 of the nights counts, up to half of what one hit weighs."""
    ten, hundred = (
        [
            piece
            for day in range(days)
            for piece in gathered(
                night_of(day),
                [lookup(day, 1, "T1", "P-1")],
                [],
                [hit(lookup(day, 1, "T1", "P-1"), "colleague")],
            )
        ]
        for days in (10, 100)
    )
    assert priority(strengths(ten)) == 3000
    assert priority(strengths(hundred)) == 3000


def test_what_one_clerk_repeats_weighs_more_than_what_a_unit_does_once_each() -> None:
    """Of as many nights, those of one operator speak of a person, those of many of a habit."""
    found = {}
    for people in (1, 10):
        pieces = [
            piece
            for day in range(10)
            for row in [lookup(day, 1, f"T{day % people}", f"P-{day}")]
            for piece in gathered(
                night_of(day), [row], [verdict(row, "forbidden", story="unit", severity="high")]
            )
        ]
        found[people] = priority(strengths(pieces))
    assert found == {1: 4500 + 1000, 10: 4500 - 500}


@pytest.mark.parametrize(
    ("view", "milli"),
    [
        ("tie", 3000 - 250 + 602),
        ("shift", 3000 + 1204),
        ("mix", 3000 - 1000),
        ("burst", 3000 - 1000 + 1505),
        ("harvest", 3000 - 1000),
        ("dossier", 3000 - 500 + 602),
        ("run", 3000 + 301),
        ("search", 3000 + 500 + 602),
    ],
)
def test_a_pattern_that_goes_on_weighs_more_unless_it_is_how_a_post_works(
    view: str, milli: int
) -> None:
    """The strongest night counts, and log10 of the nights on top; not so of a harvest."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(4)]
    pieces = [
        piece
        for row in rows
        for piece in gathered(
            row["night"], rows, surprises=[surprise(rows, view, surprise_milli=3000)]
        )
    ]
    assert priority(strengths(pieces)) == milli


def test_a_person_looked_up_under_two_records_weighs_more_than_under_one() -> None:
    """Who follows a person asks for the person one day and for the car another."""
    found = {}
    for records in (1, 2):
        rows = [lookup(day, 1, "T1", f"P-{day % records}") for day in range(4)]
        told = [surprise(rows, surprise_milli=3000, subject_id="P-0")]
        found[records] = priority(strengths(gathered(rows[-1]["night"], rows, surprises=told)))
    assert found == {1: 3250, 2: 4150}


def test_two_rules_on_one_act_count_once_and_two_views_add_up() -> None:
    """Rules are one family; each view is one of its own."""
    row = lookup(0, 1, "T1", "P-1")
    rules = gathered(row["night"], [row], [], [hit(row, "colleague"), hit(row, "tier-three")])
    views = gathered(
        row["night"],
        [row],
        surprises=[
            surprise([row], "pair", surprise_milli=4000),
            surprise([row], "tie", surprise_milli=3000),
        ],
    )
    assert priority(strengths(rules)) == 2000
    assert priority(strengths(views)) == 4000 + 250 + 1375


@pytest.mark.parametrize(
    ("milli", "word"),
    [
        (1999, "informational"),
        (2000, "low"),
        (3000, "medium"),
        (4999, "medium"),
        (5000, "high"),
        (8000, "critical"),
    ],
)
def test_severity_of_a_pattern_follows_its_decades(milli: int, word: str) -> None:
    """2, 3, 5 and 8 decades are the floors of low, medium, high and critical."""
    assert pattern_severity(milli) == word


def test_a_pattern_over_many_nights_quotes_its_strongest_night_once() -> None:
    """Overlapping windows give one sentence, with the night that its numbers are of."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(4)]
    pieces = [
        piece
        for n in (2, 3, 4)
        for piece in gathered(
            rows[n - 1]["night"], rows, surprises=[surprise(rows[:n], surprise_milli=900 * n)]
        )
    ]
    (finding,) = derived(pieces)
    (sentence,) = finding.reasons
    assert "on 4 days without a case" in sentence
    assert sentence.endswith("(As of 2026-02-04; it also stood out on 2 nights.)")
    assert finding.priority == 3600 + 250 + round(1000 * log10(3))
    assert finding.title.endswith("4 lookups on 4 days")


def test_a_pattern_s_own_title_is_the_finding_s() -> None:
    """What the view says happened, as of its strongest night, heads the finding."""
    rows = [lookup(day, 1, "T1", "P-1") for day in range(4)]
    told = {n: f"{mark('operator', 'T1')} looked at his or her own record on {n} days"
            for n in (2, 3, 4)}  # fmt: skip
    pieces = [
        piece
        for n, milli in ((2, 2100), (3, 4100), (4, 3100))
        for piece in gathered(
            rows[n - 1]["night"],
            rows,
            surprises=[surprise(rows[:n], surprise_milli=milli, title=told[n])],
        )
    ]
    (finding,) = derived(pieces)
    assert finding.title == told[3]


def test_the_strongest_window_of_a_view_stands_for_the_night() -> None:
    """Two windows of one view on one unit are one piece, whichever comes first."""
    row = lookup(0, 1, "T1", "P-1")
    found = [surprise([row], surprise_milli=milli, says=f"{milli}") for milli in (2500, 4500, 3500)]
    for order in (found, found[::-1]):
        (piece,) = gathered(row["night"], [row], surprises=order)
        assert (piece.surprise_milli, piece.says) == (4500, "4500")


def test_sentences_that_differ_are_shown_as_one_of_many() -> None:
    """When each lookup has its own sentence, one stands for all and says so."""
    rows = [lookup(0, n, "T1", "P-1") for n in range(3)]
    hits = [
        hit(row, "vague", says=f"The reason was vague at number {n}") for n, row in enumerate(rows)
    ]
    (finding,) = derived(gathered(night_of(0), rows, [], hits))
    assert finding.reasons == (
        "The reason was vague at number 0. (One of 3 lookups on 2026-02-01.)",
    )


def test_counter_evidence_comes_in_the_order_of_the_reasons() -> None:
    """Innocent readings come in the order of the reasons."""
    rows = [
        lookup(0, 1, "T1", "P-1", case_id="26-00417"),
        lookup(1, 1, "T1", "P-1"),
    ]
    pieces = gathered(rows[1]["night"], rows, [], [hit(rows[1], "colleague")], [surprise(rows)])
    (finding,) = derived(pieces)
    assert finding.counter_evidence == (
        "One other operator of the unit looked at this subject.",
        "A supervisor may have asked for it.",
        "The colleague may be party to a case.",
    )


def test_the_id_of_a_finding_is_fixed_for_ever() -> None:
    """The id is a published function of the story: a change would orphan every decision."""
    assert finding_id("pair", "CA0990100", ("T1", "P-1")) == "F-Q6L7HMPFXTLV"
    assert finding_id("pair", "", ("T1", "P-1")) != finding_id("pair", "T1", ("P-1",))


def test_lookups_of_masked_operators_are_one_question_about_nobody() -> None:
    """What a rule asks of hidden operators is asked once, and accuses no one of them."""
    rows = [lookup(0, 1, "***", "P-1"), lookup(0, 2, "***", "P-2"), lookup(0, 3, "T1", "P-1")]
    hits = [hit(row, "colleague", story="pair") for row in rows]
    found = {one.story: one for one in derived(gathered(night_of(0), rows, [], hits))}
    assert set(found) == {"pair", "operator"}
    hidden = found["operator"]
    assert hidden.operator_ids == ()
    assert hidden.subject_ids == ("P-1", "P-2")
    assert "unknown operator" in hidden.title
    assert "***" not in hidden.title


def test_a_rule_that_speaks_of_ten_on_a_night_weighs_a_decade_less() -> None:
    """What a night says of ten operators is mostly what is usual; severity alone ranks nothing."""
    rows = [lookup(0, n, f"T{n}", f"P-{n}") for n in range(10)]
    many = gathered(rows[0]["night"], rows, [], [hit(row, "colleague") for row in rows])
    one = gathered(rows[0]["night"], rows, [], [hit(rows[0], "colleague")])
    assert {finding.priority for finding in derived(many)} == {1000}
    assert [finding.priority for finding in derived(one)] == [2000]


def test_a_soft_matter_of_a_unit_waits_for_one_of_a_person() -> None:
    """A medium verdict on a unit ranks a decade below one on an operator; a grave one does not."""
    row = lookup(0, 1, "T1", "P-1")
    ranks = [
        derived(gathered(row["night"], [row], [verdict(row, "forbidden", **how)]))[0].priority
        for how in (
            {"story": "operator", "severity": "medium"},
            {"story": "unit", "severity": "medium"},
            {"story": "unit", "severity": "high"},
        )
    ]
    assert ranks == [2000, 1000, 4500]
