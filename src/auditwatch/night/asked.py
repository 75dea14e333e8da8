"""The lookups that some findings are about, beside all that are asked about likewise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditwatch.check.columns import Columns
from auditwatch.core.schema import LOOKUPS
from auditwatch.night.piecework import one_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditwatch.check import Ruleset
    from auditwatch.findings.model import Piece
    from auditwatch.findings.past import Past
    from auditwatch.night.history import History

__all__ = ["Asked"]


class Asked:
    """Every lookup of a period that some evidence is about.

    Parameters
    ----------
    history, rules
        As for `tuning.propose`.
    findings : sequence of str
        Those at hand.
    evidence : mapping of str to sequence of Piece
        By finding.
    alike : callable
        Tells whether a piece is of the kind that is to go.
    past : mapping of str to Past
        What became of the findings of the workspace.

    Attributes
    ----------
    columns : Columns
        The lookups, in any order.
    wanted, barred : ndarray of bool, shape (n_lookups,)
        Those of the findings at hand; those of some finding that was confirmed.
    nights : list of str
        Of each lookup.
    """

    def __init__(
        self,
        history: History,
        rules: Ruleset,
        findings: Sequence[str],
        *,
        evidence: Mapping[str, Sequence[Piece]],
        alike: Callable[[Piece], bool],
        past: Mapping[str, Past],
    ) -> None:
        of: dict[str, set[str]] = {}
        for name, pieces in evidence.items():
            for piece in filter(alike, pieces):
                for event_id in piece.event_ids:
                    of.setdefault(event_id, set()).add(name)
        rows = history.lake.pick(LOOKUPS, "event_id", of, history.nights)
        self.columns = Columns(one_batch([rows]), history.facts, rules.catalogue)
        ids = self.columns.batch.column("event_id").to_pylist()
        self.nights: list[str] = self.columns.batch.column("night").to_pylist()
        asked = set(findings)
        confirmed = {name for name, one in past.items() if one.confirmed}
        self.wanted = np.array([bool(of[one] & asked) for one in ids], dtype=bool)
        self.barred = np.array([bool(of[one] & confirmed) for one in ids], dtype=bool)
