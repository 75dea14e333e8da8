"""The order of keys in a formatted rule file, by what the file holds and where the keys stand."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CONDITION", "order_of"]

#: Comes after all selections; those keep the order of their author.
CONDITION: Final = "condition"

RULE: Final = (
    "title",
    "id",
    "name",
    "status",
    "description",
    "references",
    "author",
    "license",
    "date",
    "modified",
    "tags",
    "logsource",
    "correlation",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "auditwatch",
)
BLOCK: Final = (
    "story",
    "owner",
    "authority",
    "verified",
    "mode",
    "shadow_since",
    "budget",
    "promoted",
    "keywords",
    "reason_template",
    "tests",
)
CORRELATION: Final = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")
SAMPLE: Final = (
    "title",
    "lookup",
    "lookups",
    "context",
    "not_exported",
    "fires",
    "verdict",
    "nights",
    "says",
)
STATEMENT: Final = (
    "id",
    "replaces",
    "says",
    "effective",
    "approved",
    "retroactive",
    "authority",
    "verified",
    "story",
    "severity",
    "who",
    "may",
    "for",
    "if",
    "when",
    "unless",
)
EXCEPTION: Final = (
    "kind",
    "id",
    "because",
    "ticket",
    "lifts",
    "only",
    "effective",
    "requested_by",
    "approved",
    "ceiling",
)
TESTS: Final = (
    "kind",
    "rule",
    "title",
    "lookup",
    "context",
    "not_exported",
    "columns",
    "decisions",
    "tests",
    "rows",
)
CATALOGUE: Final = ("kind", "name", "match", "means", "jurisdiction")
#: By folder, then by the names on the way from the document's top; a place in a list has none.
ORDERS: Final[dict[str, dict[tuple[str, ...], Sequence[str]]]] = {
    "detections": {
        (): RULE,
        ("auditwatch",): BLOCK,
        ("auditwatch", "tests"): SAMPLE,
        ("correlation",): CORRELATION,
        ("detection",): (CONDITION,),
    },
    "permits": {
        (): ("kind", "permits", "forbids"),
        ("permits",): STATEMENT,
        ("forbids",): STATEMENT,
    },
    "exceptions": {(): EXCEPTION},
    "tests": {(): TESTS, ("decisions",): SAMPLE, ("tests",): SAMPLE},
    "catalogue": {(): CATALOGUE},
    "catalogue/lists": {(): CATALOGUE},
}


def order_of(file: str, path: Sequence[str | int]) -> Sequence[str]:
    """Return the keys of a mapping in order; empty where they may stand as they are.

    Parameters
    ----------
    file : str
        Below the pack.
    path : sequence of str or int
        Where the mapping stands in its document.
    """
    named = tuple(step for step in path if isinstance(step, str))
    return ORDERS.get(PurePosixPath(file).parent.as_posix(), {}).get(named, ())
