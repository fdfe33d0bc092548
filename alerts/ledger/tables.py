"""The tables as they are now; `migrations/` builds them step by step (a test compares the two)."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from alerts.ledger import tables_delivery
from alerts.ledger.columns import Utc

metadata = tables_delivery.metadata

events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("topic", String, nullable=False),
    Column("office_hint", String, nullable=False),
    Column("region", String, nullable=False),
    Column("place", Text, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("severity_score", Float, nullable=False),
    Column("sentiment_neg", Integer, nullable=False),
    Column("heat", Float, nullable=False),
    Column("trend", Float, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("daily", JSON, nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("representatives", JSON, nullable=False),
    Column("event_grade", String),
    Column("merged_into", String, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Index(None, "last_seen"),
    Index(None, "heat"),
    Index(None, "severity", "last_seen"),
    Index(None, "region", "last_seen"),
)

event_posts = Table(
    "event_posts",
    metadata,
    Column("post_id", String, primary_key=True),
    Column("event_id", String, ForeignKey("events.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("source", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("similarity", Float, nullable=False),
    Column("near_copy", Boolean, nullable=False),
    Column("intent", String, nullable=False),
    Column("accuses", JSON, nullable=False),
    Index(None, "event_id", "at"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False, unique=True),
    Column("event_id", String, ForeignKey("events.id"), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("topic", String, nullable=False),
    Column("region", String, nullable=False),
    Column("place", Text, nullable=False),
    Column("office", String, nullable=False),
    Column("helps", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("route", String, nullable=False),
    Column("basis", Text, nullable=False),
    Column("why", JSON, nullable=False),
    Column("event_grade", String),
    Column("closed_at", Utc),
    Column("reopened", Integer, nullable=False),
    Column("clocks", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("due_at", Utc),  # of the open clock that ends first; kept for sorting and filtering
    Column("tell_at", Utc),  # when the deadlines of this case are to be looked at next
    Column("intent", String, nullable=False),
    Column("joins", String, nullable=False),
    Column("promises", JSON, nullable=False),
    Column("acknowledged_at", Utc),
    Column("acknowledged_by", String, nullable=False),
    Column("relapses", Integer, nullable=False),
    Column("solved_at", Utc),
    Column("told", JSON, nullable=False),
    Column("promised", Integer, nullable=False),  # how many promises there are
    Column("promise_at", Utc),  # by when the next of those that nobody has checked is to be kept
    Index(None, "state", "due_at"),
    Index(None, "office", "state"),
    Index(None, "opened_at"),
    Index(None, "tell_at"),
    Index(None, "promise_at"),
)

actions = Table(
    "actions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("case_id", String, ForeignKey("cases.id"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "case_id"),
    Index(None, "at"),
)

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("day", String, primary_key=True),
    Column("last", Integer, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("office", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("posts", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Utc),
    Column("sent_at", Utc),
    Column("why_not", Text, nullable=False),
    Column("quiet", String, nullable=False),
    Column("again_at", Utc),
    Index(None, "state", "next_try_at"),
    Index(None, "case_id"),
    Index(None, "event_id"),
    Index(None, "office", "sent_at"),
    Index(None, "again_at"),
    Index(None, "office", "created_at"),
    Index(None, "created_at"),
)

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("display_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Utc),
    Column("created_at", Utc, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor", String, nullable=False),
    Column("what", String, nullable=False),
    Column("target", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "actor"),
    Index(None, "target"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("post_id", String, nullable=False),
    Column("field", String, nullable=False),
    Column("value", String, nullable=False),
    Column("before", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "post_id"),
    Index(None, "at"),
)

meters = Table(
    "meters",
    metadata,
    Column("hour", Utc, primary_key=True),
    Column("part", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("n", Integer, nullable=False),
)

source_runs = Table(
    "source_runs",
    metadata,
    Column("source", String, primary_key=True),
    Column("at", Utc, primary_key=True),
    Column("ok", Boolean, nullable=False),
    Column("items", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("source", String, primary_key=True),
    Column("cursor", JSON, nullable=False),
)

recent_posts = Table(  # as the rules of time windows count them, see tallies.py
    "recent_posts",
    metadata,
    Column("post_id", String, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("topic", String, nullable=False),
    Column("region", String, nullable=False),
    Column("source", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("negative", Boolean, nullable=False),
    Column("event_id", String, nullable=False),
    Column("near_copy", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    Column("counted", Boolean, nullable=False),
    Index(None, "at"),
    Index(None, "counted"),
)

hour_counts = Table(
    "hour_counts",
    metadata,
    Column("hour", Utc, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("severity", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    Column("own", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
)

term_days = Table(
    "term_days",
    metadata,
    Column("day", String, primary_key=True),
    Column("term", String, primary_key=True),
    Column("live", Integer, nullable=False),
    Index(None, "term", "day"),
)

episodes = Table(  # that a rule holds for a group, since when and how far
    "episodes",
    metadata,
    Column("rule", String, primary_key=True),
    Column("grp", String, primary_key=True),
    Column("began", Utc, nullable=False),
    Column("last", Utc, nullable=False),
    Column("level", Integer, nullable=False),
    Column("data", JSON, nullable=False),
)

route_versions = Table(  # the dispatch tree as it was, by its hash
    "route_versions",
    metadata,
    Column("version", String, primary_key=True),
    Column("first_used_at", Utc, nullable=False),
    Column("author", String, nullable=False),
    Column("tree", Text, nullable=False),
)

regroupings = Table(  # what staff said of which posts tell of one event
    "regroupings",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("other_id", String, nullable=False),
    Column("posts", JSON, nullable=False),
    Column("actor", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "event_id"),
    Index(None, "other_id"),
)
