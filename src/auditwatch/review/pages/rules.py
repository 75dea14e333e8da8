"""Rules: their text, what they find, how often they were right to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditwatch.core.errors import UsageError
from auditwatch.review.ruletext import rule_text
from auditwatch.review.statistics import nights_of_rule, rules
from auditwatch.review.visit import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["PAGES"]


def show_rules(visit: Visit) -> Response:
    """Show all rules with findings, and what became of them."""
    visit.desk.note(visit.account, "view", "", "rules")
    with visit.desk.reading() as connection:
        found = rules(connection)
    budget = visit.desk.workspace.settings.review.findings_per_week
    return visit.show("rules", rules=found, budget=budget)


def show_rule(visit: Visit) -> Response:
    """Show one rule."""
    name = visit.path["rule_id"]
    with visit.desk.reading() as connection:
        rule = next(iter(rules(connection, name)), None)
        nights = nights_of_rule(connection, name)
    if rule is None:
        raise UsageError("there is nothing here for you", code="AW-REVIEW-021")
    visit.desk.note(visit.account, "view", "", f"rule {rule.rule_id[:100]}")
    text = rule_text(visit.desk.workspace.rules, name)
    most = max((count for _, count in nights), default=1)
    return visit.show("rule", rule=rule, text=text, nights=nights, most=most)


PAGES: Final = (
    Page("GET", "/rules", "rules", show_rules),
    Page("GET", "/rules/{rule_id}", "rules", show_rule),
)
