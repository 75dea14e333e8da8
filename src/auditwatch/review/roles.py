"""Roles and what each may do: deny by default, administrators not exempt."""

from __future__ import annotations

from typing import Final

__all__ = ["ACT_PERMISSIONS", "PERMISSIONS", "ROLES", "may"]

#: Permission to what it lets a person do.
PERMISSIONS: Final = {
    "public": "pages before signing in",
    "self": "own session",
    "overview": "counts without identities",
    "findings": "the queue, findings, operators, subjects: masked",
    "rules": "rules and how they fare",
    "reveal": "identities of one finding, for a reason, for half an hour",
    "work": "take, ask, propose, escalate, reopen",
    "approve": "be the second person",
    "investigate": "keep the register of investigations, conclude one",
    "auditors": "what reviewers looked at and decided",
    "annual": "the draft of the yearly report: masked",
    "accounts": "who may sign in, and as what",
}

ROLES: Final = {
    "viewer": frozenset({"self", "overview", "auditors"}),
    "reviewer": frozenset({"self", "overview", "findings", "rules", "reveal", "work"}),
    "lead": frozenset(
        {"self", "overview", "findings", "rules", "reveal", "work", "approve", "auditors", "annual"}
    ),
    "internal_affairs": frozenset(
        {
            "self",
            "overview",
            "findings",
            "rules",
            "reveal",
            "work",
            "approve",
            "investigate",
            "auditors",
            "annual",
        }
    ),
    "administrator": frozenset({"self", "overview", "accounts"}),
    "rule_developer": frozenset({"self", "overview", "rules"}),
}

#: Act to the permission that it needs.
ACT_PERMISSIONS: Final = {
    "take": "work",
    "ask": "work",
    "answer": "work",
    "propose": "work",
    "escalate": "work",
    "reopen": "work",
    "comment": "work",
    "approve": "approve",
    "return": "approve",
    "conclude": "investigate",
}


def may(role: str, permission: str) -> bool:
    """Tell whether a role has a permission; an unknown role has none."""
    return permission == "public" or permission in ROLES.get(role, frozenset())
