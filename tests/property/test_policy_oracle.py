"""Generated policies against a plain reading of them, lookup by lookup, statement by statement."""

from __future__ import annotations

import json
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from auditwatch.check import judge, load_rules, make_facts
from auditwatch.core.contexttables import CASES, Context
from auditwatch.core.errors import RuleError
from auditwatch.core.schema import LOOKUPS

Thing = dict[str, Any]

UNITS = {"north": "patrol", "south": "patrol", "desk": "records"}
ROLES = ("officer", "clerk")
SYSTEMS = ("SVS", "III")
HOME = "III"  # the system of every key
TAKES_NONE = "PLATE"  # no purpose can be declared with it
KEYS = {"HIST": True, "PLATE": False, "GUN": False}  # whether a purpose is due
GROUPS = {"checks": ("HIST", "PLATE")}
DAYS = ("2026-01-15", "2026-03-01", "2026-06-30", "2026-07-01", "2026-10-01")
SOFT = ("cannot_decide", "justification_missing", "unknown_purpose", "no_purpose", "not_permitted")
SEVERITIES = ("informational", "low", "medium", "high", "critical")
REQUIREMENTS = {
    "told": {"w": {"reason_norm": "good"}, "condition": "w"},
    "placed": {"w": {"terminal": "T-1"}, "condition": "w"},
    "open_case": {"w": {"case_state": "open"}, "condition": "w"},
}
#: A code, from and until when and where it may be declared.
PURPOSES = (
    ("C", None, None, None),
    ("U", None, "2026-07-01", None),
    ("E", "2026-03-01", None, ("OR",)),
)


def some(names: Any) -> st.SearchStrategy[list[str]]:
    """Return non-empty lists of distinct names."""
    return st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=2, unique=True)


def maybe(thing: Any) -> st.SearchStrategy[Any]:
    """Return a thing or nothing."""
    return st.one_of(st.none(), thing)


@st.composite
def clauses(draw: st.DrawFn, forbids: bool) -> Thing:
    """Return whom and what a statement covers, and on what conditions."""
    who = {
        "units": draw(some([*UNITS, *UNITS.values()])),
        "roles": draw(maybe(some(ROLES))),
        "jurisdictions": draw(maybe(some(["CA", "OR"]))),
    }
    may = {
        "transactions": draw(some([*KEYS, *GROUPS])),
        "systems": draw(maybe(some(SYSTEMS))),
    }
    asked = {key: draw(maybe(some(REQUIREMENTS))) for key in ("any_of", "all_of")}
    return given_only(
        {
            "who": given_only(who),
            "may": given_only(may),
            "when" if forbids else "if": given_only(asked),
            "for": draw(maybe(some(code for code, *_ in PURPOSES))),
            "unless": draw(maybe(some(REQUIREMENTS))) if draw(st.booleans()) else None,
            "story": "unit" if forbids else None,
            "severity": draw(st.sampled_from(SEVERITIES[:4])) if forbids else None,
        }
    )


def given_only(thing: Thing) -> Thing:
    """Return what is given of a mapping."""
    return {key: value for key, value in thing.items() if value}


def dated(name: str, since: str, late: bool) -> Thing:
    """Return the head of a version, approved on its first day or forty days after."""
    approved = date.fromisoformat(since) + timedelta(days=40 if late else 0)
    head = {
        "id": name,
        "says": name,
        "effective": {"from": since},
        "approved": {"by": "Chief", "date": approved.isoformat()},
    }
    return head | ({"retroactive": {"because": "Lost"}} if late else {})


@st.composite
def statements(draw: st.DrawFn, number: int) -> list[Thing]:
    """Return the versions of one permit or forbid."""
    forbids = draw(st.booleans())
    days = draw(st.permutations(DAYS[:-1]))[: draw(st.integers(1, 2))]
    found: list[Thing] = []
    for since in sorted(days):
        one = dated(f"S{number}", since, draw(st.booleans())) | draw(clauses(forbids))
        replaces, ends = draw(st.booleans()), draw(st.booleans())
        if found and replaces:
            one["replaces"] = found[-1]["effective"]["from"]
        if found and (ends or not replaces):
            found[-1]["effective"]["until"] = since
        found.append(one | {"forbids": forbids})
    if draw(st.booleans()):
        found[-1]["effective"]["until"] = DAYS[-1]
    return found


@st.composite
def policies(draw: st.DrawFn) -> tuple[list[Thing], list[Thing]]:
    """Return statements and exceptions to them."""
    every = [one for n in range(draw(st.integers(1, 5))) for one in draw(statements(n))]
    names = sorted({one["id"] for one in every})
    exceptions = []
    for number in range(draw(st.integers(0, 2))):
        lifted = draw(some(names))
        forbids = {one["id"] for one in every if one["forbids"]}
        sides = {
            "forbids": [name for name in lifted if name in forbids],
            "permits": [name for name in lifted if name not in forbids],
        }
        only = {"units": draw(some(UNITS))}
        if draw(st.booleans()):
            only["purposes"] = draw(some(code for code, *_ in PURPOSES))
        since = draw(st.sampled_from(DAYS))
        hours = draw(st.sampled_from([1, 24, 24 * 200]))
        until = datetime.fromisoformat(since) + timedelta(hours=hours)
        exceptions.append(
            {
                "kind": "exception", "id": f"EX-{number}", "because": "x", "ticket": "T",
                "lifts": {side: own for side, own in sides.items() if own}, "only": only,
                "effective": {"from": since, "until": until.strftime("%Y-%m-%dT%H:00")},
                "requested_by": "sergeant", "approved": {"by": "captain", "date": "2026-01-01"},
                "ceiling": {"lookups_a_night": 1000, "severity": "high"},
            }
        )  # fmt: skip
    return every, exceptions


lookups = st.fixed_dictionaries(
    {
        "night": st.sampled_from(DAYS),
        "local_hour": st.sampled_from([0, 12]),
        "operator_unit": st.sampled_from([*UNITS, "harbour", None]),
        "operator_role": st.sampled_from([*ROLES, None]),
        "agency": st.sampled_from(["CA0990100", "OR0990100", "city", None]),
        "system": st.sampled_from([*SYSTEMS, None]),
        "transaction": st.sampled_from([*KEYS, "L1", None]),
        "purpose": st.sampled_from(["C", "U", "E", "Z", None]),
        "reason_norm": st.sampled_from(["good", "bad", None]),
        "terminal": st.sampled_from(["T-1", "T-2", None]),
        "case_id": st.sampled_from(["26-00001", "26-00002", "26-99999", None]),
        "source_id": st.sampled_from(["open", "closed"]),
    }
)


def write_pack(folder: Path, every: list[Thing], exceptions: list[Thing]) -> Path:
    """Write a policy as a rule pack; JSON is YAML."""
    purposes = []
    for code, since, until, places in PURPOSES:
        more = {"valid_from": since, "valid_to": until, "jurisdictions": places}
        one = {"code": code, "name": code, "means": "x", "authority": "none"}
        purposes.append(one | {key: value for key, value in more.items() if value})
    parts: Thing = {
        "purposes": purposes,
        "systems": [{"code": code, "name": code, "tier": "2", "verified": "V"} for code in SYSTEMS],
        "transactions": [
            {"key": key, "system": HOME, "subject_kind": "person", "tier": "2",
             "purpose_required": "true" if due else "false", "verified": "V", "name": key,
             "takes_purpose": "false" if key == TAKES_NONE else "true"}
            for key, due in KEYS.items()
        ],
        "groups": [
            {"name": name, "means": "x", "transactions": keys} for name, keys in GROUPS.items()
        ],
        "units": [{"unit": unit, "type": kind} for unit, kind in UNITS.items()],
        "numbers": [{"kind": "case_number", "means": "x", "pattern": "[0-9]{2}-[0-9]{5}"}],
        "verdicts": [
            {"verdict": word, "story": "unit", "severity": "low", "says": "{nearest} {change}"}
            for word in SOFT
        ],
        "requirements": [
            {"name": name, "means": name, "detection": found}
            for name, found in REQUIREMENTS.items()
        ],
        "logsources": [{"product": "lookups", "means": "all"}],
    }  # fmt: skip
    more = {"units": {"roles": list(ROLES)}, "purposes": {"jurisdiction": "CA"}}
    for name in ("catalogue", "permits", "detections", "exceptions"):
        (folder / name).mkdir()
    for kind, items in parts.items():
        text = json.dumps({"kind": kind, kind: items, **more.get(kind, {})})
        (folder / "catalogue" / f"{kind}.yml").write_text(text, "utf-8")
    stated: Thing = {"kind": "permits", "permits": [], "forbids": []}
    for one in every:
        plain = {key: value for key, value in one.items() if key != "forbids"}
        stated["forbids" if one["forbids"] else "permits"].append(plain)
    (folder / "permits/all.yml").write_text(json.dumps(stated), "utf-8")
    for one in exceptions:
        (folder / "exceptions" / f"{one['id']}.yml").write_text(json.dumps(one), "utf-8")
    return folder


# --- the plain reading ---------------------------------------------------------------------------


def kleene_and(answers: list[bool | None]) -> bool | None:
    """Return whether all hold."""
    return False if False in answers else None if None in answers else True


def kleene_or(answers: list[bool | None]) -> bool | None:
    """Return whether one holds."""
    return True if True in answers else None if None in answers else False


class Reader:
    """Somebody who reads a policy aloud, one lookup at a time."""

    def __init__(self, every: list[Thing], exceptions: list[Thing], known_on: str | None) -> None:
        known = [one for one in every if known_on is None or one["approved"]["date"] <= known_on]
        self.statements: list[tuple[Thing, str]] = []
        for one in known:
            own = [other for other in every if other["id"] == one["id"]]
            after = [
                other for other in own if other["effective"]["from"] > one["effective"]["from"]
            ]
            nexts = [other for other in after if other in known]
            until = one["effective"].get("until", "9999-12-31")
            if after and "replaces" in after[0] and until == after[0]["effective"]["from"]:
                until = "9999-12-31"  # the end that a replacement made
            if nexts and "replaces" in nexts[0]:
                until = nexts[0]["effective"]["from"]
            self.statements.append((one, until))
        self.exceptions = [
            one for one in exceptions if known_on is None or one["approved"]["date"] <= known_on
        ]

    def says(self, row: Thing) -> tuple[str, str, str]:
        """Return verdict, deciding statement (where one decides), and exceptions."""
        verdict, statement = self.without(row, set())
        reaching = [one for one in self.exceptions if self.reaches(one, row)]
        if verdict == "permitted" or not reaching:
            return verdict, statement, ""
        for chosen in [*([one] for one in reaching), reaching]:
            lifted = {name for one in chosen for side in one["lifts"].values() for name in side}
            if self.without(row, lifted)[0] == "permitted":
                return "permitted_by_exception", statement, ", ".join(one["id"] for one in chosen)
        return verdict, statement, ""

    @staticmethod
    def reaches(exception: Thing, row: Thing) -> bool:
        """Tell whether a lookup meets an exception's terms."""
        moment = f"{row['night']}T{row['local_hour']:02}:00"
        interval = exception["effective"]
        inside = f"{interval['from']}T00:00" <= moment < interval["until"]
        unit = None if "operator_unit" in row["hidden"] else row["operator_unit"]
        purpose = None if "purpose" in row["hidden"] else row["purpose"]
        only = exception["only"]
        return inside and unit in only["units"] and purpose in only.get("purposes", [purpose])

    def without(self, row: Thing, lifted: set[str]) -> tuple[str, str]:
        """Return the verdict with some statements lifted."""
        now = [one for one, until in self.statements
               if one["effective"]["from"] <= row["night"] < until]  # fmt: skip
        forbids = [one for one in now if one["forbids"] and one["id"] not in lifted]
        permits = [one for one in now if not one["forbids"]]
        held = [one for one in forbids if self.whole(one, row) is True]
        if held:
            worst = max(SEVERITIES.index(one["severity"]) for one in held)
            names = [one["id"] for one in held if SEVERITIES.index(one["severity"]) == worst]
            return "forbidden", min(names)
        if any(self.whole(one, row) is None for one in forbids):
            return "cannot_decide", ""
        answers = {one["id"]: self.whole(one, row, eased=one["id"] in lifted) for one in permits}
        if True in answers.values():
            return "permitted", min(name for name, answer in answers.items() if answer is True)
        if None in answers.values():
            return "cannot_decide", ""
        return self.refusal(permits, row), ""

    def refusal(self, permits: list[Thing], row: Thing) -> str:
        """Return why no permit holds."""
        clauses = {one["id"]: self.clauses(one, row) for one in permits}
        for answers in clauses.values():
            if [name for name, answer in answers.items() if answer is False] == ["asked"]:
                return "justification_missing"
        if row["transaction"] not in KEYS or "transaction" in row["hidden"]:
            return "cannot_decide"
        told = "purpose" not in row["hidden"]
        if told and row["purpose"] and not self.valid(row):
            return "unknown_purpose"
        nearest = min((self.distance(one, clauses[one["id"]]) for one in permits), default=[0])
        failing = nearest[-1] if permits else []
        if told and not row["purpose"] and failing[:1] == ["purpose"]:
            return "no_purpose"
        return "not_permitted"

    @staticmethod
    def distance(one: Thing, answers: dict[str, bool | None]) -> list[Any]:
        """Return how far a permit is from what was declared, its id, and what fails."""
        failing = [name for name, answer in answers.items() if answer is False]
        failing = [name for name in failing if name not in ("asked", "unless")]
        other = sum(name in ("transaction", "system") for name in failing)
        return [len(failing) + other, "unit" in failing, "for" not in one, one["id"], failing]

    def whole(self, one: Thing, row: Thing, *, eased: bool = False) -> bool | None:
        """Return whether a statement holds."""
        clauses = self.clauses(one, row)
        return kleene_and([v for name, v in clauses.items() if not (eased and name == "asked")])

    def clauses(self, one: Thing, row: Thing) -> dict[str, bool | None]:
        """Return what each clause of a statement says of a lookup."""
        shown = {key: None if key in row["hidden"] else value for key, value in row.items()}
        units = {unit for unit, kind in UNITS.items() if {unit, kind} & set(one["who"]["units"])}
        if row["system"] is None and shown["transaction"] in KEYS:
            shown["system"] = HOME  # where nothing stands the key says it; not what was hidden
        unit = shown["operator_unit"] if shown["operator_unit"] in UNITS else None
        asked = one.get("when" if one["forbids"] else "if", {})
        needed = [self.requirement(name, row) for name in asked.get("all_of", [])]
        if "any_of" in asked:
            needed.append(kleene_or([self.requirement(name, row) for name in asked["any_of"]]))
        lifting = kleene_or([self.requirement(name, row) for name in one.get("unless", [])])
        places = one["who"].get("jurisdictions")
        return {
            "transaction": self.key(one["may"]["transactions"], shown["transaction"]),
            "unit": None if unit is None else unit in units,
            "role": self.listed(one["who"].get("roles"), shown["operator_role"]),
            "jurisdiction": self.listed(places, self.place(row)),
            "system": self.listed(one["may"].get("systems"), shown["system"]),
            "purpose": self.purpose(one, row),
            "asked": kleene_and(needed),
            "unless": None if lifting is None else not lifting,
        }

    @staticmethod
    def listed(covered: list[str] | None, value: str | None) -> bool | None:
        """Return whether a value is covered."""
        return True if covered is None else None if value is None else value in covered

    @staticmethod
    def key(named: list[str], value: str | None) -> bool | None:
        """Return whether a message key is covered; nobody knows which group an unmapped one has."""
        if value is None:
            return None
        if value not in KEYS:
            return None if set(named) & set(GROUPS) else False
        return value in named or any(value in GROUPS[name] for name in named if name in GROUPS)

    @staticmethod
    def place(row: Thing) -> str:
        """Return the state of a lookup."""
        told = None if "agency" in row["hidden"] else row["agency"]
        return told[:2] if told and len(told) == 9 else "CA"

    def valid(self, row: Thing) -> bool:
        """Return whether the declared code may be declared then and there."""
        for code, since, until, places in PURPOSES:
            if code == row["purpose"] and (since or "") <= row["night"] < (until or "9"):
                return places is None or self.place(row) in places
        return False

    def purpose(self, one: Thing, row: Thing) -> bool | None:
        """Return whether the declared purpose is covered."""
        if "for" not in one:
            return True
        none = row["transaction"] == TAKES_NONE and row["purpose"] is None
        if "purpose" in row["hidden"] and not none:
            return None
        if row["purpose"]:
            return row["purpose"] in one["for"] and (one["forbids"] or self.valid(row))
        if one["forbids"]:
            return False
        if row["transaction"] not in KEYS or "transaction" in row["hidden"]:
            return None
        return not KEYS[row["transaction"]]

    @staticmethod
    def requirement(name: str, row: Thing) -> bool | None:
        """Return what a requirement says of a lookup."""
        if name == "told":
            return None if "reason" in row["hidden"] else row["reason_norm"] == "good"
        if name == "placed":
            return None if "terminal" in row["hidden"] else row["terminal"] == "T-1"
        case = None if "case_id" in row["hidden"] else row["case_id"]
        if case == "26-00001":
            return "2026-02-01" <= row["night"] <= "2026-06-30"
        if case == "26-00002":
            return row["night"] >= "2026-01-01"
        if case:
            return False
        return None if {"case_id", "reason"} & row["hidden"] else False


HIDEABLE = ("operator_unit", "purpose", "reason", "case_id", "agency", "terminal", "system")


def compare(
    policy: tuple[list[Thing], list[Thing]],
    rows: list[Thing],
    hidden: set[str],
    known_on: str | None,
) -> None:
    """Judge lookups by a policy both ways."""
    every, exceptions = policy
    known = date.fromisoformat(known_on) if known_on else None
    with tempfile.TemporaryDirectory() as folder:
        try:
            rules = load_rules(write_pack(Path(folder), every, exceptions), known)
        except RuleError as error:
            # drawn by chance: a permit that can never permit is refused, and so is no policy
            if error.code != "AW-RULES-018":
                raise
            reject()
    filled = [
        {"event_id": f"e{n}", "lookup_id": f"e{n}", "line": n, "origin": "manual", **row}
        for n, row in enumerate(rows)
    ]
    batch = pa.Table.from_pylist(filled, schema=LOOKUPS.schema).combine_chunks().to_batches()[0]
    cases = pa.Table.from_pylist(
        [{"case_id": "26-00001", "opened": date(2026, 2, 1), "closed": date(2026, 6, 30)},
         {"case_id": "26-00002", "opened": date(2026, 1, 1)}],
        schema=CASES.schema,
    )  # fmt: skip
    facts = make_facts(Context(cases=cases), {"closed": frozenset(hidden)})
    reader = Reader(every, exceptions, known_on)
    for row, got in zip(rows, judge(rules, batch, facts).verdicts.to_pylist(), strict=True):
        seen = {**row, "hidden": hidden if row["source_id"] == "closed" else set()}
        verdict, statement, lifted = reader.says(seen)
        event(verdict)
        assert (got["verdict"], got["suppressed_by"]) == (verdict, lifted)
        if statement:
            assert got["statement_id"] == statement


GENERATED = (
    policies(),
    st.lists(lookups, min_size=1, max_size=40),
    st.sets(st.sampled_from(HIDEABLE)),
    st.sampled_from([None, "2026-01-20", "2026-03-10", "2026-07-05", "2026-12-31"]),
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(*GENERATED)
def test_verdicts_agree_with_a_plain_reading(
    policy: tuple[list[Thing], list[Thing]],
    rows: list[Thing],
    hidden: set[str],
    known_on: str | None,
) -> None:
    """Any policy says of any lookup what reading its statements one by one says."""
    compare(policy, rows, hidden, known_on)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(*GENERATED)
def test_verdicts_agree_with_a_plain_reading_at_length(
    policy: tuple[list[Thing], list[Thing]],
    rows: list[Thing],
    hidden: set[str],
    known_on: str | None,
) -> None:
    """The same, five thousand times."""
    compare(policy, rows, hidden, known_on)
