"""Forms of yearly reports as data: ``rules/forms/``, so that another state is another file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.section import Section
from auditwatch.config import shipped_rules
from auditwatch.core.errors import RuleError, UsageError
from auditwatch.core.strict import read_documents, suggest
from auditwatch.findings.investigations import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["COUNTERS", "Form", "Line", "Part", "read_form"]

#: What a line may count; `annual` says how.
COUNTERS: Final = (
    "carried_in",
    "opened",
    "confirmed",
    "no_misuse",
    "pending",
    "persons",
    "queries",
    "action",
)
VERIFIED: Final = ("V", "V2", "U")
DUE: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True)
class Line:
    """One line of a form.

    Parameters
    ----------
    line_id, label : str
        For programs and for people.
    counts : str
        One of `COUNTERS`.
    of : tuple of str
        Of ``action``: the words of `investigations.ACTIONS` that it adds up.
    verified : str
        How far the line is known to stand on the form: V, V2 or U.
    """

    line_id: str
    label: str
    counts: str
    of: tuple[str, ...]
    verified: str


@dataclass(frozen=True)
class Part:
    """Lines under a heading."""

    part_id: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Form:
    """A yearly report that somebody asks for.

    Parameters
    ----------
    form_id, title, authority : str
        Which, and who asks.
    due : str
        ``MM-DD`` of the year after.
    boxes : str
        How far the form's exact boxes are known: V, V2 or U.
    confirming, clearing : frozenset of str
        What a standing decision in the queue means.
    parts : tuple of Part
        Its lines.
    """

    form_id: str
    title: str
    authority: str
    due: str
    boxes: str
    confirming: frozenset[str]
    clearing: frozenset[str]
    parts: tuple[Part, ...]

    @property
    def lines(self) -> list[Line]:
        """All lines in order."""
        return [line for part in self.parts for line in part.lines]


def read_form(rules: Path, name: str) -> Form:
    """Return a form of a pack, or the one that came with this installation.

    Raises
    ------
    UsageError
        ``AW-REPORT-002`` no form of that name.
    RuleError
        ``AW-REPORT-003`` a form that leaves an action or an investigation uncounted; otherwise as
        `Section` and `read_documents`.
    """
    folders = [folder / "forms" for folder in (rules, shipped_rules())]
    paths = {path.stem: path for folder in reversed(folders) for path in folder.glob("*.yml")}
    if not NAME.fullmatch(name) or name not in paths:
        raise UsageError(
            "no such form",
            code="AW-REPORT-002",
            where=name[:40],
            expected="one of " + ", ".join(sorted(paths)),
            hint=suggest(name, paths),
        )
    path = paths[name]
    documents = read_documents(path, shown=f"forms/{path.name}")
    if len(documents) != 1:
        raise RuleError("a form is one document", code="AW-REPORT-003", where=f"forms/{path.name}")
    return _form(Section(documents[0]))


def _form(section: Section) -> Form:
    """Return the form that a file says."""
    section.only("kind", "id", "title", "authority", "due", "boxes", "decisions", "parts")
    section.choice("kind", ("form",))
    due = section.text("due")
    if not DUE.fullmatch(due):
        raise section.error(
            "'due' is no day of a year", "due", code="AW-RULES-003", expected="MM-DD"
        )
    decisions = Section(section.document, ("decisions",)).only("confirmed", "cleared")
    form = Form(
        form_id=section.text("id"),
        title=section.text("title"),
        authority=section.text("authority"),
        due=due,
        boxes=section.choice("boxes", VERIFIED),
        confirming=frozenset(decisions.texts("confirmed")),
        clearing=frozenset(decisions.texts("cleared")),
        parts=tuple(_part(one) for one in section.sections("parts")),
    )
    _refuse_uncounted(form, section)
    return form


def _part(section: Section) -> Part:
    """Return one part of a form."""
    section.only("id", "title", "lines")
    lines = tuple(_line(one) for one in section.sections("lines"))
    return Part(section.text("id"), section.text("title"), lines)


def _line(section: Section) -> Line:
    """Return one line of a form."""
    section.only("id", "label", "counts", "of", "verified")
    counts = section.choice("counts", COUNTERS)
    of = tuple(section.texts("of")) if section.has("of") else ()
    for word in of:
        if word not in ACTIONS:
            raise section.error(
                f"unknown action {word!r}",
                "of",
                code="AW-RULES-004",
                expected="some of " + ", ".join(ACTIONS),
                hint=suggest(word, ACTIONS),
            )
    if bool(of) != (counts == "action"):
        raise section.error(
            "'of' goes with 'counts: action'", code="AW-REPORT-003", expected="of: [suspended]"
        )
    return Line(
        section.text("id"), section.text("label"), counts, of, section.choice("verified", VERIFIED)
    )


def _refuse_uncounted(form: Form, section: Section) -> None:
    """Refuse a form on which an investigation would get lost, or that says a thing twice."""
    names = [line.line_id for line in form.lines]
    counted = {line.counts for line in form.lines}
    lacking = [one for one in COUNTERS if one not in counted]
    if len(set(names)) != len(names) or lacking or form.confirming & form.clearing:
        raise section.error(
            "a form on which something is counted twice or not at all",
            "parts",
            code="AW-REPORT-003",
            expected="lines with ids of their own, each decision once, and lines that count "
            + ", ".join(lacking or COUNTERS),
        )
