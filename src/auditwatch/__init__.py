"""Read audit trails of lookups, judge purposes, score patterns, put findings before people."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("auditwatch")
