"""The desk against hostile text in every column, and against requests that no page would send."""

from __future__ import annotations

import os
import random
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from auditwatch.review.desk import Desk
from auditwatch.review.pages import PAGES
from tests.desk_fabric import PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.findings_fabric import gathered, hit, lookup, make_fabric, night_of, result, verdict
from tests.web.desk_client import FROM_US, Browser, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Ways out of where a text stands, and what to do once out: 10 x 20 payloads. None has a NUL,
#: which every reader of trails refuses.
EXITS = (
    "", '"', "'", '">', "'>", "</p>", "</td></tr></table>", "</textarea>", "--></style>", "]]>",
)  # fmt: skip
VECTORS = (
    "<script>alert(1)</script>",
    "<ScRiPt/src=//evil.example>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mi xlink:href='data:x,<script>alert(1)</script>'>",
    " onmouseover=alert(1) x=",
    " autofocus onfocus=alert(1) x=",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button>x",
    "<link rel=stylesheet href=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "\u200b\ufeff\x1b[2J\x7f\x9b31m",
    "<style>*{display:none}</style>",
    "<details open ontoggle=alert(1)>",
)
PAYLOADS = tuple(exit_ + vector for exit_ in EXITS for vector in VECTORS)
COLUMNS = (
    "operator_unit", "operator_role", "agency", "terminal", "system", "transaction", "subject_kind",
    "subject_name", "purpose", "reason", "reason_norm", "case_id", "attention", "origin",
)  # fmt: skip
#: Attributes that lead somewhere, and how what they lead to begins.
LEADS = ("href", "src", "action", "formaction")
OURS = ("/", "#", "otpauth://totp/auditwatch:")
HIDING = {
    "\u202e",
    "\u202c",
    "\u2066",
    "\u2069",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1b",
    "\x7f",
    "\x9b",
}


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and where they lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bones: set[tuple[str, ...]] = set()
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.bones.add((tag, *(name for name, _ in attrs)))
        self.targets |= {value or "" for name, value in attrs if name in LEADS}


def desk_saying(root: Path, texts: tuple[str, ...], database: str) -> DeskFabric:
    """Return a desk whose trail says these texts: all in every column, some as ids and rules.

    Two findings have a hundred lookups each, which is what a page shows; twenty more are about
    operators, subjects and rules that are named so.
    """
    rows: list[dict[str, Any]] = []
    hits, verdicts = [], []
    for number, text in enumerate(texts):
        operator, subject = ("T3", "P-51") if number < 100 else ("B4", "P-52")
        columns = {name: text for name in COLUMNS if name in lookup(0, 0, "", "")}
        rows.append(lookup(0, number, operator, subject, **columns, requester_id=text))
        hits.append(hit(rows[-1], "colleague"))
    for number, text in enumerate(texts[::10], len(texts)):
        rows.append(lookup(0, number, f"T{number}{text}", f"P{number}{text}"))
        said = {"title": text, "says": text, "innocent": text, "place": text}
        hits.append(hit(rows[-1], f"R{number}{text}", **said))
        verdicts.append(
            verdict(rows[-1], "forbidden", statement_id=f"S{text}", missing=text, says=text)
        )
    night = night_of(0)
    published = result(night, gathered(night, rows, verdicts=verdicts, hits=hits))
    fabric = make_fabric(root, rows, [published], database)
    made = DeskFabric(Desk(fabric.workspace), fabric)
    for one in PEOPLE:
        enrol(made.desk, one)
    open_inquiry(made.desk, made.finding_of("T3"))
    return made


def pages_of(made: DeskFabric) -> dict[str, str]:
    """Return every page of a desk, and those of ten findings, one of them with identities."""
    browser, keeper = Browser(made, "ian"), Browser(made, "ada")
    opened = paths_of(made, "T3", "P-51") | {"all": "/queue?tab=all"}
    texts = {}
    for name, path in opened.items():
        who = keeper if path == "/accounts" else browser
        answer = who.get(path)
        assert answer.status_code == 200 or path == "/sign-in", path
        texts[name] = answer.text
    browser.post(f"/findings/{made.finding_of('T3')}/reveal", reason="all of it, for the test")
    long = [made.finding_of("T3"), made.finding_of("B4")]
    for number, finding in enumerate([*long, *made.findings[:8]]):
        texts[f"finding {number}"] = browser.get(f"/findings/{finding}").text
    return texts


def test_two_hundred_payloads_in_every_column_stay_text(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """No page has an element or attribute that it has not with plain text, and nothing hides."""
    assert len(set(PAYLOADS)) == 200
    dull = tuple(f"x{n}" for n in range(200))
    hostile = desk_saying(tmp_path / "h", PAYLOADS, new_database())
    plain = desk_saying(tmp_path / "p", dull, new_database())
    usual = set().union(*(Skeleton(text).bones for text in pages_of(plain).values()))
    shown = pages_of(hostile)
    for name, text in shown.items():
        assert Skeleton(text).bones <= usual, (name, Skeleton(text).bones - usual)
        assert not HIDING & set(text), name
        assert all(one.startswith(OURS) for one in Skeleton(text).targets), name
        assert not any(one.startswith("//") for one in Skeleton(text).targets), name
    assert any("alert(1)" in text for text in shown.values())
    for made in (hostile, plain):
        made.desk.database.close()
        made.fabric.store.close()


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk for requests at random."""
    built = make_desk(tmp_path_factory.mktemp("desk") / "w", database=new_database())
    for one in PEOPLE:
        enrol(built.desk, one)
    open_inquiry(built.desk, built.finding_of("T3"))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def ask_anything(made: DeskFabric, seed: int, calls: int) -> None:
    """Send requests at random to all addresses; none may fail for a reason of ours."""
    draw = random.Random(seed)
    people = [Browser(made, name) for name in ("rita", "lena", "ian", "ada", "")]
    known = [
        *made.findings, "colleague", "lena", "IA-2026-014", "T3", "take", "propose", "conclude",
        "reopen", "escalate", "comment", "approve", "return", "cleared_explained", "correct_hit",
        "sustained", "toll", "resume", "person", "action", "agree",
        "decline", "5", "2026-04-02", "yes", "keep", "drop", "tab=all", "0", "1",
        "2", "a note that is long enough", "criminal_matter", "policy_violation", "wrong_hit",
    ]  # fmt: skip
    odd = [
        "",
        "-1",
        "9" * 12,
        "\x00",
        "é\u202e",
        "%",
        "../..",
        "a" * 3000,
        "\ud800",
        *PAYLOADS[:20],
    ]
    names = [
        "tab", "severity", "kind", "rule", "status", "outcome", "night", "after", "before", "what",
        "act", "version", "note", "quality", "allegation", "actions", "finding", "sure", "reason",
        "name", "list", "day", "word", "who", "other", "queries", "entry", "key", "code", "page",
    ]  # fmt: skip
    words = ["new", "all", "mine", "closed", "high", "rule", "open", "decided", "views", "hasty"]

    def some(most: int) -> list[tuple[str, str]]:
        pool = [*known, *known, *words, *words, *odd]
        return [(draw.choice(names), draw.choice(pool)) for _ in range(draw.randrange(most))]

    for _ in range(calls):
        page, browser = draw.choice(PAGES), draw.choice(people)
        if page.path in {"/sign-in", "/sign-out"} and page.method == "POST":
            continue  # slow on purpose, and the end of a session
        path = page.path
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            chosen = quote(draw.choice([*known, *odd]).encode("utf-8", "replace"), safe="")
            path = path[:start] + (chosen or "x") + path[end + 1 :]
        query = urlencode(some(5), errors="replace")
        address = f"{path}?{query}" if query else path
        if page.method == "GET":
            answer = browser.get(address)
        else:
            form = urlencode([("form_token", browser.token), *some(9)], errors="replace")
            answer = browser.send(address, form.encode(), FROM_US)
        assert answer.status_code < 500, (page.method, address, answer.text[-300:])


def test_no_request_breaks_the_desk(made: DeskFabric) -> None:
    """A few hundred requests at random, to all addresses, by all roles: no fault of ours."""
    ask_anything(made, 7, 250)


@pytest.mark.long
def test_no_request_breaks_the_desk_for_long(made: DeskFabric) -> None:
    """Ten thousand of them, others each time."""
    ask_anything(made, int(os.environ.get("AUDITWATCH_SEED", random.randrange(1 << 30))), 10_000)
