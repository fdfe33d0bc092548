"""Opens SQLite or PostgreSQL so that both behave alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from stream.errors import MinshengError
from stream.sqlite import use_wal

HEAD = "0009"
WAIT_MS = 30_000
CACHE_MB = 16  # of SQLite's pages that a connection keeps: its own 2 MB are too few for the indexes of 100,000 events
POOL_WAIT = 30  # seconds for one of the pool's connections to come free
# What a session may take (milliseconds): a statement, a wait for a lock, a pause in the middle of a transaction.
LIMITS = {"statement_timeout": 60_000, "lock_timeout": 10_000, "idle_in_transaction_session_timeout": 120_000}
# Seconds, but tcp_user_timeout (milliseconds): when a server that says nothing any more counts as gone.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "minsheng",
    "options": " ".join(f"-c {name}={value}" for name, value in LIMITS.items()),
}
_TURN = text("SELECT pg_advisory_xact_lock(:number)")


def dump_json(value: object) -> str:
    """The value as JSON without spaces, letters as they are: by Pydantic's writer, in a quarter of the time of Python's."""
    return to_json(value).decode()


def parse(url: str) -> URL:
    """The address of the ledger. Raises MinshengError when it names neither SQLite nor PostgreSQL; tells no password."""
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):
        target = None
    if target is not None and target.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return target.set(drivername="postgresql+psycopg")
    if target is None or target.drivername != "sqlite":
        raise MinshengError(
            "案件库地址 ledger.url 写得不对: 应如 postgresql://用户:密码@主机:5432/库名，留空则用本地文件"
        )
    return target


def shown(target: URL) -> str:
    """The address as people may see it: without user, password and options."""
    if target.drivername == "sqlite":
        return str(target.database)
    return URL.create("postgresql", host=target.host, port=target.port, database=target.database).render_as_string()


def connect(target: URL, pool: int) -> Engine:
    """An engine that keeps `pool` connections to PostgreSQL (twice as many in a rush), or makes SQLite's folder.

    No error of it tells the values of a statement: they are texts of citizens.
    """
    if target.get_backend_name() == "sqlite":
        _make_folder(target)
        engine = create_engine(target, json_serializer=dump_json, hide_parameters=True)
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine
    engine = create_engine(
        target,
        json_serializer=dump_json,
        hide_parameters=True,
        connect_args={name: value for name, value in PATIENCE.items() if name not in target.query},
        pool_pre_ping=True,
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=POOL_WAIT,
        pool_recycle=1800,
        pool_use_lifo=True,
    )
    event.listen(engine, "connect", _drop_nul)
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
    if not inspect(conn).has_table("alembic_version"):
        return ""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def writes(conn: Connection) -> bool:
    """Whether the transaction is one that may write."""
    return not conn.get_execution_options().get("looks_only", False)


def take_turns(conn: Connection, number: int) -> None:
    """Let in one transaction at a time of those that give the same number. SQLite lets in one writer anyhow."""
    if conn.dialect.name == "postgresql":
        conn.execute(_TURN, {"number": number})


def be_patient(conn: Connection) -> None:
    """No limit on what comes next in this transaction: building an index may take long, or waiting for it."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL lock_timeout = 0"))
        conn.execute(text("SET LOCAL statement_timeout = 0"))


def _make_folder(target: URL) -> None:
    if not target.database or target.database == ":memory:":
        return
    folder = Path(target.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MinshengError(f"案件库的文件夹 {folder} 建不成: {error.strerror}；请检查路径、权限和磁盘") from error


def _drop_nul(raw: Any, _record: Any) -> None:
    """PostgreSQL has no form for the character NUL and refuses the row; a post that has one must not be lost for it."""
    from psycopg.types.string import StrDumperUnknown

    class WithoutNul(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", ""))

    raw.adapters.register_dumper(str, WithoutNul)


def _set_up(raw: sqlite3.Connection, _record: Any) -> None:
    """BEGIN is ours (the driver's own begins late, and not at all before DDL); WAL lets readers go on while one writes.

    FULL: the log's offset is committed after the ledger, so a power cut must not take back what the ledger said it has.
    """
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
    use_wal(raw, WAIT_MS / 1000)
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute(f"PRAGMA cache_size = -{1024 * CACHE_MB}")


def _begin(conn: Connection) -> None:
    """A writer takes the lock at once: one that reads first and writes later would fail instead of waiting."""
    looks_only = not writes(conn)
    conn.exec_driver_sql(f"PRAGMA query_only = {looks_only:d}")
    conn.exec_driver_sql("BEGIN" if looks_only else "BEGIN IMMEDIATE")
