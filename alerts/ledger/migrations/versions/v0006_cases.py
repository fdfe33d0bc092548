"""Promises, acknowledgements, relapses, what was told of a case's deadlines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("intent", sa.String(), nullable=False, server_default=""),
    sa.Column("joins", sa.String(), nullable=False, server_default=""),
    sa.Column("promises", sa.JSON(), nullable=False, server_default="[]"),
    sa.Column("acknowledged_at", Utc()),
    sa.Column("acknowledged_by", sa.String(), nullable=False, server_default=""),
    sa.Column("relapses", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("solved_at", Utc()),
    sa.Column("told", sa.JSON(), nullable=False, server_default="{}"),
    sa.Column("promised", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("promise_at", Utc()),
)


def upgrade() -> None:
    """What was promised before stays in the history alone."""
    for column in _COLUMNS:
        op.add_column("cases", column)
    op.create_index("ix_cases_promise_at", "cases", ["promise_at"])
