"""The rule developer's bench: a rule pack tried, explained and compared, by the judge itself."""

from auditwatch.check.trial.trying import (
    POLICY,
    Trial,
    try_policy,
    try_rule,
    try_rules,
    try_samples,
)

__all__ = ["POLICY", "Trial", "try_policy", "try_rule", "try_rules", "try_samples"]
