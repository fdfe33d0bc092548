"""The first tables: events, cases, actions, alerts, users, audit, meters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.ledger.columns import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _events()
    _cases()
    _alerts()
    _people()
    _meters()


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("office_hint", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("first_seen", Utc(), nullable=False),
        sa.Column("last_seen", Utc(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("severity_score", sa.Float(), nullable=False),
        sa.Column("sentiment_neg", sa.Integer(), nullable=False),
        sa.Column("heat", sa.Float(), nullable=False),
        sa.Column("trend", sa.Float(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("daily", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("representatives", sa.JSON(), nullable=False),
        sa.Column("event_grade", sa.String(), nullable=True),
        sa.Column("merged_into", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_heat", "events", ["heat"])
    op.create_index("ix_events_last_seen", "events", ["last_seen"])
    op.create_index("ix_events_region_last_seen", "events", ["region", "last_seen"])
    op.create_index("ix_events_severity_last_seen", "events", ["severity", "last_seen"])
    op.create_table(
        "event_posts",
        sa.Column("post_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=False),
        sa.Column("near_copy", sa.Boolean(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("accuses", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name="pk_event_posts"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_event_posts_event_id"),
    )
    op.create_index("ix_event_posts_event_id_at", "event_posts", ["event_id", "at"])


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("helps", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("event_grade", sa.String(), nullable=True),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("clocks", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True),
        sa.Column("tell_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_cases_event_id"),
        sa.UniqueConstraint("number", name="uq_cases_number"),
        sa.UniqueConstraint("event_id", name="uq_cases_event_id"),
    )
    op.create_index("ix_cases_office_state", "cases", ["office", "state"])
    op.create_index("ix_cases_opened_at", "cases", ["opened_at"])
    op.create_index("ix_cases_state_due_at", "cases", ["state", "due_at"])
    op.create_index("ix_cases_tell_at", "cases", ["tell_at"])
    op.create_table(
        "actions",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_actions"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_actions_case_id"),
        sa.UniqueConstraint("id", name="uq_actions_id"),
    )
    op.create_index("ix_actions_at", "actions", ["at"])
    op.create_index("ix_actions_case_id", "actions", ["case_id"])
    op.create_table(
        "case_numbers",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_case_numbers"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("posts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", Utc(), nullable=True),
        sa.Column("sent_at", Utc(), nullable=True),
        sa.Column("why_not", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_case_id", "alerts", ["case_id"])
    op.create_index("ix_alerts_created_at", "alerts", ["created_at"])
    op.create_index("ix_alerts_office_created_at", "alerts", ["office", "created_at"])
    op.create_index("ix_alerts_state_next_try_at", "alerts", ["state", "next_try_at"])


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Utc(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_actor", "audit", ["actor"])
    op.create_index("ix_audit_target", "audit", ["target"])


def _meters() -> None:
    op.create_table(
        "meters",
        sa.Column("hour", Utc(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "part", "what", "reason", name="pk_meters"),
    )
    op.create_table(
        "source_runs",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "at", name="pk_source_runs"),
    )
    op.create_table(
        "cursors",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_cursors"),
    )
