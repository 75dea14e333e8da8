"""Every sample log, found by discovery, yields what stands beside it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.fuzz.targets import targets
from tests.golden.expected import read_sample, shown

from auditwatch.ingest import format_names
from auditwatch.ingest.sheettables import sheet_head
from auditwatch.ingest.sniff import GENERAL, known_formats
from auditwatch.ingest.stream import Stream

ROOT = Path(__file__).parents[2]
DAMAGES = 15
SAMPLES = sorted((ROOT / "sample_logs").glob("*.expected.json"))


def _log(expected: Path) -> Path:
    """Return the log that an expectation belongs to."""
    return expected.with_name(expected.name.removesuffix(".expected.json"))


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda path: path.name)
def test_a_sample_log_yields_what_stands_beside_it(expected: Path) -> None:
    """A sample gives exactly the account, rejects, gaps, cascades and first lookups expected."""
    wanted = json.loads(expected.read_text("utf-8"))
    found = shown(read_sample(_log(expected)))
    found["lookups"] = found["lookups"][: len(wanted["lookups"])]
    assert found == wanted


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_claimed_by_its_own_format_alone(expected: Path) -> None:
    """No other format that knows its columns takes a sample for its own."""
    log = _log(expected)
    if Path(f"{log}.mapping.yml").exists():
        return  # columns that a mapping names belong to no format that knows its own
    wanted = json.loads(expected.read_text("utf-8"))["account"]["format"]
    with Stream(log) as stream:
        head = sheet_head(stream) or stream.head
    claims = {name for name, one in known_formats().items() if one.sniff(head)}
    assert wanted in claims
    assert claims - set(GENERAL) in ({wanted}, set())


def test_every_format_has_a_sample() -> None:
    """No format is without a sample log and its expectation."""
    described = {json.loads(path.read_text("utf-8"))["account"]["format"] for path in SAMPLES}
    assert described == set(format_names())


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda path: path.name)
def test_a_damaged_sample_is_accounted_for_or_refused(expected: Path) -> None:
    """Whatever happened to a sample, its lines balance or it is refused with a code."""
    chance = random.Random(expected.name)
    whole = _log(expected).read_bytes()
    read = targets()[f"format-{json.loads(expected.read_text('utf-8'))['account']['format']}"]
    for _ in range(DAMAGES):
        read(_damaged(whole, chance))


def _damaged(whole: bytes, chance: random.Random) -> bytes:
    """Return bytes with a stretch cut out, doubled, or overwritten by what formats stumble on."""
    first, after = sorted(chance.choices(range(len(whole) + 1), k=2))
    stretch = whole[first:after]
    instead = chance.choice([b"", stretch * 2, b'"', b"\0", b"\xff", b"\r", b"\n\n", b"{[<"])
    return whole[:first] + instead + whole[chance.choice([first, after]) :]


def test_the_three_containers_of_one_trail_hold_the_same_lookups() -> None:
    """One PostgreSQL trail is read alike from plain log, csvlog and jsonlog."""
    own = ["source_id", "line", "byte_start", "byte_end"]
    read = [
        read_sample(ROOT / "sample_logs" / f"pgaudit.{kind}")
        .lookups.drop_columns(own)
        .sort_by("event_id")
        .to_pylist()
        for kind in ("log", "csv", "json")
    ]
    assert read[0] == read[1] == read[2]
    assert len(read[0]) == 13
