"""The shipped rule pack: every rule and every statement does what its own samples say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from auditwatch.check import Ruleset, load_rules
from auditwatch.check.trial import Trial, try_samples
from auditwatch.core.strict import Plain, read_documents

RULES = Path(__file__).parents[2] / "rules"
KEYS = [
    "RQ",
    "QV",
    "RPQ",
    "PLATE",
    "DQ",
    "DNQ",
    "KQ",
    "RNQ",
    "QW",
    "QWA",
    "QPO",
    "QXS",
    "QH",
    "QR",
    "IQ",
    "FQ",
    "QNP",
    "QVC",
    "QG",
    "QA",
]


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    """The shipped pack."""
    return load_rules(RULES)


@pytest.fixture(scope="module")
def trials(ruleset: Ruleset) -> list[Trial]:
    """Every sample of the pack, judged."""
    return list(try_samples(ruleset))


def test_every_sample_gets_what_it_expects(trials: list[Trial]) -> None:
    """Each sample in the pack gets the answer written beside it."""
    wrong = [
        f"{trial.name} {trial.sample.place} {trial.sample.title}: {trial.got}"
        for trial in trials
        if not trial.passed
    ]
    assert wrong == []


def test_every_rule_has_a_sample_that_fires_and_one_that_does_not(
    ruleset: Ruleset, trials: list[Trial]
) -> None:
    """No rule is shipped without showing what it finds and what it leaves alone."""
    answers = defaultdict(set)
    for trial in trials:
        answers[trial.name].add(trial.got)
    unproven = [
        rule.rule_id for rule in ruleset.rules if answers[rule.rule_id] != {"true", "false"}
    ]
    assert unproven == []


def test_every_statement_decides_a_sample(ruleset: Ruleset, trials: list[Trial]) -> None:
    """Each permit permits and each forbid forbids at least one sample."""
    decided = {trial.got for trial in trials if trial.name == "policy"}
    wanted = {
        f"{'forbidden' if statement.forbids else 'permitted'} {statement.statement_id}"
        for statement in ruleset.statements
    }
    assert wanted - decided == set()


@pytest.mark.parametrize("pack", sorted((RULES.parent / "packs").iterdir()), ids=lambda p: p.name)
def test_every_other_pack_is_a_folder_and_holds(pack: Path) -> None:
    """Each further pack loads, each sample holds, and each statement decides one of them."""
    other = load_rules(pack)
    tried = list(try_samples(other))
    assert [f"{t.sample.place}: {t.got}" for t in tried if not t.passed] == []
    decided = {trial.got for trial in tried if trial.name == "policy"}
    wanted = {
        f"{'forbidden' if statement.forbids else 'permitted'} {statement.statement_id}"
        for statement in other.statements
    }
    assert wanted - decided == set()
    fired = {trial.name for trial in tried if trial.got == "true"}
    assert {rule.rule_id for rule in other.rules} - fired == set()


(CATALOGUE,) = read_documents(RULES / "catalogue/systems.yml")
SYSTEMS = [CATALOGUE.at("systems", n, "code") for n in range(len(CATALOGUE.at("systems")))]  # type: ignore[arg-type]


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_is_permitted_and_refused_in_a_sample(
    trials: list[Trial], system: str
) -> None:
    """Each system has a lookup that is permitted and one that is forbidden or not permitted."""
    got = {
        trial.got.split()[0]
        for trial in trials
        if trial.name == "policy" and trial.sample.lookup.get("system") == system
    }
    assert "permitted" in got
    assert got & {"forbidden", "not_permitted", "justification_missing"}


@pytest.mark.parametrize("key", ["authority", "verified"])
@pytest.mark.parametrize("pack", ["rules", "packs/hipaa", "packs/dppa"])
def test_every_statement_says_on_whose_word(key: str, pack: str) -> None:
    """Each statement names its authority and how far that was verified; none is unverified."""
    documents = [
        document.content
        for path in sorted((RULES.parent / pack / "permits").glob("*.yml"))
        for document in read_documents(path)
    ]
    assert documents
    for content in documents:
        assert isinstance(content, dict)
        for kind in ("permits", "forbids"):
            stated = content.get(kind) or []
            assert isinstance(stated, list)
            assert [one for one in stated if not isinstance(one, dict) or key not in one] == []


def test_every_verdict_has_a_sample(trials: list[Trial]) -> None:
    """The decision tables show every verdict that the policy gives where nothing is excepted."""
    got = {trial.got.split()[0] for trial in trials if trial.name == "policy"}
    assert got == {
        "forbidden",
        "cannot_decide",
        "permitted",
        "justification_missing",
        "unknown_purpose",
        "no_purpose",
        "not_permitted",
    }


def test_ordinary_keys_are_mapped_and_local_ones_are_not(ruleset: Ruleset) -> None:
    """Published keys are in the catalogue; unpublished local keys stay unmapped on purpose."""
    known = ruleset.catalogue.transactions
    assert [key for key in KEYS if key not in known] == []
    assert [key for key in ("IV", "ID", "L1") if key in known] == []


def test_transactions_keep_the_shape_that_folding_reads() -> None:
    """Each transaction has its key, and what client software sends after it is itself a key."""
    (document,) = read_documents(RULES / "catalogue/transactions.yml")
    assert isinstance(document.content, dict)
    rows = document.content["transactions"]
    assert isinstance(rows, list)
    followed = {row["key"]: row.get("followed_by") for row in rows if isinstance(row, dict)}
    assert followed["RQ"] == ["DQ", "QV", "RR"]
    assert followed["DQ"] == ["QW", "DR"]


def test_every_rule_says_what_else_it_may_be(ruleset: Ruleset) -> None:
    """A reviewer always reads the innocent readings, and each sentence names the night."""
    assert [rule.rule_id for rule in ruleset.rules if not rule.innocent] == []
    assert [rule.rule_id for rule in ruleset.rules if "night" not in rule.placeholders] == []


def _blocks(pack: str) -> dict[str, dict[str, Plain]]:
    """Return each detection rule's own block by its name."""
    found = {}
    for path in sorted((RULES.parent / pack / "detections").glob("*.yml")):
        for document in read_documents(path):
            assert isinstance(document.content, dict)
            block = document.content["auditwatch"]
            assert isinstance(block, dict)
            found[str(document.content["name"])] = block
    return found


@pytest.mark.parametrize("key", ["authority", "verified"])
def test_every_rule_says_on_whose_word(key: str) -> None:
    """Each detection names its authority and how far that was verified."""
    assert [name for name, block in _blocks("rules").items() if key not in block] == []


#: Patterns of misuse as auditors tell them apart, and the rules or statements that see each; where
#: there is none, what a rule would have to know is in no log and no table: scoring looks for those.
PATTERNS = {
    "partner, stalking": ["known-tie", "off-duty-private", "private-reason"],
    "screening of strangers": ["single-name-search", "fishing"],
    "family, landlord, neighbour": ["household-lookup", "known-tie"],
    "self": ["self-lookup", "own-vehicle", "tested-with-own-record"],
    "colleagues": ["colleague-without-number", "crowd-on-a-colleague"],
    "crowd": ["crowd-on-one-subject"],
    "retaliation": [],
    "sale to outsiders": ["bulk-lookups", "outside-requester"],
    "leak on witnesses": ["protected-order-outside", "protected-order-outside-the-case"],
    "carry permits": ["NO-CARRY-PERMIT-CHECKS", "carry-permit-words-elsewhere"],
    "immigration enforcement": [
        "NO-IMMIGRATION-ENFORCEMENT",
        "IMMIGRATION-CRIMINAL-HISTORY",
        "immigration-agency-requester",
        "immigration-status-query",
    ],
    "barred plate-read topics": [
        "protected-topic",
        "plate-read-without-purpose",
        "plate-reads-from-outside",
        "NO-PLATE-READS-BY-DESKS",
    ],
    "vague or ritual reason": ["vague-reason-protected", "ritual-reason"],
    "account sharing": ["two-cars-at-once", "many-terminals", "around-the-clock"],
    "leaver, suspended, untrained": [
        "lookup-after-separation",
        "lookup-while-suspended",
        "training-lapsed",
        "operator-not-on-roster",
    ],
    "fishing": ["fishing", "single-name-search"],
    "first-day testing": ["tested-with-own-record"],
    "wrong purpose code": [
        "withdrawn-purpose-code",
        "NO-HIRING-OVER-CRIMINAL-JUSTICE",
        "hiring-driver-history",
        "NO-LICENSING-OVER-CRIMINAL-JUSTICE",
        "NO-LICENSING-BY-NAME",
        "NO-EMPLOYMENT-CHECK-IN-A-CASE",
        "NO-FEDERAL-CODES",
    ],
    "favour at request": ["outside-requester"],
    "bulk": ["bulk-lookups", "records-exported", "database-bulk-copy"],
    "case numbers": [
        "number-not-on-file",
        "number-closed",
        "number-of-another-unit",
        "number-for-many",
        "borrowed-number",
    ],
    "off duty": ["off-duty", "off-duty-private"],
    "refused attempts": ["refused-again-and-again"],
    "faces": ["face-search-without-case", "FACE-SEARCHES", "NO-FACE-SEARCHES-ELSEWHERE"],
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_misuse_has_its_rules(
    ruleset: Ruleset, trials: list[Trial], pattern: str
) -> None:
    """What is said to see a pattern is in the pack, fires, and speaks for itself."""
    fired = {trial.name for trial in trials if trial.got == "true"}
    fired |= {trial.got.split()[1] for trial in trials if " " in trial.got}
    called = {name for rule in ruleset.rules for name in rule.calls}
    told = {
        name
        for rule in ruleset.rules
        if rule.correlation and rule.correlation.generate
        for name in rule.calls
    }
    assert set(PATTERNS[pattern]) - fired == set()
    assert set(PATTERNS[pattern]) & (called - told) == set()


def test_the_page_on_the_pack_names_every_rule(ruleset: Ruleset) -> None:
    """The page that says what the pack looks for leaves out no rule and no forbid."""
    page = (RULES.parent / "docs/explanation/rule-pack.md").read_text("utf-8")
    names = {rule.rule_id for rule in ruleset.rules}
    names |= {one.statement_id for one in ruleset.statements if one.forbids}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


#: Something that stops one thing of the pack from holding: what, in which file, and by what text.
STOPS = [
    ("self-lookup", "detections/self-lookup.yml", "subject_relation: self", "subject_relation: x"),
    ("fishing", "detections/fishing.yml", "{gte: 8}", "{gte: 99}"),
    ("wildcard-plate", "detections/wildcard-plate.yml", "transaction: RPQ", "transaction: ZZ"),
    ("permitted FACE-SEARCHES", "permits/units.yml", "[face_searches]", "[ZR]"),
    ("forbidden NO-FEDERAL-CODES", "permits/prohibitions.yml", "for: [R, S, V]", "for: [H]"),
]


@pytest.mark.parametrize(("name", "file", "old", "new"), STOPS, ids=[one[0] for one in STOPS])
def test_what_no_longer_holds_is_found(
    tmp_path: Path, name: str, file: str, old: str, new: str
) -> None:
    """A detection, a correlation, one that serves it, a permit, a forbid: none can die unseen."""
    copytree(RULES, tmp_path / "rules")
    path = tmp_path / "rules" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    pack = load_rules(tmp_path / "rules")
    wanted = {
        name,
        *(called for rule in pack.rules if rule.rule_id == name for called in rule.calls),
    }
    rules = tuple(rule for rule in pack.rules if rule.rule_id in wanted)
    own = replace(pack, rules=rules, decisions=pack.decisions if " " in name else ())
    failed = [trial for trial in try_samples(own) if not trial.passed]
    assert {trial.name for trial in failed} | {trial.sample.expected for trial in failed} >= {name}


@pytest.mark.parametrize("word", ["violation", "guilty", "suspect ", "offender", "abuse"])
def test_sentences_ask_and_do_not_accuse(ruleset: Ruleset, word: str) -> None:
    """No sentence that a reviewer reads speaks of guilt."""
    sentences = [rule.says + rule.title for rule in ruleset.rules]
    sentences += [statement.says for statement in ruleset.statements]
    assert [sentence for sentence in sentences if word in sentence.lower()] == []
