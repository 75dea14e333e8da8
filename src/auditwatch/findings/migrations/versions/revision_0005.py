"""0005: second factors, saved lists, and indexes for what the journal says of one finding."""

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
    op.create_index("journal_by_finding", "journal", ["finding_id", "action", "actor", "at"])
    op.create_index("journal_by_actor", "journal", ["actor", "action", "finding_id", "at"])


def downgrade() -> None:
    """Refuse: accounts would lose their second factor."""
    raise NotImplementedError
