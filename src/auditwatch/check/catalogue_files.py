"""Reading the files of ``catalogue/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from auditwatch.check.catalogue import (
    SEVERITIES,
    SOFT_VERDICTS,
    STORIES,
    Catalogue,
    Manner,
    Transaction,
    WordList,
)
from auditwatch.check.purpose import KEYS as PURPOSE_KEYS
from auditwatch.check.purpose import read_purposes
from auditwatch.check.section import Section
from auditwatch.core.errors import RuleError
from auditwatch.core.strict import Document, parse_documents, read_raw

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "CatalogueFiles",
    "parse_file",
    "raw_file",
    "read_catalogue",
    "read_file",
    "read_folder",
    "rule_files",
]

Item = TypeVar("Item")

#: Folders that stand inside another one and are read by themselves.
SUBFOLDERS: Final = ("catalogue/lists",)

#: How far a fact about the networks is known: primary source, secondary source, unverified.
VERIFIED: Final = ("V", "V2", "U")

TRANSACTION_KEYS: Final = (
    "key",
    "system",
    "subject_kind",
    "tier",
    "purpose_required",
    "takes_purpose",
    "verified",
    "name",
    "followed_by",
)

#: Keys that a part has beside its list.
MORE_KEYS: Final = {"units": ("roles",), "purposes": ("jurisdiction",)}

PARTS: Final = (
    "purposes",
    "transactions",
    "groups",
    "systems",
    "units",
    "numbers",
    "verdicts",
    "requirements",
    "logsources",
)


def read_folder(folder: Path, name: str) -> list[Document]:
    """Read every rule file directly in a subfolder, in order of name.

    Parameters
    ----------
    folder : Path
        The rule pack.
    name : str
        Subfolder, such as ``permits``; one that does not exist is empty.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` for a file that is no ``.yml``, a folder or an empty file, so that none is
        passed over in silence; ``AW-YAML-…`` for one that is not strict YAML.
    """
    return [one for path in rule_files(folder, name) for one in read_file(path, name)]


def rule_files(folder: Path, name: str) -> list[Path]:
    """Return what stands directly in a subfolder of a pack, in order of name."""
    inside = folder / name
    return [
        path
        for path in (sorted(inside.iterdir()) if inside.is_dir() else ())
        if not path.name.startswith(".") and path.relative_to(folder).as_posix() not in SUBFOLDERS
    ]


def read_file(path: Path, name: str) -> list[Document]:
    """Read one file of a subfolder.

    Raises
    ------
    RuleError
        As `read_folder`.
    """
    return parse_file(*raw_file(path, name))


def raw_file(path: Path, name: str) -> tuple[str, bytes]:
    """Return how a file of a subfolder is called in errors, and its bytes.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` it is no rule file; ``AW-YAML-005`` or ``-008``.
    """
    shown = f"{name}/{path.name}"
    _refuse_stray(path, shown)
    return shown, read_raw(path, shown)


def parse_file(shown: str, raw: bytes) -> list[Document]:
    """Return the documents of a rule file.

    Raises
    ------
    RuleError
        As `read_folder`.
    """
    found = parse_documents(raw, shown)
    if not found:
        raise RuleError(
            "a rule file that says nothing",
            code="AW-RULES-001",
            where=shown,
            hint="write it or remove it",
        )
    return found


def _refuse_stray(path: Path, shown: str) -> None:
    """Refuse what would otherwise be passed over in silence."""
    if path.suffix != ".yml" or path.is_dir():
        raise RuleError(
            "not a rule file",
            code="AW-RULES-001",
            where=shown,
            expected="a file with a name that ends in .yml",
            hint="rename it or move it out of the rules folder",
        )


class CatalogueFiles:
    """The documents of a catalogue by their kind: one of each part, any number of lists.

    Parameters
    ----------
    documents : iterable of Document
        Each is a mapping with ``kind``.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` a part is missing, ``-007`` a part is given twice.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.lists: list[Section] = []
        self._parts: dict[str, Section] = {}
        for document in documents:
            section = Section(document)
            kind = section.choice("kind", (*PARTS, "list"))
            if kind == "list":
                self.lists.append(section)
            elif kind in self._parts:
                raise section.error(
                    f"a second {kind!r}",
                    "kind",
                    code="AW-RULES-007",
                    expected=f"one; the other is at {self._parts[kind].place}",
                )
            else:
                self._parts[kind] = section

    def part(self, kind: str) -> Section:
        """Return the document of one part."""
        if kind not in self._parts:
            raise RuleError(
                f"the catalogue has no {kind!r}",
                code="AW-RULES-001",
                where=f"catalogue/{kind}.yml",
                expected=f"a file with kind: {kind}",
                hint="copy it from the shipped rules",
            )
        return self._parts[kind]

    def items(self, kind: str, *keys: str) -> Iterable[Section]:
        """Yield the list of one part, each with no other keys than these."""
        part = self.part(kind).only("kind", kind, *MORE_KEYS.get(kind, ()))
        return (section.only(*keys) for section in part.sections(kind))


def read_catalogue(files: CatalogueFiles) -> Catalogue:
    """Read the catalogue.

    Raises
    ------
    RuleError
        ``AW-RULES-001`` a part is missing, ``-002`` to ``-005`` a value cannot be used, ``-007`` a
        name is given twice.
    """
    transactions = _transactions(files)
    lists: dict[str, WordList] = {}
    for section in files.lists:
        section.only("kind", "name", "match", "means", "entries")
        words = WordList(
            section.text("name"),
            section.choice("match", ("value", "word", "pattern")),
            section.texts("entries"),
        )
        if not words.entries:
            raise section.error(
                f"the list {words.name!r} has no entries",
                code="AW-RULES-002",
                expected="entries: [a, b]",
                hint="a rule that expands it could never hold: fill it, or remove both",
            )
        _add(lists, words.name, words, section, "name")
    return Catalogue(
        purposes=read_purposes(files.items("purposes", *PURPOSE_KEYS)),
        jurisdiction=files.part("purposes").text("jurisdiction", ""),
        transactions=transactions,
        systems=frozenset(_systems(files)),
        units=_units(files),
        roles=frozenset(files.part("units").texts("roles")),
        groups=_groups(files, transactions),
        numbers=_numbers(files),
        lists=lists,
        manners=_manners(files),
    )


def _add(into: dict[str, Item], name: str, item: Item, section: Section, key: str) -> None:
    """Add an item under its name, which may be given once."""
    if name in into:
        raise section.error(f"{name!r} a second time", key, code="AW-RULES-007", expected="once")
    into[name] = item


def _transactions(files: CatalogueFiles) -> dict[str, Transaction]:
    """Return transactions by message key."""
    found: dict[str, Transaction] = {}
    systems = frozenset(_systems(files))
    for section in files.items("transactions", *TRANSACTION_KEYS):
        transaction = Transaction(
            section.text("key"),
            section.choice("system", systems),
            section.whole("tier"),
            section.flag("purpose_required"),
            section.flag("takes_purpose", default=True),
        )
        if transaction.purpose_required and not transaction.takes_purpose:
            raise section.error(
                "a purpose is due with a key that takes none",
                "takes_purpose",
                code="AW-RULES-003",
                expected="purpose_required: false, or no takes_purpose",
            )
        section.choice("verified", VERIFIED)
        _add(found, transaction.key, transaction, section, "key")
    for section in files.items("transactions", *TRANSACTION_KEYS):
        section.texts("followed_by", found)
    return found


def _systems(files: CatalogueFiles) -> dict[str, str]:
    """Return names of systems by code."""
    found: dict[str, str] = {}
    for section in files.items("systems", "code", "name", "kept_by", "tier", "verified"):
        section.whole("tier")
        section.choice("verified", VERIFIED)
        _add(found, section.text("code"), section.text("name"), section, "code")
    return found


def _units(files: CatalogueFiles) -> dict[str, str]:
    """Return types of units by unit."""
    found: dict[str, str] = {}
    for section in files.items("units", "unit", "type"):
        _add(found, section.text("unit"), section.text("type"), section, "unit")
    return found


def _groups(
    files: CatalogueFiles, transactions: dict[str, Transaction]
) -> dict[str, tuple[str, ...]]:
    """Return groups of message keys by name."""
    found: dict[str, tuple[str, ...]] = {}
    for section in files.items("groups", "name", "means", "transactions"):
        members = section.texts("transactions", transactions)
        _add(found, section.text("name"), members, section, "name")
    return found


def _numbers(files: CatalogueFiles) -> dict[str, str]:
    """Return patterns of numbers by kind, in the order of the file."""
    found: dict[str, str] = {}
    for section in files.items("numbers", "kind", "means", "pattern"):
        _add(found, section.text("kind"), section.pattern("pattern"), section, "kind")
    return found


def _manners(files: CatalogueFiles) -> dict[str, Manner]:
    """Return how each verdict that is no statement's own is shown."""
    found: dict[str, Manner] = {}
    for section in files.items("verdicts", "verdict", "story", "severity", "says"):
        manner = Manner(
            section.choice("story", STORIES),
            section.choice("severity", SEVERITIES),
            section.text("says"),
            section.place,
        )
        _add(found, section.choice("verdict", SOFT_VERDICTS), manner, section, "verdict")
    for verdict in SOFT_VERDICTS:
        if verdict not in found:
            raise files.part("verdicts").error(
                f"nothing is said of {verdict!r}",
                "verdicts",
                code="AW-RULES-002",
                expected="story, severity and says for each of " + ", ".join(SOFT_VERDICTS),
            )
    return found
