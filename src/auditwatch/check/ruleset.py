"""A rule pack, read whole or refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue_files import (
    CatalogueFiles,
    parse_file,
    raw_file,
    read_catalogue,
    read_folder,
    rule_files,
)
from auditwatch.check.exemption import Exemption, read_exemptions
from auditwatch.check.policy import Policy
from auditwatch.check.requirement import Requirement, read_logsources, read_requirements
from auditwatch.check.rule import Rule, read_rules
from auditwatch.check.sampling import read_tests
from auditwatch.check.section import Section
from auditwatch.check.statement import Statement, read_statements
from auditwatch.check.versions import as_known
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.check.sample import Sample
    from auditwatch.core.strict import Document

    Documents = Mapping[str, list[Document]]

__all__ = [
    "FOLDERS",
    "Ruleset",
    "compile_rules",
    "load_rules",
    "read_documents_of",
    "refuse_missing",
    "refuse_unknown",
]

CATALOGUE: Final = ("catalogue", "catalogue/lists")
FOLDERS: Final = (*CATALOGUE, "permits", "detections", "exceptions", "tests")

#: Stands in a pack and judges nothing, so it is no part of the version: forms of yearly reports.
ASIDE: Final = "forms"


@dataclass(frozen=True)
class Ruleset:
    """Everything that lookups are judged by.

    Parameters
    ----------
    version : str
        SHA-256 over the canonical content: comments, blanks and order of keys do not count.
    catalogue : Catalogue
        Known names.
    requirements : mapping of str to Requirement
        Conditions that statements name.
    statements : tuple of Statement
        Permits and forbids, sorted by id and first day, as far as they were known.
    exemptions : mapping of str to Exemption
        Approved exceptions by id, as far as they were known.
    rules : tuple of Rule
        Detection rules, sorted by id.
    decisions : tuple of Sample
        Sample lookups of ``tests/`` with the verdict each must get.
    """

    version: str
    catalogue: Catalogue
    requirements: Mapping[str, Requirement]
    statements: tuple[Statement, ...]
    exemptions: Mapping[str, Exemption]
    rules: tuple[Rule, ...]
    decisions: tuple[Sample, ...]

    @cached_property
    def policy(self) -> Policy:
        """The statements, ready to decide; what matters to a declaration is worked out once."""
        return Policy(self.statements, self.catalogue, self.requirements, self.exemptions)

    @property
    def reach_nights(self) -> int:
        """Nights before its own into which a window reaches, correlations of others added up."""
        named = {rule.rule_id: rule for rule in self.rules}

        def span(rule: Rule) -> int:
            own = 0 if rule.correlation is None else rule.correlation.span
            return own + max((span(named[name]) for name in rule.calls), default=0)

        longest = timedelta(microseconds=max(map(span, self.rules), default=0))
        if not longest:
            return 0
        return -(-(longest + timedelta(hours=1)) // timedelta(days=1))  # a night may have 23 hours

    @property
    def counts(self) -> dict[str, int]:
        """How many of each there are, for people."""
        forbids = sum(statement.forbids for statement in self.statements)
        return {
            "permits": len(self.statements) - forbids,
            "forbids": forbids,
            "exceptions": len(self.exemptions),
            "rules": len(self.rules),
            "purposes": len(self.catalogue.purposes),
            "transactions": len(self.catalogue.transactions),
        }


def load_rules(folder: Path, known_on: date | None = None) -> Ruleset:
    """Read a rule pack.

    Parameters
    ----------
    folder : Path
        With ``catalogue/``, ``permits/``, ``detections/``, and perhaps ``exceptions/`` and
        ``tests/``.
    known_on : date, optional
        Leave out what was approved only after that day; the version then ends in ``@`` and the
        day. Everything is read and checked all the same.

    Returns
    -------
    Ruleset
        Complete; there is no such thing as a rule that was left out.

    Raises
    ------
    RuleError
        ``AW-RULES-…`` or ``AW-YAML-…`` with file, line and column for anything that is wrong.
    """
    refuse_missing(folder)
    refuse_unknown(folder)
    raw = ((name, raw_file(path, name)) for name in FOLDERS for path in rule_files(folder, name))
    return _compiled(tuple(raw), known_on)


@lru_cache(maxsize=4)
def _compiled(raw: tuple[tuple[str, tuple[str, bytes]], ...], known_on: date | None) -> Ruleset:
    """Return the pack that files say; the same bytes are not read twice, wherever they lie."""
    documents: dict[str, list[Document]] = {name: [] for name in FOLDERS}
    for name, (shown, content) in raw:
        documents[name] += parse_file(shown, content)
    return compile_rules(documents, known_on)


def read_documents_of(folder: Path) -> dict[str, list[Document]]:
    """Read the documents of a rule pack, strictly, without asking what they mean.

    Returns
    -------
    dict of str to list of Document
        For each of the folders of a pack; one that is not there is empty.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` no rule pack, ``AW-YAML-…`` a file that cannot be read.
    """
    refuse_missing(folder)
    refuse_unknown(folder)
    return {name: read_folder(folder, name) for name in FOLDERS}


def compile_rules(documents: Documents, known_on: date | None = None) -> Ruleset:
    """Return the rule pack that documents say.

    Parameters
    ----------
    documents : mapping of str to list of Document
        Of each folder of a pack, as `read_documents_of` returns them.
    known_on : date, optional
        As for `load_rules`.

    Raises
    ------
    RuleError
        As `load_rules`.
    """
    files = CatalogueFiles(document for name in CATALOGUE for document in documents[name])
    catalogue = read_catalogue(files)
    keys = ("means", "detection")
    requirements = read_requirements(files.items("requirements", "name", *keys), catalogue.lists)
    logsources = read_logsources(files.items("logsources", "product", *keys), catalogue.lists)
    statements = read_statements(_sections(documents["permits"]), catalogue, requirements)
    rules = read_rules(_sections(documents["detections"]), catalogue, logsources)
    exceptions = _sections(documents["exceptions"])
    exemptions = read_exemptions(exceptions, catalogue, statements, rules)
    tests: dict[str, list[Sample]] = {}
    for name, sample in read_tests(documents["tests"], (rule.rule_id for rule in rules)):
        tests.setdefault(name, []).append(sample)
    return Ruleset(
        version=_version(documents) + (f"@{known_on.isoformat()}" if known_on else ""),
        catalogue=catalogue,
        requirements=requirements,
        statements=tuple(as_known(statements, known_on)),
        exemptions={
            one.exception_id: one
            for one in exemptions
            if known_on is None or one.approved <= known_on
        },
        rules=tuple(
            replace(rule, samples=(*rule.samples, *tests.get(rule.rule_id, ()))) for rule in rules
        ),
        decisions=tuple(tests.get("", ())),
    )


def refuse_missing(folder: Path) -> None:
    """Refuse a pack without one of its parts: a folder that was renamed permits nothing at all."""
    if not folder.is_dir():
        raise RuleError(
            "no such rules folder",
            code="AW-RULES-001",
            where=str(folder),
            hint="make a workspace with auditwatch init, which copies the shipped rules",
        )
    for name in ("catalogue", "permits", "detections"):
        if not (folder / name).is_dir():
            raise RuleError(
                f"a rule pack without {name}/",
                code="AW-RULES-001",
                where=str(folder),
                expected="catalogue/, permits/ and detections/",
                hint="check the folder's name; an empty folder is allowed",
            )


def refuse_unknown(folder: Path) -> None:
    """Refuse what stands beside the parts of a pack and would be passed over in silence."""
    known = [*(name for name in FOLDERS if "/" not in name), ASIDE]
    for path in sorted(folder.iterdir()):
        if path.name not in known and not path.name.startswith(".") and path.suffix != ".md":
            raise RuleError(
                "no part of a rule pack",
                code="AW-RULES-001",
                where=path.name,
                expected="one of " + ", ".join(known) + ", or a page that ends in .md",
                hint=suggest(path.name, known) or "move it out of the rules folder",
            )


def _sections(documents: Iterable[Document]) -> Iterable[Section]:
    """Yield each document as a section."""
    return (Section(document) for document in documents)


def _version(documents: Documents) -> str:
    """Return the hash of what the pack says, whatever its layout."""
    content = sorted(
        (document.file, json.dumps(document.content, sort_keys=True, ensure_ascii=True))
        for folder in documents.values()
        for document in folder
    )
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()
