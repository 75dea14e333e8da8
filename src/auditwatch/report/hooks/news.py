"""What hooks are told: a night in counts, or findings as events, ready for every way of telling."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from auditwatch.report.digest import digest, nameless
from auditwatch.report.formats import plain_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditwatch.report.document import Document

__all__ = ["Line", "News", "night_news", "ocsf_news"]

#: Events in one post: some megabytes at most, whatever a first scan of a year brings.
BATCH: Final = 500
NOTICE: Final = 5
#: severity_id of OCSF to the severity of syslog.
SYSLOG_SEVERITIES: Final = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2}


@dataclass(frozen=True)
class Line:
    """One message of a log: severity as in RFC 5424, kind, and one line of JSON in ASCII."""

    severity: int
    kind: str
    text: str


@dataclass(frozen=True)
class News:
    """The same news for posts, logs and mail.

    Parameters
    ----------
    content_type : str
        Of the posts.
    posts : tuple of bytes
        Bodies, in order.
    lines : tuple of Line
        For logs.
    subject, text : str
        For mail.
    """

    content_type: str
    posts: tuple[bytes, ...]
    lines: tuple[Line, ...]
    subject: str
    text: str


def night_news(night: Document) -> News:
    """Return the counts of a night; they name nobody.

    Parameters
    ----------
    night : Document
        As `nightpaper.night_paper` returns it.
    """
    told = nameless(night)
    head, _, text = digest(night).decode("utf-8").partition("\n\n")
    line: dict[str, Any] = {"night": told.title, "for": told.over, "says": told.lede}
    line |= {
        table.name: [list(row) for row in table.rows]
        for _, table in told.tables
        if table.name in ("severities", "backlog")
    }
    return News(
        content_type="application/json",
        posts=(plain_json.write(told),),
        lines=(Line(NOTICE, "NIGHT", _compact(line)),),
        subject=head.removeprefix("Subject: "),
        text=text,
    )


def ocsf_news(events: Sequence[dict[str, Any]]) -> News:
    """Return findings as events, one a line; nothing at all when there is none."""
    lines = tuple(
        Line(SYSLOG_SEVERITIES.get(one["severity_id"], NOTICE), "FINDING", _compact(one))
        for one in events
    )
    return News(
        content_type="application/x-ndjson",
        posts=tuple(
            "".join(f"{one.text}\n" for one in lines[n : n + BATCH]).encode("ascii")
            for n in range(0, len(lines), BATCH)
        ),
        lines=lines,
        subject="",
        text="",
    )


def _compact(value: Any) -> str:
    """Return JSON on one line, ASCII only: nothing in it can tear or hide a line of a log."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
