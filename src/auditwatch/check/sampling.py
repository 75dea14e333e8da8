"""Reading samples from rule files and from the files of ``tests/``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from auditwatch.check.sample import AT, WRITABLE, Sample, cell_of
from auditwatch.check.section import Section
from auditwatch.core.contexttables import CONTEXT_TABLES
from auditwatch.core.schema import SOURCE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditwatch.core.strict import Document, Plain

    Rows = Mapping[str, tuple[Mapping[str, str], ...]]

__all__ = ["read_samples", "read_tests"]

#: In a row of lookups: a time since the one before, how often, and how far apart.
RELATIVE: Final = ("after", "times", "every")
DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
TIMES_MAX: Final = 10_000
KINDS: Final = ("decisions", "decision_table", "rule_tests")
#: Columns of a decision table that are no columns of a lookup.
SAID: Final = ("title", "verdict", "says")


def read_samples(
    section: Section, key: str = "tests", expects: str = "fires"
) -> tuple[Sample, ...]:
    """Read the list of samples under a key.

    Raises
    ------
    RuleError
        ``AW-RULES-002`` to ``-005``, ``AW-YAML-006``: a key or value that cannot be used.
    """
    return tuple(sample for item in section.sections(key) for sample in _samples(item, expects))


def read_tests(documents: Iterable[Document], rules: Iterable[str]) -> Iterator[tuple[str, Sample]]:
    """Read the documents of ``tests/``.

    Parameters
    ----------
    documents : iterable of Document
        Each of a kind: ``decisions`` a list of samples, ``decision_table`` a row a sample,
        ``rule_tests`` samples of one rule.
    rules : iterable of str
        Names of the pack's rules.

    Yields
    ------
    tuple of str and Sample
        The rule's name, or nothing for the policy, and a sample.

    Raises
    ------
    RuleError
        As `read_samples`.
    """
    known = tuple(rules)
    for document in documents:
        section = Section(document)
        kind = section.choice("kind", KINDS)
        if kind == "decisions":
            section.only("kind", "decisions")
            yield from (("", one) for one in read_samples(section, "decisions", "verdict"))
        elif kind == "decision_table":
            yield from (("", one) for one in _table(section))
        else:
            section.only("kind", "rule", "tests")
            name = section.choice("rule", known)
            yield from ((name, one) for one in read_samples(section))


def _samples(section: Section, expects: str) -> Iterator[Sample]:
    """Read one entry: a sample, or one for each night of its ``nights``."""
    shared = ("title", "lookup", "lookups", "context", "not_exported", "says")
    section.only(*shared, expects, "nights")
    lookups = _lookups(section)
    told = _told(section)
    if not section.has("nights"):
        yield _sample(section, lookups, _expected(section, expects), told)
        return
    if section.has(expects):
        raise section.error(
            f"'nights' and {expects!r}", "nights", code="AW-RULES-003", expected="one of the two"
        )
    nights = section.section("nights")
    for night in nights.keys:
        _check_night(nights, night)
        moved = tuple({**one, "night": night} for one in lookups)
        sample = _sample(section, moved, _expected(nights, night, expects), told)
        yield _on(sample, night, nights.document.place(*nights.path, night).rsplit(":", 1)[0])


def _on(sample: Sample, night: str, place: str) -> Sample:
    """Return a sample under the name of its night, at the place of its expectation."""
    return Sample(
        f"{sample.title} ({night})",
        sample.lookups,
        sample.context,
        sample.not_exported,
        sample.expected,
        place,
        sample.says,
    )


def _sample(
    section: Section,
    lookups: tuple[Mapping[str, str], ...],
    expected: str,
    told: tuple[Rows, frozenset[str]],
) -> Sample:
    """Return one sample."""
    title, says = section.text("title"), section.text("says", "-")
    return Sample(
        title, lookups, *told, expected, section.place, says if section.has("says") else ""
    )


def _told(section: Section) -> tuple[Rows, frozenset[str]]:
    """Return the context tables of a sample, and the fields that its source does not export."""
    context: dict[str, tuple[Mapping[str, str], ...]] = {}
    if section.has("context"):
        given = section.section("context").only(*CONTEXT_TABLES)
        for name in given.keys:
            context[name] = tuple(_context_row(name, row) for row in given.sections(name))
    return context, frozenset(section.texts("not_exported", SOURCE_FIELDS))


def _context_row(table: str, row: Section) -> Mapping[str, str]:
    """Read one row of a context table; days and times have to be such."""
    row.only(*CONTEXT_TABLES[table].names)
    schema, found = CONTEXT_TABLES[table].schema, {}
    for key in row.keys:
        found[key] = row.text(key)
        try:
            cell_of(found[key], schema.field(key).type)
        except ValueError as error:
            raise row.error(
                f"{key!r} is no day or time", key, code="AW-RULES-005", expected="2026-01-15"
            ) from error
    return found


def _lookups(section: Section) -> tuple[Mapping[str, str], ...]:
    """Read the lookup of a sample, or its lookups in a row; the one is shared by the others."""
    shared: Mapping[str, str] = {}
    if section.has("lookup") or not section.has("lookups"):
        shared = _lookup(section.section("lookup").only(*WRITABLE, AT))
    if not section.has("lookups"):
        return (shared,)
    found: list[Mapping[str, str]] = []
    for item in section.sections("lookups"):
        found.extend(_in_a_row(item, shared, found))
    if not found:
        raise section.error("no lookup", "lookups", code="AW-RULES-003", expected="at least one")
    return tuple(found)


def _in_a_row(
    item: Section, shared: Mapping[str, str], before: list[Mapping[str, str]]
) -> Iterator[Mapping[str, str]]:
    """Yield the lookups of one entry of a row: once, or as often as it says."""
    item.only(*WRITABLE, AT, *RELATIVE)
    own = {name: item.text(name) for name in item.keys if name not in RELATIVE}
    start = own.get(AT) or shared.get(AT)
    if item.has("after"):
        if not before or AT not in before[-1] or AT in own:
            raise item.error(
                "'after' needs the time of the lookup before it",
                "after",
                code="AW-RULES-005",
                expected='at: "2026-01-15T10:00:00" in the first lookup, and in none after it',
            )
        start = (datetime.fromisoformat(before[-1][AT]) + _duration(item, "after")).isoformat()
    times = item.whole("times") if item.has("times") else 1
    if not 1 <= times <= TIMES_MAX:
        raise item.error(
            "too many or none", "times", code="AW-RULES-003", expected=f"1 to {TIMES_MAX}"
        )
    step = _duration(item, "every") if item.has("every") else timedelta()
    for turn in range(times):
        moved = {} if start is None else {AT: _moved(item, start, step * turn)}
        clock = _clock(moved[AT]) if moved else {}
        yield {**shared, **clock, **own, **moved}


def _moved(item: Section, start: str, by: timedelta) -> str:
    """Return a time some while later."""
    return (_moment(item, start) + by).isoformat()


def _duration(section: Section, key: str) -> timedelta:
    """Return a span of time written like ``90s``, ``5m``, ``2h`` or ``1d``."""
    written = DURATION.fullmatch(section.text(key))
    if written is None:
        raise section.error(
            f"{key!r} is no span of time", key, code="AW-RULES-003", expected="90s, 5m, 2h or 1d"
        )
    return timedelta(seconds=int(written[1]) * SECONDS[written[2]])


def _lookup(section: Section) -> Mapping[str, str]:
    """Read the columns of one lookup; a time tells night, hour and weekday as well."""
    found = {name: section.text(name) for name in section.keys}
    if AT not in found:
        return found
    _moment(section, found[AT])
    return {**_clock(found[AT]), **found}


def _moment(section: Section, text: str) -> datetime:
    """Return a time on the agency's clock."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise section.error(
            f"{AT!r} is no time", AT, code="AW-RULES-005", expected="2026-01-15T10:00:05"
        ) from error


def _clock(text: str) -> dict[str, str]:
    """Return the night, hour and weekday of a time."""
    when = datetime.fromisoformat(text)
    return {
        "night": when.date().isoformat(),
        "local_hour": str(when.hour),
        "local_weekday": str(when.weekday()),
    }


def _check_night(section: Section, night: str) -> None:
    """Refuse a night that is no date."""
    try:
        datetime.strptime(night, "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise section.error(
            f"{night!r} is no calendar day", night, code="AW-RULES-005", expected='"YYYY-MM-DD"'
        ) from error


def _expected(section: Section, key: str, expects: str = "") -> str:
    """Return what is expected of a rule (a truth, or places) or of the policy (a verdict)."""
    if (expects or key) == "verdict":
        return section.text(key)
    if not section.has(key):
        raise section.error(f"{key!r} is missing", code="AW-RULES-002", expected=f"{key}: …")
    if isinstance(section.document.at(*section.path, key), list):
        places = section.texts(key)
        if not all(place.isascii() and place.isdigit() for place in places):
            raise section.error(
                "no place of a lookup", key, code="AW-RULES-003", expected="such as [2, 3]"
            )
        return ", ".join(places)
    return "true" if section.flag(key) else "false"


def _table(section: Section) -> Iterator[Sample]:
    """Read a decision table: a row a sample, a column a column of the lookup."""
    section.only("kind", "title", "lookup", "context", "not_exported", "columns", "rows")
    title = section.text("title")
    columns = section.texts("columns", (*WRITABLE, *SAID))
    if "verdict" not in columns:
        raise section.error(
            "no column for the verdict",
            "columns",
            code="AW-RULES-002",
            expected="[…, verdict]",
        )
    shared = _lookup(section.section("lookup").only(*WRITABLE)) if section.has("lookup") else {}
    told = _told(section)
    rows = section.document.at(*section.path, "rows") if section.has("rows") else None
    for place, cells in enumerate(rows if isinstance(rows, list) else ()):
        named = _cells(section, columns, cells, place)
        lookup = {name: text for name, text in named.items() if name not in SAID}
        yield Sample(
            title=f"{title}: {named.get('title', f'row {place + 1}')}",
            lookups=({**shared, **lookup},),
            context=told[0],
            not_exported=told[1],
            expected=named["verdict"],
            place=section.document.place(*section.path, "rows", place).rsplit(":", 1)[0],
            says=named.get("says", ""),
        )
    if not isinstance(rows, list) or not rows:
        raise section.error("no rows", code="AW-RULES-002", expected="rows: [[a, b], …]")


def _cells(section: Section, columns: tuple[str, ...], cells: Plain, row: int) -> dict[str, str]:
    """Return the cells of one row that have a value, by column."""
    if not isinstance(cells, list) or len(cells) != len(columns):
        raise section.error(
            "a row that does not fit the columns",
            "rows",
            row,
            code="AW-RULES-003",
            expected=f"a list of {len(columns)}: {', '.join(columns)}",
            hint="write ~ where a lookup has no value",
        )
    named: dict[str, str] = {}
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        if cell is not None and not isinstance(cell, str):
            raise section.error(
                "not a text", "rows", row, place, code="AW-RULES-003", expected="a text, or ~"
            )
        if cell not in (None, "", "~"):
            section.refuse_changed(str(cell), "rows", row, place)
            named[column] = str(cell)
    if "verdict" not in named:
        raise section.error(
            "a row without a verdict", "rows", row, code="AW-RULES-002", expected="a verdict"
        )
    return named
