"""Opens SQLite or PostgreSQL so that both behave alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text

HEAD = "0001"
WAIT_MS = 30_000
_LOCK = 6_011_573  # any fixed number: two processes that migrate the same PostgreSQL at once take turns


def connect(url: str, pool: int) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://...` (`pool` connections are kept); makes the folder of the file."""
    target = make_url(url)
    if target.drivername == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    dumps = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    if target.get_backend_name() != "sqlite":
        return create_engine(target, json_serializer=dumps, pool_pre_ping=True, pool_size=pool)
    _make_folder(target)
    engine = create_engine(target, json_serializer=dumps)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that can only look, sees one state throughout and takes no lock against writers."""
    options: dict[str, Any] = {"looks_only": True}
    if engine.dialect.name == "postgresql":
        options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with engine.connect() as plain:
        conn = plain.execution_options(**options)
        with conn.begin():
            yield conn


def stamped(conn: Connection) -> str:
    """The version of the tables in the database; "" when there are none."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if not inspect(conn).has_table("alembic_version"):
        return ""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _make_folder(target: URL) -> None:
    if target.database and target.database != ":memory:":
        Path(target.database).parent.mkdir(parents=True, exist_ok=True)


def _set_up(raw: Any, _record: Any) -> None:
    """BEGIN is ours (the driver's own begins late, and not at all before DDL); WAL lets readers go on while one writes.

    FULL: the log's offset is committed after the ledger, so a power cut must not take back what the ledger said it has.
    """
    raw.isolation_level = None
    for pragma in (f"busy_timeout = {WAIT_MS}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        raw.execute(f"PRAGMA {pragma}")


def _begin(conn: Connection) -> None:
    """A writer takes the lock at once: one that reads first and writes later would fail instead of waiting."""
    looks_only = conn.get_execution_options().get("looks_only", False)
    conn.exec_driver_sql(f"PRAGMA query_only = {looks_only:d}")
    conn.exec_driver_sql("BEGIN" if looks_only else "BEGIN IMMEDIATE")
