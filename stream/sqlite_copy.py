"""Copies of SQLite files while others write to them, all of one moment."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from stream.errors import MinshengError, Unavailable
from stream.sqlite import BUSY_SECONDS, passing


@contextmanager
def held_still(path: Path) -> Iterator[None]:
    """Nobody writes to this database meanwhile; those that want to wait. Raises Unavailable when it stays busy."""
    with closing(_open(path)) as db, plainly(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            db.execute("ROLLBACK")


class FrozenFile:
    """A database as it is at this moment, however long it takes to copy it and whatever others write meanwhile."""

    def __init__(self, path: Path, tables: Sequence[str]) -> None:
        self._path = path
        self._tables = tables
        self._db = _open(path)
        with plainly(path):
            self._db.execute("BEGIN")
            self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment is that of the first look

    def counts(self) -> dict[str, int]:
        """Table -> rows; a table that is not there is left out."""
        with plainly(self._path):
            there = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            wanted = [name for name in self._tables if name in there]
            return {name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in wanted}

    def version(self) -> str:
        with plainly(self._path):
            return str(self._db.execute("PRAGMA user_version").fetchone()[0])

    def ask(self, query: str) -> str:
        """The first value that the query gives."""
        with plainly(self._path):
            found = self._db.execute(query).fetchone()
        return str(found[0]) if found else ""

    def copy(self, to: Path) -> None:
        """Write it to a new file, readable by its owner alone. Raises MinshengError when the database is damaged."""
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(to, isolation_level=None)) as copy, plainly(to):
            self._db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # all in the one file
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise MinshengError(f"数据库 {self._path} 已损坏，没有备份: {found}；请用 minsheng restore 恢复较早的备份")

    def close(self) -> None:
        self._db.close()


def is_used(path: Path) -> bool:
    """Whether another connection has the database open. What it had not yet taken over from its journal is taken over.

    False for a file that is no database or is damaged: nobody can use it.
    """
    with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as db:
        try:
            db.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        except sqlite3.DatabaseError:
            return False
    return False


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if why := passing(error):
            raise Unavailable(f"数据库 {path} 暂时不能用: {why} ({error})") from error
        raise MinshengError(f"数据库 {path} 不能读写: {error}；请检查它是不是民声的数据文件、磁盘是否已满") from error


def _open(path: Path) -> sqlite3.Connection:
    """Never makes a file."""
    with plainly(path):
        uri = f"{path.resolve().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
