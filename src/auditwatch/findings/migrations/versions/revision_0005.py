"""0005: second factors, saved lists, and indexes that lists are read from alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, which begin empty, and the indexes."""
    op.create_table(
        "factors",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recoveries",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
    )
    op.create_table(
        "filters",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("address", sa.Text(), nullable=False),
    )
    _make_indexes()


def _make_indexes() -> None:
    """Make the indexes that lists of findings and of what people did are read from alone."""
    order = (sa.text("priority DESC"), sa.text("last_seen DESC"), "finding_id", "status")
    op.drop_index("findings_by_priority", "findings")
    op.create_index("findings_by_priority", "findings", [*order])
    op.create_index("findings_by_kind", "findings", ["kind", *order])
    op.drop_index("steps_by_actor", "steps")
    op.create_index("steps_by_actor", "steps", ["actor", "finding_id", "at"])
    op.create_index("journal_by_finding", "journal", ["finding_id", "action", "actor", "at"])
    op.create_index("journal_by_action", "journal", ["action", "at", "actor", "finding_id"])


def downgrade() -> None:
    """Refuse: accounts would lose their second factor."""
    raise NotImplementedError
