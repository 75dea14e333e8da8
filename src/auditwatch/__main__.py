"""The door: ``auditwatch`` and ``python -m auditwatch``."""

from auditwatch.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
