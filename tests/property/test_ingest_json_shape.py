"""JSON lines of one shape, read all at once, are what reading them one by one gives."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditwatch.config import Settings
from auditwatch.ingest import SourceRead, read_source
from auditwatch.ingest.jsonshape import Shape

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
values = st.one_of(
    st.none(), st.integers(), st.booleans(), st.text(max_size=5), st.floats(allow_nan=False),
    st.sampled_from(["a\\b", 'say "x"', "\u00e9\u4e2d", "\n", "\x00", "]}", "{", "\x7f", "/"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
extras = st.dictionaries(
    st.sampled_from(["reason", "n", "Reason", "case id", "x.y", 'q"', "\u00e9"]), values, max_size=3
)
noise = st.sampled_from(
    ['{"event_time":"2026-03-14T09:00:00Z","operator_id":"T2","operator_id":"T3","system":"N"}',
     '{"event_time":"2026-03-14T09:00:00Z","operator_id":"T\\ud800","system":"N"}', "", "{}", "["]
)  # fmt: skip


def line(extra: dict[str, object], compact: bool) -> str:
    """Return a record as a program writes it."""
    record = {"event_time": "2026-03-14T09:00:00Z", "operator_id": "T1", "system": "N", **extra}
    return json.dumps(record, separators=(",", ":") if compact else None, ensure_ascii=compact)


def read(content: str) -> SourceRead:
    """Read content as one file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "catalogue").mkdir()
        (folder / "catalogue" / "transactions.yml").write_text("transactions: []\n")
        (folder / "t.jsonl").write_text(content, "utf-8", "surrogatepass")
        return read_source(folder / "t.jsonl", Settings(), rules=folder, format_name="jsonl")


@given(st.lists(st.one_of(st.builds(line, extras, st.booleans()), noise), max_size=8), extras)
@example(
    ['{"event_time":"2026-03-14T09:00:00Z","operator_id":"T\\ud800","system":"N"}'],
    {"reason": float("inf")},
)
@QUICK
def test_the_short_way_gives_what_the_slow_one_gives(
    lines: list[str], extra: dict[str, object]
) -> None:
    """Whatever stands in the lines, the same records, values and refusals come out."""
    content = "\n".join([line(extra, compact=True), *lines, line(extra, compact=True)])
    fast = read(content)
    honest, Shape.of = Shape.of, lambda *_: None  # type: ignore[method-assign]
    try:
        slow = read(content)
    finally:
        Shape.of = honest  # type: ignore[method-assign]
    assert fast.source.equals(slow.source)
    assert fast.lookups.to_pylist() == slow.lookups.to_pylist()
    assert fast.rejects.equals(slow.rejects)
