"""New files for rule developers: they load as they are, and their own tests fail until written."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from auditwatch.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

__all__ = ["KINDS", "new_files"]

NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

DETECTION: Final = """\
title: TODO what happened, in one line for the reviewer
id: {id}
name: {name}
status: experimental
description: >-
  TODO why this is worth a question, and where it was seen.
date: {today}
logsource:
  product: lookups
detection:
  asked:
    transaction: TODO
  condition: asked
falsepositives:
  - TODO what else it may be
level: informational
auditwatch:
  story: operator
  owner: TODO
  reason_template: "{{operator_id}} asked … ({{transaction}}, {{night}})."
  tests:
    - title: TODO a lookup that should be asked about
      lookup: {{operator_id: T1, transaction: QW, purpose: C, reason: TODO}}
      fires: true
      says: T1 asked
    - title: TODO one that should not, as like it as can be
      lookup: {{operator_id: T1, transaction: DQ, purpose: C, reason: TODO}}
      fires: false
"""
CORRELATION: Final = """\
title: TODO what happened, in one line for the reviewer
id: {id}
name: {name}
status: experimental
description: >-
  TODO why this is worth a question, and where it was seen.
date: {today}
correlation:
  type: event_count
  rules: [{calls}]
  group-by: [operator_id]
  timespan: 10m
  condition: {{gte: 1000000}}
falsepositives:
  - TODO what else it may be
level: informational
auditwatch:
  story: operator
  owner: TODO
  reason_template: "{{operator_id}} asked {{lookups_in_window}} times ({{night}})."
  tests:
    - title: TODO just enough, on the edge of the window
      lookup: {{operator_id: T1}}
      lookups: [{{at: "2026-01-15T10:00:00", times: 2, every: 5m}}]
      fires: [1, 2]
    - title: TODO one too few
      lookup: {{operator_id: T1}}
      lookups: [{{at: "2026-01-15T10:00:00"}}]
      fires: false
"""
PERMIT: Final = """\
kind: permits
permits:
  - id: {upper}
    says: TODO who may do what, for what, in one sentence a reviewer reads.
    effective: {{from: "{today}"}}
    approved: {{by: TODO, date: "{today}", document: TODO}}
    authority: TODO the law, policy or order it rests on
    verified: U
    who: {{units: [{unit}]}}
    may: {{transactions: [{key}]}}
    for: [{purpose}]
    if: {{any_of: [{requirement}]}}
"""
PERMIT_TESTS: Final = """\
kind: decision_table
title: {name}
lookup: {{operator_id: T1, operator_unit: {unit}, transaction: {key}, purpose: {purpose}}}
columns: [title, reason, night, verdict]
rows:
  - [TODO it applies, TODO, "{today}", permitted {upper}]
  - [TODO nothing that is asked for, ~, "{today}", justification_missing {upper}]
  - [TODO the day before, TODO, "{before}", not_permitted]
"""
EXCEPTION: Final = """\
kind: exception
id: {upper}
because: TODO why, in a sentence that a reviewer reads.
ticket: TODO
lifts: {{permits: [{permit}]}}
only: {{operators: [TODO], purposes: [{purpose}]}}
effective: {{from: "{today}", until: "{later}"}}
requested_by: TODO who asks
approved: {{by: TODO who approves, date: "{today}", document: TODO}}
ceiling: {{lookups_a_night: 10, severity: low}}
"""
EXCEPTION_TESTS: Final = """\
kind: decisions
decisions:
  - title: TODO what {upper} lifts, on its last day and on the day after
    lookup: {{operator_id: TODO, operator_unit: {unit}, transaction: {key}, purpose: {purpose}}}
    nights:
      "{last}": permitted_by_exception
      "{later}": justification_missing
"""
#: By kind: the files of each, below the pack.
KINDS: Final = {
    "detection": {"detections/{name}.yml": DETECTION},
    "correlation": {"detections/{name}.yml": CORRELATION},
    "permit": {"permits/{name}.yml": PERMIT, "tests/{name}.yml": PERMIT_TESTS},
    "exception": {"exceptions/{name}.yml": EXCEPTION, "tests/{name}.yml": EXCEPTION_TESTS},
}


def new_files(kind: str, name: str, today: date, offered: Callable[[str], str]) -> dict[str, str]:
    """Return the files of a new rule, permit or exception.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        Small letters, digits and hyphens.
    today : date
        For dates that are to be filled in.
    offered : callable
        Some name of the catalogue of each sort: ``unit``, ``key``, ``purpose``, ``requirement``,
        ``permit``, ``calls``.

    Returns
    -------
    dict of str to str
        Name below the pack, and content.

    Raises
    ------
    UsageError
        ``AW-BENCH-006`` a name that is none.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a name",
            code="AW-BENCH-006",
            expected="small letters, digits and hyphens, such as many-gun-queries",
        )
    days = {"before": -1, "last": 6, "later": 7}
    words = {key: (today + timedelta(days=step)).isoformat() for key, step in days.items()}
    sorts = ("unit", "key", "purpose", "requirement", "permit", "calls")
    words |= {sort: offered(sort) for sort in sorts}
    words |= {"name": name, "upper": name.upper(), "today": today.isoformat(), "id": str(uuid4())}
    return {
        path.format(**words): template.format(**words) for path, template in KINDS[kind].items()
    }
