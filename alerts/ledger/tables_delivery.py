"""The tables of what goes out and comes back: silences, mails, chat messages, replies, attachments, what lies before staff."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from alerts.ledger.columns import Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

silences = Table(
    "silences",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("made_at", Utc, nullable=False),
    Column("author", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("matchers", JSON, nullable=False),
    Column("grave", Boolean, nullable=False),
    Column("drop", Boolean, nullable=False),
    Index(None, "ends_at"),
)

silence_ends = Table(  # those that somebody ended before their time
    "silence_ends",
    metadata,
    Column("silence", String, ForeignKey("silences.id"), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor", String, nullable=False),
    Column("note", Text, nullable=False),
)

mails = Table(  # `told`: address -> when its server took it; `bounced`: address -> why it came back
    "mails",
    metadata,
    Column("id", String, primary_key=True),
    Column("office", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("cases", JSON, nullable=False),
    Column("alerts", JSON, nullable=False),
    Column("told", JSON, nullable=False),
    Column("bounced", JSON, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    Column("id", String, primary_key=True),
    Column("office", String, nullable=False),
    Column("bot", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", Utc),
    Column("why_not", Text, nullable=False),
    Index(None, "state", "next_try_at"),
)

replies = Table(  # every mail that came in; `place` is where in the mailbox
    "replies",
    metadata,
    Column("id", String, primary_key=True),
    Column("place", String, nullable=False),
    Column("at", Utc, nullable=False),
    Column("office", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("answered_at", Utc),
)

duty_items = Table(
    "duty_items",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("kind", String, nullable=False),
    Column("office", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("done_at", Utc),
    Column("done_by", String, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "done_at", "at"),
)

office_links = Table(
    "office_links",
    metadata,
    Column("id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("office", String, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("mail", String, nullable=False),
    Column("revoked_at", Utc),
    Column("revoked_by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "case_id"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("actor", String, nullable=False),
    Index(None, "case_id"),
)
