"""Versions of the dispatch tree and what staff chose in its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "route_versions",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("first_used_at", Utc(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("tree", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_route_versions"),
    )
