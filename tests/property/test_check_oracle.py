"""Generated conditions on generated tables, against plain row-by-row readings of the same."""

from __future__ import annotations

import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditwatch.check import Ruleset, load_rules, make_facts
from auditwatch.check.answers import YES
from auditwatch.check.columns import Columns
from auditwatch.check.narrow import three_valued
from auditwatch.check.section import Section
from auditwatch.check.selection import compile_detection
from auditwatch.core.contexttables import Context
from auditwatch.core.schema import LOOKUPS
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


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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


#: What breaks out of queries, patterns, templates, paths, lines and letter case elsewhere.
NASTY = (
    "' OR '1'='1", '"; DROP TABLE lookups;--', "%", "_", "*", "?", "\\", ".*", "(a+)+$", "[^",
    "{0}", "{{7*7}}", "${x}", "%s%n", "../etc", "\x00", "\n", "\r\n", "\u202e", "\u200b", "\ufeff",
    "\u0130", "ß", "\u017f", "\u212a", "é", "e\u0301", "\U0001d4b6", "=1+1", "<b>", "&amp;", "null",
    "NaN", "0x10", "#", "|", "\u2028", " ", "\t",
)  # fmt: skip
HOSTILE = [f"q{one}{other}" for one in NASTY for other in NASTY][:: len(NASTY) ** 2 // 500][:500]


def literal(text: str) -> str:
    """Return a text as a rule's value that stands for itself, every character by its number."""
    escaped = re.sub(r"([\\*?])", r"\\\1", text)
    return '"' + "".join(f"\\U{ord(character):08x}" for character in escaped) + '"'


def test_hostile_values_are_hit_by_what_they_are_and_by_nothing_else(tmp_path: Path) -> None:
    """Five hundred hostile texts, in the lookups and in the rules, hit what a plain reader hits."""
    modifiers = ("", "|contains", "|startswith", "|endswith", "|cased")
    asked = [(modifiers[n % len(modifiers)], text) for n, text in enumerate(HOSTILE)]
    asked = [(how, text[1:] if how in ("|contains", "|endswith") else text) for how, text in asked]
    path = tmp_path / "rules.yml"
    path.write_text(
        "\n---\n".join(
            f"s:\n  terminal{modifier}: {literal(text)}\ncondition: s" for modifier, text in asked
        ),
        "utf-8",
    )
    rows: list[Row] = [{"terminal": text, "source_id": "s"} for text in HOSTILE]
    columns = Columns(as_batch(rows), make_facts(Context(), {}), pack().catalogue)
    assert len(HOSTILE) == 500
    for (modifier, text), document in zip(asked, read_documents(path), strict=True):
        found = three_valued(compile_detection(Section(document), {}), columns) == YES
        for row, hit in zip(HOSTILE, found.tolist(), strict=True):
            assert hit is told(modifier, text, row), (modifier, text, row)
        assert found.any()


def told(modifier: str, value: str, text: str) -> bool:
    """Return what a plain reader says of a text."""
    if modifier == "|cased":
        return value == text
    one, other = value.casefold(), text.casefold()
    return {
        "": other == one,
        "|contains": one in other,
        "|startswith": other.startswith(one),
        "|endswith": other.endswith(one),
    }[modifier]
