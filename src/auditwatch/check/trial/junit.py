"""Trials as JUnit XML, which every build server shows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.check.trial.trying import Trial

__all__ = ["junit"]


def junit(trials: Sequence[Trial]) -> str:
    """Return trials as a JUnit document, a suite for each rule and one for the policy.

    Parameters
    ----------
    trials : sequence of Trial
        In order of their names.
    """
    failed = sum(not trial.passed for trial in trials)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="auditwatch rules" tests="{len(trials)}" failures="{failed}">',
    ]
    for name, group in groupby(trials, lambda trial: trial.name):
        suite = list(group)
        failed = sum(not trial.passed for trial in suite)
        lines.append(f'  <testsuite name={_quoted(name)} tests="{len(suite)}" failures="{failed}">')
        lines.extend(line for trial in suite for line in _case(trial))
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(trial: Trial) -> list[str]:
    """Return one trial."""
    file, _, line = trial.sample.place.partition(":")
    head = (
        f"    <testcase classname={_quoted(trial.name)} name={_quoted(trial.sample.title)}"
        f" file={_quoted(file)} line={_quoted(line)}"
    )
    if trial.passed:
        return [f"{head}/>"]
    told = f"expected {trial.sample.expected}, got {trial.got}"
    if not trial.says_so:
        told += f"; the sentence does not say {trial.sample.says!r}"
    return [
        f"{head}>",
        f"      <failure message={_quoted(told)}>{escape(_legal(trial.sample.place))}</failure>",
        "    </testcase>",
    ]


def _quoted(text: str) -> str:
    """Return an attribute's value in quotes."""
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """Return text without the characters that XML cannot have."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
