"""Findings: what a reviewer sees, how it is put together, kept, decided and handed on."""
