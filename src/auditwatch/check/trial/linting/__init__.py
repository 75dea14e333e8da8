"""Looking a rule pack over: everything that does not load, then what loads and is not right."""

from auditwatch.check.trial.linting.looking import Looked, fixed, look_over
from auditwatch.check.trial.linting.problem import LEVELS, Edit, Problem

__all__ = ["LEVELS", "Edit", "Looked", "Problem", "fixed", "look_over"]
