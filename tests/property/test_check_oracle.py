"""`judge` against plain row-by-row readings of the same rules, on generated rules and tables."""

from __future__ import annotations

import re
import tempfile
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.check import Ruleset, judge, load_rules, make_facts
from auditwatch.check.columns import Columns
from auditwatch.check.narrow import three_valued
from auditwatch.check.section import Section
from auditwatch.check.selection import compile_detection
from auditwatch.core.schema import LOOKUPS, Context
from auditwatch.core.strict import read_documents

RULES = Path(__file__).parents[2] / "rules"
COLUMNS = ("terminal", "agency", "outcome", "reason_norm")
TEXTS = ("", "a", "b", "ab", "A.B", "a*b", "Ba", "aab")

# A row: values, or None; and the fields that its source hides.
Row = dict[str, Any]

# A test: column, modifier, value, in the words of a rule file and as a plain predicate.
TESTS = {
    "": lambda text, value: text.lower() == value.lower(),
    "|contains": lambda text, value: value.lower() in text.lower(),
    "|startswith": lambda text, value: text.lower().startswith(value.lower()),
    "|endswith": lambda text, value: text.lower().endswith(value.lower()),
    "|cased": lambda text, value: text == value,
    "|re": lambda text, value: re.search(value, text) is not None,
}
VALUES = ("a", "b", "AB", "a.b")


@st.composite
def items(draw: st.DrawFn) -> tuple[str, str, tuple[str, ...]]:
    """Return one item: column, modifier, values."""
    modifier = draw(st.sampled_from([*TESTS, "|exists", "|null"]))
    column = draw(st.sampled_from(COLUMNS))
    if modifier in ("|exists", "|null"):
        return column, modifier, (draw(st.sampled_from(["true", "false"])),)
    count = draw(st.integers(1, 2))
    return column, modifier, tuple(draw(st.permutations(VALUES))[:count])


selections = st.dictionaries(
    st.sampled_from(["s_one", "s_two", "t_one"]),
    st.lists(items(), min_size=1, max_size=2, unique_by=lambda item: item[:2]),
    min_size=1,
)


def conditions(names: list[str]) -> st.SearchStrategy[Any]:
    """Return condition trees over these selections."""
    return st.recursive(
        st.sampled_from(names),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        ),
        max_leaves=5,
    )


def written(tree: Any) -> str:
    """Return a condition as text."""
    if isinstance(tree, str):
        return tree
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"


def detection(chosen: dict[str, Any], tree: Any) -> str:
    """Return a detection section as text."""
    lines = []
    for name, parts in chosen.items():
        lines.append(f"{name}:")
        for column, modifier, values in parts:
            if modifier == "|null":
                lines.append(f"  {column}: null")
            elif modifier == "|exists":
                lines.append(f"  {column}|exists: {values[0]}")
            else:
                listed = ", ".join(f"'{value}'" for value in values)
                lines.append(f"  {column}{modifier}: [{listed}]")
    return "\n".join([*lines, f"condition: {written(tree)}"])


def holds(item: tuple[str, str, tuple[str, ...]], row: Row) -> bool | None:
    """Return what one item says of a row; None when the source hides the column."""
    column, modifier, values = item
    if column.removesuffix("_norm") in row["hidden"]:
        return None
    text = row[column]
    if modifier in ("|null", "|exists"):
        return bool(text) is (modifier == "|exists" and values[0] == "true")
    return bool(text) and any(TESTS[modifier](text, value) for value in values)


def kleene(answers: list[bool | None], decisive: bool) -> bool | None:
    """Return all (decisive False) or any (decisive True) of three-valued answers."""
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def oracle(chosen: dict[str, Any], tree: Any, row: Row) -> bool | None:
    """Return what a condition says of a row, read plainly."""
    if isinstance(tree, str):
        return kleene([holds(item, row) for item in chosen[tree]], decisive=False)
    parts = [oracle(chosen, part, row) for part in tree[1:]]
    if tree[0] == "not":
        return None if parts[0] is None else not parts[0]
    return kleene(parts, decisive=tree[0] == "or")


rows_strategy = st.lists(
    st.fixed_dictionaries(
        {
            **{column: st.sampled_from([None, *TEXTS]) for column in COLUMNS},
            "source_id": st.sampled_from(["open", "closed"]),
        }
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def rules(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Return selections and a condition over them."""
    chosen = draw(selections)
    return chosen, draw(conditions(sorted(chosen)))


@lru_cache(maxsize=1)
def pack() -> Ruleset:
    """Return the shipped pack, read once."""
    return load_rules(RULES)


def as_batch(rows: list[Row]) -> pa.RecordBatch:
    """Return rows as a batch of heads."""
    filled = [
        {"event_id": f"e{n}", "lookup_id": f"e{n}", "line": n, "origin": "manual", **row}
        for n, row in enumerate(rows)
    ]
    table = pa.Table.from_pylist(filled, schema=LOOKUPS.schema)
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in table.columns], schema=table.schema
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rules(),
    rows_strategy,
    st.sets(st.sampled_from(["terminal", "agency", "outcome", "reason"])),
)
def test_conditions_agree_with_a_plain_reading(
    rule: tuple[dict[str, Any], Any], rows: list[Row], hidden: set[str]
) -> None:
    """Every generated condition says yes, no or unknown of a row as a plain reader would."""
    chosen, tree = rule
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.yml"
        path.write_text(detection(chosen, tree), "utf-8")
        compiled = compile_detection(Section(read_documents(path)[0]), {})
    facts = make_facts(Context(), {"closed": frozenset(hidden)})
    answers = three_valued(compiled, Columns(as_batch(rows), facts, pack().catalogue))
    for row, answer in zip(rows, answers.tolist(), strict=True):
        seen = {**row, "hidden": hidden if row["source_id"] == "closed" else set()}
        assert {0: False, 1: True, 2: None}[answer] is oracle(chosen, tree, seen)


lookups = st.fixed_dictionaries(
    {
        "night": st.sampled_from(["2015-06-01", "2017-12-31", "2024-12-31", "2026-01-15"]),
        "operator_unit": st.sampled_from(
            ["patrol-north", "licensing", "records", "personnel", "custody", "harbour", None]
        ),
        "operator_role": st.sampled_from(["officer", None]),
        "system": st.sampled_from(["NLETS", "III", "MHFPS", None]),
        "transaction": st.sampled_from(["RQ", "QH", "QG", "PLATE", "IAQ", "ZR", "L1", None]),
        "purpose": st.sampled_from(["C", "A", "F", "J", "U", "S", "I", "Z", None]),
        "reason_norm": st.sampled_from(
            ["traffic stop", "test", None, "immigration", "u visa immigration", "ccw", "gun return"]
        ),
        "case_id": st.sampled_from([None, "26-00417", "NONE"]),
        "source_id": st.sampled_from(["open", "closed"]),
    }
)
REASONS = {
    "immigration_purpose": {"immigration", "u visa immigration"},
    "immigration_exception": {"u visa immigration"},
    "carry_permit": {"ccw"},
    "firearm_return": {"gun return"},
}
REQUIRED = {"QH", "IAQ", "ZR"}


def requirement(name: str, row: Row) -> bool | None:
    """Return what a shipped requirement says of a row, read plainly."""
    reason, hides = row["reason_norm"], "reason" in row["hidden"]
    if name in ("case_number", "any_number"):
        return True if row["case_id"] == "26-00417" else None if hides else False
    if name == "incident_number":
        return False if row["case_id"] == "26-00417" else None if hides else False
    if hides:
        return None
    return reason not in (None, "test") if name == "reason" else reason in REASONS[name]


def statement_says(statement: Any, row: Row) -> bool | None:
    """Return whether a permit or forbid holds for a row, read plainly."""
    catalogue = pack().catalogue
    known = {
        "units": row["operator_unit"] if row["operator_unit"] in catalogue.units else None,
        "roles": row["operator_role"],
        "systems": row["system"],
        "transactions": row["transaction"]
        if row["transaction"] in catalogue.transactions
        else None,
    }
    answers: list[bool | None] = []
    for name, value in known.items():
        covered = getattr(statement, name)
        if covered is not None:
            answers.append(None if value is None else value in covered)
    if statement.purposes is not None:
        answers.append(purpose_fits(statement, row, known["transactions"]))
    answers += [requirement(name, row) for name in statement.all_of]
    if statement.any_of:
        answers.append(kleene([requirement(name, row) for name in statement.any_of], decisive=True))
    lifted = kleene([requirement(name, row) for name in statement.unless], decisive=True)
    answers.append(None if lifted is None else not lifted)
    return kleene(answers, decisive=False)


def purpose_fits(statement: Any, row: Row, transaction: str | None) -> bool | None:
    """Return whether the declared purpose is one that a statement covers."""
    if not row["purpose"]:
        if statement.forbids:
            return False
        return None if transaction is None else transaction not in REQUIRED
    withdrawn = row["purpose"] == "U" and row["night"] >= "2025-01-01"
    return row["purpose"] in statement.purposes and (statement.forbids or not withdrawn)


def plain_verdict(row: Row) -> str:
    """Return the first three grades of the verdict on a row, or ``refused``."""
    night = date.fromisoformat(row["night"])
    answers: dict[bool, list[bool | None]] = {True: [], False: []}
    for statement in pack().statements:
        if statement.since <= night and (statement.until is None or night < statement.until):
            answers[statement.forbids].append(statement_says(statement, row))
    if True in answers[True]:
        return "forbidden"
    if None in answers[True]:
        return "cannot_decide"
    if True in answers[False]:
        return "permitted"
    unknown = row["transaction"] not in pack().catalogue.transactions
    return "cannot_decide" if unknown or None in answers[False] else "refused"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(lookups, min_size=1, max_size=30), st.booleans())
def test_verdicts_agree_with_a_plain_reading(rows: list[Row], hides: bool) -> None:
    """The shipped policy says of each lookup what reading its statements one by one says."""
    hidden = frozenset({"reason"}) if hides else frozenset()
    result = judge(pack(), as_batch(rows), make_facts(Context(), {"closed": hidden}))
    grades = {"forbidden", "cannot_decide", "permitted"}
    for row, verdict in zip(rows, result.verdicts.column("verdict").to_pylist(), strict=True):
        seen = {**row, "hidden": hidden if row["source_id"] == "closed" else frozenset()}
        assert (verdict if verdict in grades else "refused") == plain_verdict(seen)
