"""A rule pack, read whole or refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditwatch.check.catalogue_files import CatalogueFiles, read_catalogue, read_folder
from auditwatch.check.policy import Policy
from auditwatch.check.requirement import Requirement, read_logsources, read_requirements
from auditwatch.check.rule import Rule, read_rules
from auditwatch.check.sample import Sample, read_samples
from auditwatch.check.section import Section
from auditwatch.check.statement import Statement, read_statements
from auditwatch.core.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from auditwatch.check.catalogue import Catalogue
    from auditwatch.core.strict import Document

__all__ = ["Ruleset", "load_rules"]

CATALOGUE: Final = ("catalogue", "catalogue/lists")
FOLDERS: Final = (*CATALOGUE, "permits", "detections", "tests")


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
        Permits and forbids, sorted by id and first day.
    rules : tuple of Rule
        Detection rules, sorted by id.
    decisions : tuple of Sample
        Sample lookups of ``tests/`` with the verdict each must get.
    """

    version: str
    catalogue: Catalogue
    requirements: Mapping[str, Requirement]
    statements: tuple[Statement, ...]
    rules: tuple[Rule, ...]
    decisions: tuple[Sample, ...]

    @property
    def policy(self) -> Policy:
        """The statements, ready to decide."""
        return Policy(self.statements, self.catalogue, self.requirements)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each there are, for people."""
        forbids = sum(statement.forbids for statement in self.statements)
        return {
            "permits": len(self.statements) - forbids,
            "forbids": forbids,
            "rules": len(self.rules),
            "purposes": len(self.catalogue.purposes),
            "transactions": len(self.catalogue.transactions),
        }


def load_rules(folder: Path) -> Ruleset:
    """Read a rule pack.

    Parameters
    ----------
    folder : Path
        With ``catalogue/``, ``permits/``, ``detections/`` and ``tests/``.

    Returns
    -------
    Ruleset
        Complete; there is no such thing as a rule that was left out.

    Raises
    ------
    RuleError
        ``AW-RULES-…`` or ``AW-YAML-…`` with file, line and column for anything that is wrong.
    """
    if not folder.is_dir():
        raise RuleError(
            "no such rules folder",
            code="AW-RULES-001",
            where=str(folder),
            hint="make a workspace with auditwatch init, which copies the shipped rules",
        )
    _refuse_missing(folder)
    _refuse_exceptions(folder)
    documents = {name: read_folder(folder, name) for name in FOLDERS}
    files = CatalogueFiles(document for name in CATALOGUE for document in documents[name])
    catalogue = read_catalogue(files)
    keys = ("means", "detection")
    requirements = read_requirements(files.items("requirements", "name", *keys), catalogue.lists)
    logsources = read_logsources(files.items("logsources", "product", *keys), catalogue.lists)
    return Ruleset(
        version=_version(documents),
        catalogue=catalogue,
        requirements=requirements,
        statements=read_statements(_sections(documents["permits"]), catalogue, requirements),
        rules=read_rules(_sections(documents["detections"]), catalogue, logsources),
        decisions=tuple(_decisions(documents["tests"])),
    )


def _refuse_missing(folder: Path) -> None:
    """Refuse a pack without one of its parts: a folder that was renamed permits nothing at all."""
    for name in ("catalogue", "permits", "detections"):
        if not (folder / name).is_dir():
            raise RuleError(
                f"a rule pack without {name}/",
                code="AW-RULES-001",
                where=str(folder),
                expected="catalogue/, permits/ and detections/",
                hint="check the folder's name; an empty folder is allowed",
            )


def _refuse_exceptions(folder: Path) -> None:
    """Refuse exception files, which would otherwise be passed over in silence."""
    for document in read_folder(folder, "exceptions"):
        raise RuleError(
            "exceptions are not judged yet",
            code="AW-RULES-016",
            where=document.place(),
            expected="an empty exceptions folder",
            hint="move the file away; write a dated permit if the use is permitted",
        )


def _sections(documents: Iterable[Document]) -> Iterable[Section]:
    """Yield each document as a section."""
    return (Section(document) for document in documents)


def _decisions(documents: Iterable[Document]) -> Iterable[Sample]:
    """Yield the sample lookups of decision tables."""
    for section in _sections(documents):
        section.only("kind", "decisions").choice("kind", ("decisions",))
        yield from read_samples(section, "decisions", "verdict")


def _version(documents: Mapping[str, list[Document]]) -> str:
    """Return the hash of what the pack says, whatever its layout."""
    content = sorted(
        (document.file, json.dumps(document.content, sort_keys=True, ensure_ascii=True))
        for folder in documents.values()
        for document in folder
    )
    return hashlib.sha256(json.dumps(content).encode("ascii")).hexdigest()
