from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from tests.findings_fabric import (
    RUN,
    Fabric,
    decided,
    follower,
    gathered,
    hit,
    lookup,
    make_fabric,
    night_of,
    result,
    surprise,
    verdict,
)

from auditwatch.config import Review, Settings
from auditwatch.core.errors import UsageError
from auditwatch.core.mask import Masker
from auditwatch.engine.lake import Lake
from auditwatch.findings.model import NightSummary
from auditwatch.report.night import write_night

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = (
    "</td></table><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\u202egnp.exe\u2066 {{ 7*7 }} <svg onload=alert(3)> &quot; ' \" ⟦operator:T9⟧"
)
VOID = {"meta", "link", "img", "br", "hr", "rect", "line", "input"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; fails on elements that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)

    @property
    def words(self) -> str:
        """All text outside the style sheet, spaces folded."""
        return " ".join(" ".join(self.text).split())

    def count(self, tag: str) -> int:
        """Count elements."""
        return sum(one == tag for one, _ in self.tags)


def observed(days: int, **more: Any) -> list[dict[str, Any]]:
    """Return lookups of one operator and subject, one a day."""
    return [lookup(day, 1, "CANARY-T1", "CANARY-P1", **more) for day in range(days)]


@pytest.fixture
def fabric(tmp_path: Path) -> Iterator[Fabric]:
    """Six nights; the last has one finding of each kind, and things that could not be seen."""
    rows = observed(6)
    rows[2]["case_id"] = "CANARY-CASE"
    last, other = rows[-1], lookup(5, 2, "CANARY-T2", "CANARY-P2", reason="for CANARY, twice")
    rows.append(other)
    pieces = gathered(
        last["night"],
        rows,
        [
            verdict(last, "cannot_decide", missing="unit"),
            verdict(other, "forbidden", story="pair", severity="high"),
        ],
        [hit(last, "colleague")],
        [surprise(rows[:6])],
    )
    summary = NightSummary(
        lookups=1204,
        verdicts={"permitted": 1202, "forbidden": 1, "cannot_decide": 1},
        unmapped={"IV": 3},
        blind_views={"tie": "no roster was given"},
        undecided_rules={"off-duty": 12},
        absent_context=("roster",),
        aside={"cascade": 2},
    )
    results = [result(night_of(5), pieces, summary=summary)]
    made = make_fabric(tmp_path, [*rows, follower(last)], results)
    yield made
    made.store.close()


def written(fabric: Fabric, masker: Masker | None = None) -> str:
    """Write the report and return it."""
    path = write_night(
        fabric.store, fabric.lake, fabric.workspace, fabric.night, masker or Masker("key")
    )
    assert path == fabric.workspace.reports / f"night-{fabric.night}.html"
    return path.read_text("utf-8")


def test_the_page_stands_alone(fabric: Fabric) -> None:
    """No script, no request, a policy that forbids both, a language, a skip link, one h1."""
    text = written(fabric)
    page = Page(text)
    assert page.count("script") == 0
    assert page.count("link") == 0
    assert page.count("h1") == 1
    assert ("html", {"lang": "en"}) in page.tags
    policies = [a["content"] for _, a in page.tags if a.get("http-equiv")]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    targets = [a.get("href") or a.get("src") or "#" for _, a in page.tags]
    assert {target[0] for target in targets} == {"#"}
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {target[1:] for target in targets if len(target) > 1} <= ids
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_says_what_a_captain_asks_first(fabric: Fabric) -> None:
    """What night, how many are new, whether it is complete, what could not be seen."""
    words = Page(written(fabric)).words
    for said in (
        "Night of Friday, 6 February 2026",
        "2 findings are new and 0 grew; 2 are open.",
        "3 lines of the trail could not be read.",
        "bad_time (3 lines)",
        "reason: all 1,204 records hold the same value.",
        "The table roster was not given",
        "The view tie could not see: no roster was given.",
        "off-duty (12 lookups)",
        "IV (3 lookups)",
        "No verdict on 1 lookup: the rules could not tell the unit",
        "1,204 lookups were judged; 2 cascade records are kept as evidence",
        "rules-1",
        "model-1",
        "run-1",
        "auditwatch verify",
    ):
        assert said in words, said


def test_the_lines_of_every_file_add_up_or_the_page_says_no(fabric: Fabric) -> None:
    """The account is recomputed: a source whose parts do not make its lines is marked."""
    assert written(fabric).count('data-label="Adds up">yes<') == 1
    refused = fabric.workspace.root / "other"
    wrong = make_fabric(refused, observed(1), [result(night_of(0), [])])
    with wrong.store:
        sources = wrong.lake.read
        broken = _Mislaid(wrong.lake.root)
        assert 'data-label="Adds up"><span class="strong">no<' in written(
            replace(wrong, lake=broken)
        )
        assert sources is not None


class _Mislaid(Lake):
    """A lake that has lost its rejects."""

    def pick(self, table: Any, *arguments: Any, **options: Any) -> Any:
        """Return no rows of rejects."""
        if table.name == "rejects":
            return table.empty()
        return super().pick(table, *arguments, **options)


def test_a_card_shows_reasons_explanations_lookups_and_a_picture(fabric: Fabric) -> None:
    """The first card is the strongest finding, with all that a reviewer needs to begin."""
    text = written(fabric)
    card = text[text.index("<article") : text.index("</article>") + len("</article>")]
    words = Page(card).words
    assert "critical" in words
    assert "6 lookups on 6 days" in words
    assert "A supervisor may have asked for it." in words
    assert "6 lookups on 6 nights; 1 with a case number, 5 without" in words
    assert card.count('class="bare"') == 5
    assert card.count('class="cased"') == 1
    assert "2026-02-01 09:07 PST" in words
    assert "+1 automatic" in words
    finding = fabric.store.findings()[0]
    assert f"auditwatch findings show {finding.finding_id}" in words


def test_a_masked_page_names_nobody_and_a_revealed_one_says_so(fabric: Fabric) -> None:
    """Operators, subjects, cases, terminals and names in reasons show only when revealed."""
    masked = written(fabric)
    assert "CANARY" not in masked
    assert "Quillfeather" not in masked
    assert "MDC-114" not in masked
    assert "⟦" not in masked
    revealed = Page(written(fabric, Masker("", reveal=True))).words
    assert "This copy shows identities." in revealed
    for name in ("CANARY-T1", "CANARY-P1", "CANARY-CASE", "MDC-114", "for CANARY, twice"):
        assert name in revealed


def test_the_same_findings_give_the_same_page(fabric: Fabric) -> None:
    """Nothing on the page depends on when it is written; a decision changes it."""
    first = written(fabric)
    assert written(fabric) == first
    finding = fabric.store.findings()[0]
    decided(fabric.store, finding.finding_id, "explained", "A task order.", "R1")
    second = written(fabric)
    assert finding.finding_id not in second
    assert "1 is open" in Page(second).words


@pytest.mark.parametrize("reveal", [False, True])
def test_hostile_text_comes_out_as_text(tmp_path: Path, reveal: bool) -> None:
    """Markup, overrides, templates and floods from a trail neither run nor reorder the page."""
    flood = "Z" * 65536
    rows = [
        lookup(
            0,
            n,
            text,
            text,
            reason=text,
            purpose=text,
            case_id=text,
            terminal=text,
            subject_name=text,
            transaction=text,
            system=text,
        )
        for n, text in enumerate((HOSTILE, flood))
    ]
    hits = [
        hit(row, "vague", title=row["reason"], says=row["reason"], innocent=row["reason"])
        for row in rows
    ]
    summary = NightSummary(
        2, {HOSTILE: 2}, {HOSTILE: 1}, {HOSTILE: HOSTILE}, {HOSTILE: 1}, aside={HOSTILE: 1}
    )
    results = [result(night_of(0), gathered(night_of(0), rows, [], hits), summary=summary)]
    made = make_fabric(tmp_path, rows, results)
    with made.store:
        text = written(made, Masker("key", reveal=reveal))
    page = Page(text)
    assert page.count("script") == page.count("img") == 0
    assert all(not name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not set(text) & set("\u202e\u2066")
    assert "49" not in re.findall(r"\b49\b", page.words)
    assert len(text) < 60_000
    assert "(65,536 characters)" in page.words


def test_the_queue_stops_at_the_weeks_budget_and_names_the_rest(fabric: Fabric) -> None:
    """With a budget of one there is one card, and tonight's other finding is one line."""
    small = replace(fabric.workspace, settings=Settings(review=Review(findings_per_week=1)))
    text = written(replace(fabric, workspace=small))
    assert text.count("<article") == 1
    words = Page(text).words
    assert "the first 1 of 2" in words
    assert "New or grown tonight, further down the queue" in words
    assert fabric.store.findings()[1].finding_id in words


def test_a_quiet_night_says_so(tmp_path: Path) -> None:
    """A night without findings is a page too: silence must not look like failure."""
    made = make_fabric(tmp_path, observed(1), [result(night_of(0), [])])
    with made.store:
        words = Page(written(made)).words
    assert "0 findings are new and 0 grew; 0 are open." in words
    assert "Nothing in this night asks for an explanation." in words


def test_a_night_without_a_trail_says_so_loudly(tmp_path: Path) -> None:
    """When no file brought lookups of a published night, the page begins with that."""
    made = make_fabric(tmp_path, observed(1), [result(night_of(0), [])])
    with made.store:
        made.store.publish([result(night_of(3), [])], RUN)
        words = Page(written(replace(made, night=night_of(3)))).words
    assert "No trail was read for this night." in words


def test_a_night_that_was_not_scanned_has_no_report(fabric: Fabric) -> None:
    """Asking for another night is a usage error, and no file is left behind."""
    with pytest.raises(UsageError):
        written(replace(fabric, night="2020-01-01"))
    assert not fabric.workspace.reports.exists()


def test_no_word_of_the_page_accuses(fabric: Fabric) -> None:
    """A finding is a question to a person: the page has none of the words of a verdict of guilt."""
    words = Page(written(fabric)).words.lower()
    for word in ("offender", "guilty", "violation", "suspect", "culprit", "perpetrator"):
        assert word not in words


def test_the_report_of_an_older_night_says_that_its_queue_is_of_today(fabric: Fabric) -> None:
    """A reader of an old night is not led to believe that the queue looked so then."""
    assert "The queue is as it stands now" not in Page(written(fabric)).words
    with fabric.store:
        fabric.store.publish([result(night_of(9), [])], RUN)
        assert f"with evidence up to {night_of(9)}" in Page(written(fabric)).words
