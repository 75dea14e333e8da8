"""Every format has a page: what becomes of each field, in agreement with the samples."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditwatch.core.schema import SOURCE_FIELDS
from auditwatch.ingest import format_names
from auditwatch.ingest.sniff import GENERAL

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "docs" / "reference" / "formats.md"
PAGES = SHARED.with_suffix("")
SAMPLES = sorted((ROOT / "sample_logs").glob("*.expected.json"))
#: Formats whose columns are the canonical ones, or those that a mapping file names.
KNOWING = sorted(set(format_names()) - set(GENERAL))
WORD = re.compile(r"`(\w+)`")
SILENT = re.compile(r"^Not exported: .*?\.$", re.MULTILINE | re.DOTALL)


def _page(name: str) -> Path:
    """Return the page of a format: its own, or the one of its family."""
    own = PAGES / f"{name}.md"
    return own if own.is_file() else PAGES / f"{name.partition('-')[0]}.md"


def _silent(text: str) -> set[str]:
    """Return the fields that a page calls not exported."""
    found = SILENT.search(text)
    return set(WORD.findall(found[0])) if found else set()


def _expected(name: str) -> dict[str, dict[str, Any]]:
    """Return what the samples of a format yield, by sample."""
    read = {path: json.loads(path.read_text("utf-8")) for path in SAMPLES}
    return {
        path.name.removesuffix(".expected.json"): one
        for path, one in read.items()
        if one["account"]["format"] == name
    }


def test_every_format_has_a_page_and_every_page_a_format() -> None:
    """A format without a page cannot be trusted, and a page without a format is a lie."""
    wanted, there = {_page(name) for name in format_names()}, set(PAGES.glob("*.md"))
    assert wanted - there == set(), "write this page"
    assert there - wanted == set(), "no format is called like this page"


@pytest.mark.parametrize("name", KNOWING)
def test_a_page_says_of_each_field_what_becomes_of_it(name: str) -> None:
    """Each canonical field is filled from something or called not exported."""
    text = _page(name).read_text("utf-8")
    assert _silent(text), "write a paragraph 'Not exported: …'"
    assert set(SOURCE_FIELDS) - set(WORD.findall(text)) == set()


@pytest.mark.parametrize("name", KNOWING)
def test_what_a_page_calls_not_exported_is_in_no_sample(name: str) -> None:
    """No sample of a format fills a field that its page says is not exported."""
    silent = _silent(_page(name).read_text("utf-8")) - {"event_id", "origin"}  # given to each
    filled = {
        field
        for one in _expected(name).values()
        for row in one["lookups"]
        for field, value in row.items()
        if value
    }
    assert silent & filled == set()


@pytest.mark.parametrize("name", format_names())
def test_a_page_links_the_samples_of_its_format(name: str) -> None:
    """Whoever reads of a format can see one."""
    text = _page(name).read_text("utf-8")
    assert [sample for sample in _expected(name) if f"sample_logs/{sample})" not in text] == []


@pytest.mark.parametrize("name", format_names())
def test_what_the_samples_refuse_and_tell_is_explained(name: str) -> None:
    """Each reject code and gap that a sample shows stands on its page or on that of all formats."""
    known = set(WORD.findall(_page(name).read_text("utf-8") + SHARED.read_text("utf-8")))
    told = {
        code
        for one in _expected(name).values()
        for code in (*one["account"]["rejects"], *(gap[1] for gap in one["gaps"]))
    }
    assert told - known == set()
