"""Evaluation: how much known misuse the queue holds within what reviewers can read.

Above `night`: labelled trails go through the real scan, in workspaces that are thrown away.
"""

from auditwatch.evaluate.cities import city_trial
from auditwatch.evaluate.outcome import Outcome, measure
from auditwatch.evaluate.results import write_results
from auditwatch.evaluate.sheets import Sheet, as_csv, as_records, as_text
from auditwatch.evaluate.summary import summarise
from auditwatch.evaluate.trial import Again, Bench, Trial, run_trial, scanned_trial, workbench
from auditwatch.evaluate.truth import Episode, read_truth

__all__ = [
    "Again",
    "Bench",
    "Episode",
    "Outcome",
    "Sheet",
    "Trial",
    "as_csv",
    "as_records",
    "as_text",
    "city_trial",
    "measure",
    "read_truth",
    "run_trial",
    "scanned_trial",
    "summarise",
    "workbench",
    "write_results",
]
