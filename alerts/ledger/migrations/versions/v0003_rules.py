"""What alert rules count and remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _posts()
    _counts()
    _episodes()


def _posts() -> None:
    op.create_table(
        "recent_posts",
        sa.Column("post_id", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Boolean(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("near_copy", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name="pk_recent_posts"),
    )
    op.create_index("ix_recent_posts_at", "recent_posts", ["at"])
    op.create_index("ix_recent_posts_counted", "recent_posts", ["counted"])


def _counts() -> None:
    op.create_table(
        "hour_counts",
        sa.Column("hour", Utc(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("own", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "topic", "region", "source", "severity", name="pk_hour_counts"),
    )
    op.create_table(
        "term_days",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "term", name="pk_term_days"),
    )
    op.create_index("ix_term_days_term_day", "term_days", ["term", "day"])


def _episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("grp", sa.String(), nullable=False),
        sa.Column("began", Utc(), nullable=False),
        sa.Column("last", Utc(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "grp", name="pk_episodes"),
    )
