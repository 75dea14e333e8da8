"""Revisions of the findings database, run by `auditwatch.findings.database`."""
