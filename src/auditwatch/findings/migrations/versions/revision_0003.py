"""0003: the desk: who is meant in a finding, steps of reviewers, accounts, sessions, reveals."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHUNK = 1000


def upgrade() -> None:
    """Make the tables of the desk, and tell of each finding who is meant in it."""
    parties = op.create_table(
        "parties",
        sa.Column("finding_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("identity", sa.Text(), primary_key=True),
    )
    op.create_index("parties_by_identity", "parties", ["kind", "identity"])
    descending = (sa.text("priority DESC"), sa.text("last_seen DESC"))
    op.create_index(
        "findings_by_severity", "findings", ["severity", *descending, "finding_id", "status"]
    )
    op.create_index("findings_by_rule", "findings", ["rule_id", "kind", "status", "night"])
    _fill(parties)
    _make_work()
    _make_accounts()


def _fill(parties: sa.Table) -> None:
    """Tell who is meant in the findings that are there."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text("SELECT finding_id, operator_ids, subject_ids FROM findings")
    ).all()
    rows = [
        {"finding_id": name, "kind": kind, "identity": identity}
        for name, *both in found
        for kind, text in zip(("operator", "subject"), both, strict=True)
        for identity in json.loads(text)
    ]
    for start in range(0, len(rows), CHUNK):
        op.bulk_insert(parties, rows[start : start + CHUNK])


def _make_work() -> None:
    """Make the tables of what reviewers do."""
    op.create_table(
        "steps",
        sa.Column("finding_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("allegation", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
    )
    op.create_index("steps_by_actor", "steps", ["actor"])
    op.create_table(
        "standings",
        sa.Column("finding_id", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
    )
    op.create_index("standings_by_state", "standings", ["state"])


def _make_accounts() -> None:
    """Make the tables of who they are and what they may see."""
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("operator_ids", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.Text(), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("form_token", sa.Text(), nullable=False),
        sa.Column("opened", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
    )
    op.create_table(
        "reveals",
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("finding_id", sa.Text(), primary_key=True),
        sa.Column("until", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Refuse: what reviewers decided would be lost."""
    raise NotImplementedError
