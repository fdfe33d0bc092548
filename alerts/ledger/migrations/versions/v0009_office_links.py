"""The links that were sent to offices, so that one of them can be revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that were sent before are not known; they can be revoked by their text."""
    op.create_table(
        "office_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("revoked_at", Utc(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_office_links"),
    )
    op.create_index("ix_office_links_case_id", "office_links", ["case_id"])
