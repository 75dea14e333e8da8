"""The desk by HTTP: doors, forms, what each role reaches, and what never gets out."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec
import pytest

from auditwatch.cli.press import PRESS
from auditwatch.core.mask import Masker
from auditwatch.review.accounts import add_account
from auditwatch.review.app import make_app
from auditwatch.review.pages import PAGES
from auditwatch.review.pages.queue import queue_row
from auditwatch.review.queue import chosen_rows
from auditwatch.review.roles import PERMISSIONS, ROLES
from auditwatch.review.visit import Page, Site
from tests.desk_fabric import PASSWORD, PEOPLE, DeskFabric, enrol, make_desk, open_inquiry
from tests.web.desk_client import FROM_US, ORIGIN, Browser, client_of, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from httpx import Response

WRONG = "not this one"
#: What no masked page may hold: identities and free text of the fabric.
CANARIES = ("P-50", "P-51", "Quillfeather", "Odalys", "MDC-114", "CANARY")
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "\u202egnp.exe\u200b\x1b[2J",
)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]
) -> Iterator[DeskFabric]:
    """A desk that these tests share; each of them leaves the findings as they are."""
    root = tmp_path_factory.mktemp("desk") / "w"
    built = make_desk(root, reason="CANARY Xyz", database=new_database())
    for one in PEOPLE:
        # one slow hash is enough: sessions are opened past the door
        if one.account in {"rita", "loose"}:
            add_account(built.desk.database, one, PASSWORD, by="test", at=built.desk.now())
        else:
            enrol(built.desk, one)
    open_inquiry(built.desk, built.finding_of("T3"))
    yield built
    built.desk.database.close()
    built.fabric.store.close()


def test_a_page_without_a_permission_is_found_before_anybody_is_served(made: DeskFabric) -> None:
    """An address that nobody thought about cannot be reached by anybody."""
    stray = Page("GET", "/stray", "", PAGES[0].answer)
    with pytest.raises(ValueError, match="/stray"):
        make_app(made.desk, Site(ORIGIN, PRESS), (*PAGES, stray))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_every_role_reaches_what_its_permissions_say_and_nothing_else(
    made: DeskFabric, page: Page
) -> None:
    """The matrix of addresses and roles comes from the tables; strangers are sent to the door."""
    path = page.path.replace("{finding_id}", made.finding_of("T1"))
    path = path.replace("{token}", "operator-00000000").replace("{rule_id}", "colleague")
    path = path.replace("{account}", "lena").replace("{number:path}", "IA-2026-014")
    for who in ("rita", "lena", "ian", "vera", "ada", "dev"):
        browser = Browser(made, who)
        answer = browser.get(path) if page.method == "GET" else browser.post(path, act="?")
        may = page.permission == "public" or page.permission in ROLES[made.account(who).role]
        assert (answer.status_code != 403) == may or page.path == "/sign-in", (who, path)
        assert answer.status_code < 500
    stranger = Browser(made, "")
    answer = stranger.get(path) if page.method == "GET" else stranger.post(path)
    if page.permission != "public":
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("who", ["self", "mate", "boss", "kin", "asked"])
def test_who_is_concerned_or_close_sees_no_trace_of_the_finding(made: DeskFabric, who: str) -> None:
    """Oneself, unit, supervisor, kin, and for whom it was looked up: withheld like absent."""
    browser, name = Browser(made, who), made.finding_of("T1")
    assert browser.get(f"/findings/{name}").status_code == 404
    assert (
        browser.post(f"/findings/{name}/reveal", reason="because I want to know").status_code == 404
    )
    acted = browser.post(f"/findings/{name}/act", act="take", version=0)
    assert acted.status_code == 404
    if who != "asked":  # for whom a lookup was made is known when the finding is opened
        assert name not in browser.get("/queue?tab=all").text


def test_an_account_that_nobody_linked_cannot_review(made: DeskFabric) -> None:
    """Who may be one of the operators is not let in by mistake."""
    answer = Browser(made, "loose").get(f"/findings/{made.finding_of('T3')}")
    assert (answer.status_code, "AW-REVIEW-011" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN, "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": ORIGIN.replace("https", "http")},
    ],
)
def test_a_form_of_another_site_does_nothing(made: DeskFabric, headers: dict[str, str]) -> None:
    """Only forms that come from our own pages are taken."""
    browser, name = Browser(made, "rita"), made.finding_of("T3")
    answer = browser.post(f"/findings/{name}/act", headers, act="take", version=0)
    assert (answer.status_code, "AW-REVIEW-020" in answer.text) == (403, True)


def test_a_form_of_another_session_does_nothing(made: DeskFabric) -> None:
    """The token in the form must be that of the very session."""
    browser, name = Browser(made, "rita"), made.finding_of("T3")
    browser.token = Browser(made, "rita").token
    answer = browser.post(f"/findings/{name}/act", act="take", version=0)
    assert (answer.status_code, "AW-REVIEW-020" in answer.text) == (403, True)


def test_the_menu_says_which_page_this_is(made: DeskFabric) -> None:
    """The page's own name is marked for readers of the screen; every other is not."""
    browser = Browser(made, "lena")
    for path, name in (("/queue", "Queue"), ("/overview", "Overview"), ("/help", "Help")):
        marked = re.findall(r'<a href="/\w+" aria-current="page">(\w+)<', browser.get(path).text)
        assert marked == [name]


def test_another_host_name_is_refused(made: DeskFabric) -> None:
    """A page that tricks a name server cannot speak to the desk."""
    answer = Browser(made, "").get("/sign-in", {"host": "evil.example"})
    assert answer.status_code == 421


def test_every_answer_wears_the_same_armour(made: DeskFabric) -> None:
    """Pages, errors, files: no script or frame of others, nothing kept, no name of the server."""
    browser = Browser(made, "lena")
    for path in ("/queue", "/nothing", "/static/desk.css", "/findings/F-NONE", "/static/../app.py"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert "server" not in headers


def test_identities_show_after_a_reveal_only_and_to_that_person_only(made: DeskFabric) -> None:
    """No page of any role holds a canary; one reveal opens one finding to one person, on record."""
    name, other = made.finding_of("T3"), made.finding_of("T1")
    paths = [*paths_of(made, "T3", "P-51").values(), f"/findings/{other}", "/queue?tab=all"]
    for who in ("rita", "ian", "vera", "ada", "dev"):
        browser = Browser(made, who)
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code == 200 or who != "ian" or path in {"/accounts", "/sign-in"}
            text = answer.text
            assert not [one for one in CANARIES if one in text], (who, path)
    browser = Browser(made, "ivy")
    reveal = f"/findings/{name}/reveal"
    assert browser.post(reveal, reason="short").status_code == 400
    assert browser.post(reveal, reason="IA case 2026-14, interview").status_code == 303
    shown = browser.get(f"/findings/{name}").text
    assert "P-51" in shown
    assert "CANARY Xyz" in shown
    assert "P-50" not in browser.get(f"/findings/{other}").text
    assert "P-51" not in Browser(made, "rita").get(f"/findings/{name}").text
    reveals = [one for one in made.fabric.store.journal() if one.action == "reveal"]
    assert [(one.actor, one.finding_id) for one in reveals] == [("ivy", name)]


def test_who_proposed_is_not_offered_to_approve_it(made: DeskFabric) -> None:
    """The page of a proposal says whom it waits for; closed, it says on top with what."""
    lead, second, name = Browser(made, "lena"), Browser(made, "lutz"), made.finding_of("T1")
    version = made.desk.seen(name).standing.version
    answers = {"outcome": "training_issue", "quality": "correct_hit", "version": version}
    said = "he asked his sergeant afterwards, page 4"
    assert (
        lead.post(f"/findings/{name}/act", act="propose", note=said, **answers).status_code == 303
    )
    remark = "seen, I ask the sergeant for that page"
    second.post(f"/findings/{name}/act", act="comment", note=remark, version=version + 1)
    own, other = (one.get(f"/findings/{name}").text for one in (lead, second))
    assert "<p>lena proposes: <strong>training issue</strong> · right to ask." in other
    assert f'<p class="note">{said}</p></div>' in other
    assert ('value="approve"' in own, 'value="approve"' in other) == (False, True)
    assert "which cannot be you" in own
    assert "which cannot be you" not in other
    second.post(f"/findings/{name}/act", act="approve", note=said, version=version + 2)
    assert "Closed: <strong>training issue" in lead.get(f"/findings/{name}").text


def test_a_list_says_beneath_a_title_what_the_title_does_not(made: DeskFabric) -> None:
    """A reason that begins with the title goes on from there; any other is said whole."""
    circle, name = made.desk.circle(made.account("lena")), made.finding_of("T1")
    with made.desk.reading() as connection:
        (row,) = chosen_rows(connection, circle, [name])
    for reasons, why in (
        ((f"{row.finding.title}, in the 31 nights up to then",), "… in the 31 nights up to then"),
        (("Another matter",), "Another matter"),
        ((), ""),
    ):
        finding = replace(row.finding, reasons=reasons)
        shown = queue_row(msgspec.structs.replace(row, finding=finding), Masker("k"))
        assert shown["why"] == why


def test_every_look_is_in_the_journal(made: DeskFabric) -> None:
    """The page comes after its line in the journal."""
    name = made.finding_of("T3")
    before = len(made.fabric.store.journal())
    Browser(made, "rolf").get(f"/findings/{name}")
    added = made.fabric.store.journal()[before:]
    assert [(one.actor, one.action, one.finding_id) for one in added] == [("rolf", "view", name)]


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bones: list[tuple[str, ...]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        self.bones.append((tag, *(name for name, _ in attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text(made: DeskFabric, payload: str) -> None:
    """Notes, filters and addresses make no new element or attribute, and hide nothing."""
    texts = pages_with(made, payload)
    plain = pages_with(made, "plain")
    for text, other in zip(texts, plain, strict=True):
        assert set(Skeleton(text).bones) <= set(Skeleton(other).bones)
        assert not {"\u202e", "\u200b", "\x00", "\x1b"} & set(text)


def pages_with(made: DeskFabric, said: str) -> list[str]:
    """Return pages that show a text from outside."""
    browser, name = Browser(made, "rita"), made.finding_of("T3")
    version = made.desk.seen(name).standing.version
    act = f"/findings/{name}/act"
    answer = browser.post(act, act="comment", version=version, note=f"a note of mine {said}")
    assert answer.status_code == 303
    return [
        browser.get(f"/findings/{name}").text,
        browser.get("/queue?" + urlencode({"rule": said, "tab": said})).text,
        browser.get("/operators/" + quote(said, safe="")).text,
        browser.post("/queue/act", act="take", finding=f"{said}:0", note=said).text,
    ]


def test_a_stale_form_is_refused_and_says_so(made: DeskFabric) -> None:
    """Who was slower looks again; nothing is lost or doubled."""
    name = made.finding_of("B4")
    version = made.desk.seen(name).standing.version
    first, second = Browser(made, "rita"), Browser(made, "rolf")
    assert first.post(f"/findings/{name}/act", act="take", version=version).status_code == 303
    answer = second.post(f"/findings/{name}/act", act="take", version=version)
    assert (answer.status_code, "AW-REVIEW-014" in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"note=" + b"x" * (1 << 20), 413),
        (b"\xff\xfe=1", 400),
        (b"&".join(b"a=1" for _ in range(3000)), 400),
        (b"note=one%00two", 400),
        (b"", 403),
    ],
)
def test_a_form_that_is_none_is_refused(made: DeskFabric, body: bytes, status: int) -> None:
    """Too large, not UTF-8, too many answers, a NUL, no token: one shape of error, no trace."""
    browser, name = Browser(made, "rita"), made.finding_of("T3")
    answer = browser.send(f"/findings/{name}/act", body, FROM_US)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "AW-" in answer.text


def test_wrong_passwords_lock_and_nobody_learns_which_names_there_are(made: DeskFabric) -> None:
    """Five wrong ones lock the account, also against the right one; all replies are alike."""
    browser = Browser(made, "")
    wrong = [browser.post("/sign-in", name="loose", password=WRONG).text for _ in range(5)]
    right = browser.post("/sign-in", name="loose", password=PASSWORD)
    unknown = browser.post("/sign-in", name="nobody", password=WRONG).text
    assert right.status_code == 403
    assert {*wrong, right.text} == {unknown}


def test_a_session_ends_on_the_server(made: DeskFabric) -> None:
    """Signing in gives a new secret; after signing out the old one opens nothing."""
    browser = Browser(made, "")
    entered = browser.post("/sign-in", name=" RITA ", password=PASSWORD)
    cookie = entered.headers["set-cookie"]
    words = ("__Host-", "HttpOnly", "Secure", "SameSite=strict", "Path=/")
    assert all(word in cookie for word in words)
    page = browser.get("/queue")
    assert page.status_code == 200
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found
    browser.token = found[1]
    secret = browser.client.cookies["__Host-auditwatch"]
    assert browser.post("/sign-out").status_code == 303
    browser.client.cookies.set("__Host-auditwatch", secret, domain="desk.example.org")
    assert browser.get("/queue").headers["location"] == "/sign-in"


def test_a_fault_of_ours_shows_no_trace_and_no_value(
    made: DeskFabric, caplog: pytest.LogCaptureFixture
) -> None:
    """The page and the log name a place and a kind, never what was being worked on."""

    def broken(_visit: object) -> Response:
        raise RuntimeError("CANARY of a record")

    app = make_app(made.desk, Site(ORIGIN, PRESS), (Page("GET", "/broken", "public", broken),))
    answer = asyncio.run(client_of(app).get("/broken"))
    assert (answer.status_code, "AW-INTERNAL-001" in answer.text) == (500, True)
    assert "CANARY" not in answer.text + caplog.text
    assert "test_desk.py" in caplog.text


def test_no_permission_is_without_a_role() -> None:
    """Whatever a page may ask for, somebody has; and no role has what does not exist."""
    granted = frozenset().union(*ROLES.values())
    assert granted | {"public"} == set(PERMISSIONS)


def test_what_was_not_chosen_is_said_in_the_words_of_the_form(made: DeskFabric) -> None:
    """No code of ours stands where a person reads what to choose."""
    name = made.finding_of("B4")
    version = made.desk.seen(name).standing.version
    act = {"act": "propose", "version": version, "note": "an explanation came by mail"}
    text = Browser(made, "rita").post(f"/findings/{name}/act", **act).text
    assert "no outcome was chosen" in text
    assert "cleared: authorised; cleared: explained" in text
    text = Browser(made, "rita").post(f"/findings/{name}/act", **act, outcome="duplicate").text
    assert "right to ask, nothing behind it" in text


def test_the_register_opens_what_began_elsewhere(made: DeskFabric) -> None:
    """A number of the agency's, a day, a note; twice the same number is refused and kept typed."""
    browser = Browser(made, "ian")
    entry = {"number": "IA-2026-020", "day": "2026-03-02", "note": "a letter of the chief"}
    opened = browser.post("/register", **entry)
    assert opened.headers["location"] == "/investigations/IA-2026-020?done=1#done"
    assert "It is in the register." in browser.get(opened.headers["location"]).text
    again = browser.post("/register", **entry)
    assert (again.status_code, "a letter of the chief" in again.text) == (400, True)
    stray = browser.post("/register", **{**entry, "number": "IA-9"}, finding=made.finding_of("T1"))
    assert stray.status_code == 404
    assert Browser(made, "loose").post("/register", **entry).status_code == 403


def test_many_findings_are_previewed_then_done_each_by_itself(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """Nothing happens before the preview is confirmed; what moved on is left out and named."""
    own = make_desk(tmp_path / "w", database=new_database())
    for one in PEOPLE:
        enrol(own.desk, one)
    browser, names = Browser(own, "rita"), own.findings
    chosen = [f"{name}:0" for name in names]
    looked = browser.post("/queue/act", act="take", finding=chosen, note="")
    assert looked.status_code == 200
    assert all(own.desk.seen(name).standing.version == 0 for name in names)
    chosen[0] = f"{names[0]}:7"
    shown = browser.post("/queue/act", act="take", finding=chosen, note="")
    assert "it changed since you saw it" in shown.text
    assert shown.text.count('name="finding"') == len(names) - 1
    short = browser.post("/queue/act", act="ask", finding=chosen, note="short")
    assert (short.status_code, "15 characters or more" in short.text) == (400, True)
    done = browser.post("/queue/act", act="take", finding=chosen, note="", sure="yes")
    assert "somebody else was faster" in done.text
    assert [own.desk.seen(name).standing.version for name in names] == [0, 1, 1]
    grave = browser.post("/queue/act", act="propose", outcome="policy_violation", finding=chosen)
    assert grave.status_code == 400
    own.desk.database.close()
    own.fabric.store.close()


def test_a_new_roster_counts_at_once(tmp_path: Path, new_database: Callable[[], str]) -> None:
    """Who became a colleague this morning is kept away this morning, without a restart."""
    own = make_desk(tmp_path / "w", database=new_database())
    enrol(own.desk, own.account("mate"))
    browser, name = Browser(own, "mate"), own.finding_of("T3")
    assert browser.get(f"/findings/{name}").status_code == 200
    roster = own.fabric.workspace.context / "roster.csv"
    moved = roster.read_text().replace("T3,officer,patrol-south", "T3,officer,patrol-north")
    roster.write_text(moved)
    assert browser.get(f"/findings/{name}").status_code == 404
    own.desk.database.close()
    own.fabric.store.close()


def test_a_list_keeps_its_name_and_belongs_to_one_person(made: DeskFabric) -> None:
    """Kept, replaced by the same name, forgotten; nobody else sees it, and no name is no list."""
    rita, rolf = Browser(made, "rita"), Browser(made, "rolf")
    narrow = "tab=all&severity=high&rule=own-vehicle"
    assert rita.post("/queue/keep", act="keep", name=" Grave ", list=narrow).status_code == 303
    assert 'tab=all&amp;severity=high&amp;rule=own-vehicle">Grave</a>' in rita.get("/queue").text
    assert "Grave" not in rolf.get("/queue").text
    rolf.post("/queue/keep", act="drop", name="Grave", list="")
    rita.post("/queue/keep", act="keep", name="Grave", list="tab=nowhere&severity=<b>&night=x")
    assert 'tab=new&amp;night=x">Grave</a>' in rita.get("/queue").text
    for name in ("", "x" * 41, "two\nlines"):
        assert rita.post("/queue/keep", act="keep", name=name, list="").status_code == 400
    rita.post("/queue/keep", act="drop", name="Grave", list="")
    assert "Grave" not in rita.get("/queue").text


def test_lists_are_walked_by_key_both_ways(made: DeskFabric) -> None:
    """After a finding come exactly those that follow it in the queue, before it those before."""
    names = made.findings
    browser = Browser(made, "rita")

    def listed(query: str) -> list[str]:
        return re.findall(r'value="(F-[A-Z2-7]+):', browser.get(f"/queue?tab=all{query}").text)

    assert listed("") == names
    for number, name in enumerate(names):
        assert listed(f"&after={name}") == names[number + 1 :]
        assert listed(f"&before={name}") == names[:number]
        page = browser.get(f"/findings/{name}?tab=all").text
        beside = dict(re.findall(r'rel="(prev|next)" href="/findings/(F-[A-Z2-7]+)', page))
        wanted = {"prev": names[:number][-1:], "next": names[number + 1 :][:1]}
        assert beside == {key: value[0] for key, value in wanted.items() if value}


def test_every_number_of_the_audit_opens_the_lines_behind_it(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """Views, reveals, refusals, hasty decisions, reveals without a step: as many as it says."""
    own = make_desk(tmp_path / "w", database=new_database())
    for one in PEOPLE:
        enrol(own.desk, one)
    lena, name = Browser(own, "lena"), own.finding_of("T1")
    lena.post(f"/findings/{name}/reveal", reason="Quillfeather called about case 2026-14")
    lena.get(f"/findings/{name}")
    ends = {"outcome": "cleared_explained", "quality": "correct_hit_but_benign"}
    lena.post(f"/findings/{name}/act", act="propose", version=0, note="a task, the sheet", **ends)
    boss = Browser(own, "boss")
    boss.get(f"/findings/{name}")
    viewer = Browser(own, "vera")
    page = viewer.get("/auditors").text
    links = re.findall(r'href="/auditors/(\w+)\?what=(\w+)">(\d+)</a>', page)
    assert {what for _, what, _ in links} >= {"views", "reveals", "hasty", "cleared", "refused"}
    for who, what, count in links:
        if (who, what) != ("vera", "views"):  # which looking at it adds to
            shown = viewer.get(f"/auditors/{who}?what={what}").text
            assert shown.count("<tr>") - 1 == int(count), (who, what)
            assert "Quillfeather" not in shown
    assert viewer.get("/auditors/nobody").status_code == 404
    own.desk.database.close()
    own.fabric.store.close()
