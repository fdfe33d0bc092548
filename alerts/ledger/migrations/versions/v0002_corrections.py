"""What staff said of posts in place of the model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("post_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_corrections"),
        sa.UniqueConstraint("id", name="uq_corrections_id"),
    )
    op.create_index("ix_corrections_at", "corrections", ["at"])
    op.create_index("ix_corrections_post_id", "corrections", ["post_id"])
