"""What became of findings: what people decided, in the few words that a comparison needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditwatch.findings.store import Store

__all__ = ["CLEARED", "CONFIRMED", "UNSEEN", "Past", "read_past"]

#: Dispositions by which something was found to be wrong, and by which nothing was.
CONFIRMED: Final = (
    "misuse", "policy_breach", "training_issue", "policy_violation", "criminal_referral",
)  # fmt: skip
CLEARED: Final = (
    "explained", "not_useful", "cleared_authorised", "cleared_explained", "cleared_data_error",
    "withdrawn_rule_error",
)  # fmt: skip
#: Of a finding that no scan made.
UNSEEN: Final = "never in the queue"


@dataclass(frozen=True)
class Past:
    """What became of one finding.

    Parameters
    ----------
    status : str
        As of `model.Finding`.
    disposition : str
        The decision that stands; empty when there is none.
    patterns : bool
        It was confirmed, and a pattern speaks for it as well: it stays without policy and rules.
    """

    status: str
    disposition: str
    patterns: bool

    @property
    def confirmed(self) -> bool:
        """Whether somebody found that something was wrong."""
        return self.disposition in CONFIRMED

    @property
    def cleared(self) -> bool:
        """Whether somebody found that nothing was."""
        return self.disposition in CLEARED

    @property
    def words(self) -> str:
        """Return the decision, or that it waits for one."""
        return self.disposition.replace("_", " ") or self.status


def read_past(store: Store) -> dict[str, Past]:
    """Return what became of every finding of a workspace, by id."""
    decided = store.dispositions()
    return {
        one.finding_id: Past(
            one.status,
            decided.get(one.finding_id, ""),
            decided.get(one.finding_id) in CONFIRMED and _beyond_rules(store, one.finding_id),
        )
        for one in store.findings()
    }


def _beyond_rules(store: Store, finding_id: str) -> bool:
    """Tell whether more than the policy and rules speaks for a finding."""
    return any(piece.source in ("pattern", "gap") for piece in store.evidence(finding_id))
