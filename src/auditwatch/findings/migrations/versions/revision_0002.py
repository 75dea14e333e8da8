"""0002: what approved exceptions lift stays in sight."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let one statement speak twice on a night: of what is lifted and of what is not.

    The key of evidence grows, so the table is made anew and filled from the old one.
    """
    op.drop_index("evidence_by_night", "evidence")
    op.rename_table("evidence", "evidence_before")
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("finding_id", sa.Text(), primary_key=True),
        sa.Column("night", sa.Text(), primary_key=True),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("source_id", sa.Text(), primary_key=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("against", sa.Text(), nullable=False),
        sa.Column("lookups", sa.BigInteger(), nullable=False),
        sa.Column("event_ids", sa.Text(), nullable=False),
        sa.Column("operator_ids", sa.Text(), nullable=False),
        sa.Column("subject_ids", sa.Text(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("first_time", sa.Text(), nullable=False),
        sa.Column("last_time", sa.Text(), nullable=False),
        sa.Column("surprise_milli", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("varies", sa.Boolean(), nullable=False),
        sa.Column("suppressed_by", sa.Text(), primary_key=True),
    )
    op.create_table("evidence", *columns)
    kept = ", ".join(column.name for column in columns[:-1])
    op.execute(
        f"INSERT INTO evidence ({kept}, suppressed_by) "  # noqa: S608 - names of columns only
        f"SELECT {kept}, '' FROM evidence_before"
    )
    op.drop_table("evidence_before")
    op.create_index("evidence_by_night", "evidence", ["night"])
    op.add_column(
        "findings", sa.Column("suppressed_by", sa.Text(), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Refuse: evidence that is lifted would come back as if nobody had approved anything."""
    raise NotImplementedError
