"""What the SQLite backends share: opening a file that several processes use, transactions, times as integers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stream.errors import MinshengError, Unavailable

BUSY_SECONDS = 30.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_PASSING = {
    sqlite3.SQLITE_FULL: "磁盘已满",
    sqlite3.SQLITE_IOERR: "磁盘读写出错",
    sqlite3.SQLITE_BUSY: "被别的进程占用过久",
}


def open_database(
    path: Path, schema: str, version: int, *, busy: float = BUSY_SECONDS, cache_mb: int = 64
) -> sqlite3.Connection:
    """A connection in autocommit mode to a WAL database with this schema, made if new; usable from any thread.

    `synchronous` is FULL: in WAL mode only that makes a commit survive a power cut. `schema` is statements split by
    ";", none of which may hold another ";". `cache_mb`: MiB of pages kept in memory at most. Raises MinshengError when the file cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise MinshengError(f"无法打开数据库 {path}: {error}；请检查文件夹是否存在、是否可写") from error
    try:
        _set_up(db, busy, cache_mb)
        _make_schema(db, schema, version, path)
    except sqlite3.Error as error:
        db.close()
        raise MinshengError(f"无法使用数据库 {path}: {error}；请检查它是不是民声的数据文件、磁盘是否已满") from error
    except MinshengError:
        db.close()
        raise
    return db


def _set_up(db: sqlite3.Connection, busy: float, cache_mb: int) -> None:
    use_wal(db, busy)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA journal_size_limit = 67108864")
    db.execute(f"PRAGMA cache_size = -{1024 * cache_mb}")
    db.execute("PRAGMA temp_store = MEMORY")


def use_wal(db: sqlite3.Connection, busy: float) -> None:
    """Switch to WAL. Another process that is just doing so makes the file busy; the driver does not wait for that by itself."""
    deadline = time.monotonic() + busy
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def _make_schema(db: sqlite3.Connection, schema: str, version: int, path: Path) -> None:
    if _version(db) == version:
        return
    with transaction(db):
        found = _version(db)
        if found == version:  # another process was first
            return
        if found != 0:
            raise MinshengError(f"数据库 {path} 的版本是 {found}，本程序只认识 {version}；请用相同版本的程序打开它")
        for statement in schema.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Takes the write lock at once, so that what is read inside cannot change before it is written.

    Raises Unavailable when the disk is full or the file stays busy: nothing is written, and trying later can help.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if why := passing(error):
            raise Unavailable(f"数据库暂时不能写入: {why} ({error})") from error
        raise


def passing(error: BaseException) -> str:
    """Why SQLite cannot write now, in Chinese; "" when waiting would not help."""
    code = getattr(error, "sqlite_errorcode", 0) if isinstance(error, sqlite3.OperationalError) else 0
    return _PASSING.get(code & 0xFF, "")


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside is of one moment, whatever others write meanwhile."""
    db.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        db.execute("COMMIT")


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 (UTC), exact. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"时间缺少时区: {at}")
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
