"""Silences, and what was held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("quiet", sa.String(), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("again_at", Utc(), nullable=True))
    op.create_index("ix_alerts_event_id", "alerts", ["event_id"])
    op.create_index("ix_alerts_office_sent_at", "alerts", ["office", "sent_at"])
    op.create_index("ix_alerts_again_at", "alerts", ["again_at"])
    op.create_table(
        "silences",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("made_at", Utc(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_at", Utc(), nullable=False),
        sa.Column("ends_at", Utc(), nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("grave", sa.Boolean(), nullable=False),
        sa.Column("drop", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_silences"),
        sa.UniqueConstraint("id", name="uq_silences_id"),
    )
    op.create_index("ix_silences_ends_at", "silences", ["ends_at"])
    op.create_table(
        "silence_ends",
        sa.Column("silence", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("silence", name="pk_silence_ends"),
        sa.ForeignKeyConstraint(["silence"], ["silences.id"], name="fk_silence_ends_silence"),
    )
