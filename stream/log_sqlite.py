"""The embedded log: one SQLite file that any number of processes publish to and read from.

A topic has one partition, 0. Two workers of the same group see the same records until one commits; as effects are
idempotent that costs time but harms nothing.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from stream.log import REREADS, Out, Record
from stream.sqlite import BUSY_SECONDS, from_micros, open_database, to_micros, transaction

VERSION = 1
# A record's id is its topic's number and its offset in one integer: a topic lies together and needs no second index.
OFFSET_BITS = 40
TRIM_CHUNK = 5000
CACHE_MB = 4  # a topic is read once, from its start to its end: what was read is not asked for again
SCHEMA = """
CREATE TABLE topic (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, next INTEGER NOT NULL DEFAULT 0);
CREATE TABLE record (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  headers TEXT NOT NULL);
CREATE TABLE position (topic INTEGER NOT NULL, member TEXT NOT NULL, next INTEGER NOT NULL,
  PRIMARY KEY (topic, member)) WITHOUT ROWID
"""
POSITION = """
SELECT topic.number, topic.next, coalesce(position.next, 0) FROM topic
LEFT JOIN position ON position.topic = topic.number AND position.member = ? WHERE topic.name = ?
"""


class SqliteLog:
    """See `stream/log.py`. `poll`: seconds between two looks for something new while `read` waits; `busy`: seconds to
    wait for another process's write."""

    def __init__(self, path: Path, *, poll: float = 0.05, busy: float = BUSY_SECONDS) -> None:
        self._db = open_database(path, SCHEMA, VERSION, busy=busy, cache_mb=CACHE_MB)
        self._lock = threading.RLock()
        self._poll = poll
        self._closed = threading.Event()
        self._joined: set[tuple[str, str]] = set()

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        rows = [(out.key, out.value, _dump(out)) for out in items]
        if not rows:
            return
        with self._lock, transaction(self._db):
            number, first = self._topic(topic)
            at = to_micros(datetime.now(UTC))
            ids = range(_id(number, first), _id(number, first) + len(rows))
            self._db.executemany(
                "INSERT INTO record (id, at, key, value, headers) VALUES (?, ?, ?, ?, ?)",
                ((id_, at, *row) for id_, row in zip(ids, rows, strict=True)),
            )
            self._db.execute("UPDATE topic SET next = ? WHERE number = ?", (first + len(rows), number))

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        self._join(topic, group)
        deadline = time.monotonic() + wait
        while True:
            signal = self._signal()
            records = self._fetch(topic, group, limit)
            if records or not self._changed(signal, deadline):
                return records

    def commit(self, group: str, records: Sequence[Record]) -> None:
        ends: dict[str, int] = {}
        for record in records:
            ends[record.topic] = max(ends.get(record.topic, 0), record.offset + 1)
        if not ends:
            return
        with self._lock, transaction(self._db):
            for topic, end in ends.items():
                self._move(topic, group, end)

    def lag(self, topic: str, group: str) -> int:
        with self._lock:
            found = self._db.execute(POSITION, (group, topic)).fetchone()
            if found is None:
                return 0
            number, end, position = found
            first = self._db.execute(
                "SELECT min(id) FROM record WHERE id >= ? AND id < ?", (_id(number, 0), _id(number + 1, 0))
            ).fetchone()[0]
        return 0 if first is None else max(0, end - max(position, _offset(first)))

    def topics(self) -> list[str]:
        """The names of all topics, sorted."""
        with self._lock:
            return [name for (name,) in self._db.execute("SELECT name FROM topic ORDER BY name")]

    def trim(self, before: datetime) -> int:
        """Delete the records that were taken before this time and that every group of their topic has committed.

        Groups that only read again do not count. A topic that no group has read yet is left whole (dead letters wait for
        somebody to look). Returns how many.
        """
        limit = to_micros(before)
        with self._lock:
            ends = self._db.execute(
                "SELECT topic, min(next) FROM position WHERE member NOT GLOB ? GROUP BY topic", (f"{REREADS}*",)
            ).fetchall()
            return sum(self._trim_topic(number, end, limit) for number, end in ends)

    def close(self) -> None:
        """Also ends a `read` that waits in another thread."""
        self._closed.set()
        with self._lock:
            self._db.close()

    def _topic(self, name: str) -> tuple[int, int]:
        """The topic's number and next offset; made if new. Inside a transaction."""
        self._db.execute("INSERT INTO topic (name) VALUES (?) ON CONFLICT DO NOTHING", (name,))
        number, end = self._db.execute("SELECT number, next FROM topic WHERE name = ?", (name,)).fetchone()
        return number, end

    def _move(self, topic: str, group: str, end: int) -> None:
        number, _ = self._topic(topic)
        self._db.execute(
            "INSERT INTO position (topic, member, next) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET next = max(next, excluded.next)",
            (number, group, end),
        )

    def _join(self, topic: str, group: str) -> None:
        """Make the group known before its first record, so that `trim` keeps what it has yet to read."""
        if (topic, group) in self._joined:
            return
        with self._lock, transaction(self._db):
            self._move(topic, group, 0)
        self._joined.add((topic, group))

    def _fetch(self, topic: str, group: str, limit: int) -> list[Record]:
        with self._lock:
            number, _, position = self._db.execute(POSITION, (group, topic)).fetchone()
            rows = self._db.execute(
                "SELECT id, at, key, value, headers FROM record WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (_id(number, position), _id(number + 1, 0), limit),
            ).fetchall()
        return [_record(topic, row) for row in rows]

    def _signal(self) -> tuple[int, int]:
        """Differs whenever somebody has written: other connections move the first number, our own the second."""
        with self._lock:
            return int(self._db.execute("PRAGMA data_version").fetchone()[0]), self._db.total_changes

    def _changed(self, signal: tuple[int, int], deadline: float) -> bool:
        """Wait until something was written (True) or until the deadline or close (False)."""
        for left in _until(deadline):
            if self._closed.wait(min(self._poll, left)):
                return False
            try:
                if self._signal() != signal:
                    return True
            except sqlite3.ProgrammingError:  # closed between the wait and the look
                return False
        return False

    def _trim_topic(self, number: int, end: int, limit: int) -> int:
        """Only a prefix goes, so that offsets stay without holes; in chunks, so that others may write in between."""
        kept = self._db.execute(
            "SELECT min(id) FROM record WHERE id >= ? AND id < ? AND at >= ?",
            (_id(number, 0), _id(number, end), limit),
        ).fetchone()[0]
        stop = _id(number, end) if kept is None else kept
        gone = 0
        while True:
            with transaction(self._db):
                chunk = self._db.execute(
                    "DELETE FROM record WHERE id IN (SELECT id FROM record WHERE id >= ? AND id < ? LIMIT ?)",
                    (_id(number, 0), stop, TRIM_CHUNK),
                ).rowcount
            gone += chunk
            if chunk < TRIM_CHUNK:
                return gone


def _until(deadline: float) -> Iterator[float]:
    """The seconds left, again and again until there are none."""
    while (left := deadline - time.monotonic()) > 0:
        yield left


def _id(number: int, offset: int) -> int:
    return (number << OFFSET_BITS) + offset


def _offset(id_: int) -> int:
    return id_ & ((1 << OFFSET_BITS) - 1)


def _dump(out: Out) -> str:
    return json.dumps(dict(out.headers), ensure_ascii=False) if out.headers else ""


def _record(topic: str, row: tuple[int, int, str, bytes, str]) -> Record:
    id_, at, key, value, headers = row
    return Record(topic, 0, _offset(id_), key, value, from_micros(at), json.loads(headers) if headers else {})
