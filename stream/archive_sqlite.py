"""The embedded archive: one SQLite file, searched through FTS5 with the terms of `stream/terms.py`.

The full-text table is contentless (it holds terms, no text), so what is taken out of it must be named again: the terms
of an old post are cut from its stored text. `VERSION` must therefore change whenever the terms of a text change.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from stream.archive import Bucket, Interval, Page, Query, Split
from stream.archive_sql import count_sql, facets_sql, histogram_sql, page_sql
from stream.fields import FACETS, facets_of, highlight, is_hopeless, read_mark, sort_of, write_mark
from stream.messages import Judged, Post
from stream.packing import pack, unpack
from stream.sqlite import BUSY_SECONDS, from_micros, open_database, snapshot, to_micros, transaction
from stream.terms import Finder, index_terms

VERSION = 1
PURGE_CHUNK = 500
SCHEMA = f"""
CREATE TABLE post (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,
  set_aside INTEGER NOT NULL, needs_human INTEGER NOT NULL,
  {", ".join(f"{name} {'INTEGER' if name == 'severity' else 'TEXT'} NOT NULL" for name in FACETS)});
CREATE INDEX post_by_time ON post (at, id);
CREATE TABLE body (n INTEGER PRIMARY KEY, packed BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (title, text, content='', tokenize="ascii tokenchars '_'")
"""
WRITE_POST = f"""
INSERT OR REPLACE INTO post (n, id, at, set_aside, needs_human, {", ".join(FACETS)})
VALUES (?, ?, ?, ?, ?, {", ".join("?" for _ in FACETS)})
"""
BODIES = "SELECT n, packed FROM body WHERE n IN (SELECT value FROM json_each(?))"


class _Write(NamedTuple):
    """A post to be written at row n. `old` is what stands there now, None for a new one."""

    n: int
    judged: Judged
    packed: bytes
    old: Judged | None


class SqliteArchive:
    """See `stream/archive.py`. Any number of processes may read; writers take turns."""

    def __init__(self, path: Path, *, busy: float = BUSY_SECONDS) -> None:
        self._db = open_database(path, SCHEMA, VERSION, busy=busy)
        self._lock = threading.RLock()

    def upsert(self, judged: Sequence[Judged]) -> None:
        latest = {one.post.id: one for one in judged}
        with self._lock, transaction(self._db):
            writes = self._changes(latest)
            self._unindex((write.n, write.old.post) for write in writes if write.old and _text_differs(write))
            self._db.executemany(WRITE_POST, map(_row, writes))
            self._db.executemany(
                "INSERT OR REPLACE INTO body (n, packed) VALUES (?, ?)", ((write.n, write.packed) for write in writes)
            )
            self._db.executemany(
                "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
                (_words(write.n, write.judged.post) for write in writes if _text_differs(write)),
            )

    def get(self, post_id: str) -> Judged | None:
        with self._lock:
            found = self._db.execute("SELECT packed FROM post JOIN body USING (n) WHERE id = ?", (post_id,)).fetchone()
        return unpack(found[0]) if found else None

    def search(self, query: Query) -> Page:
        """Raises MinshengError when `after` is no mark of this query's order."""
        mark = read_mark(query)
        if is_hopeless(query):
            return Page((), 0, facets=_facets(()) if query.facets else {})
        with self._lock, snapshot(self._db):
            (total,) = self._db.execute(*count_sql(query)).fetchone()
            rows = self._db.execute(*page_sql(query, mark)).fetchall()
            facets = _facets(self._db.execute(*facets_sql(query))) if query.facets else {}
            shown = rows[: max(query.limit, 0)]
            bodies = self._bodies([row[0] for row in shown])
        following = write_mark(sort_of(query), shown[-1][1:]) if shown and len(rows) > len(shown) else ""
        finder = Finder(query.text)
        return Page(tuple(highlight(unpack(bodies[row[0]]), finder) for row in shown), total, following, facets)

    def histogram(self, query: Query, by: Interval, split: Split = "") -> list[Bucket]:
        if is_hopeless(query):
            return []
        with self._lock:
            rows = self._db.execute(*histogram_sql(query, by, split)).fetchall()
        return [Bucket(from_micros(start), str(key), count) for start, key, count in rows]

    def purge(self, before: datetime) -> int:
        """In chunks, so that others may write in between."""
        gone, limit = 0, to_micros(before)
        while chunk := self._purge_chunk(limit):
            gone += chunk
        return gone

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _changes(self, latest: Mapping[str, Judged]) -> list[_Write]:
        """What differs from what is stored, each with its row; inside a transaction."""
        stored = {
            id_: (n, packed)
            for id_, n, packed in self._db.execute(
                "SELECT id, n, packed FROM post JOIN body USING (n) WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(latest)),),
            )
        }
        (last,) = self._db.execute("SELECT coalesce(max(n), 0) FROM post").fetchone()
        writes = []
        for id_, judged in latest.items():
            packed = pack(judged)
            n, old = stored.get(id_, (0, None))
            if old is None:
                last += 1
                writes.append(_Write(last, judged, packed, None))
            elif old != packed:
                writes.append(_Write(n, judged, packed, unpack(old)))
        return writes

    def _unindex(self, posts: Iterable[tuple[int, Post]]) -> None:
        """Take rows out of the full-text table, which must be told what it holds of them."""
        self._db.executemany(
            "INSERT INTO words (words, rowid, title, text) VALUES ('delete', ?, ?, ?)",
            (_words(n, post) for n, post in posts),
        )

    def _bodies(self, ns: Sequence[int]) -> dict[int, bytes]:
        return dict(self._db.execute(BODIES, (json.dumps(ns),)))

    def _purge_chunk(self, limit: int) -> int:
        with self._lock, transaction(self._db):
            found = self._db.execute("SELECT n FROM post WHERE at < ? ORDER BY at LIMIT ?", (limit, PURGE_CHUNK))
            ns = [n for (n,) in found]
            self._unindex((n, unpack(packed).post) for n, packed in self._bodies(ns).items())
            for table in ("post", "body"):
                self._db.executemany(f"DELETE FROM {table} WHERE n = ?", ((n,) for n in ns))
        return len(ns)


def _text_differs(write: _Write) -> bool:
    if write.old is None:
        return True
    return (write.old.post.title, write.old.post.text) != (write.judged.post.title, write.judged.post.text)


def _row(write: _Write) -> tuple[object, ...]:
    judged = write.judged
    facets = facets_of(judged)
    flags = bool(judged.judgement.set_aside), judged.judgement.needs_human
    return (write.n, judged.post.id, to_micros(judged.post.published_at), *flags, *(facets[name] for name in FACETS))


def _words(n: int, post: Post) -> tuple[int, str, str]:
    return n, " ".join(index_terms(post.title)), " ".join(index_terms(post.text))


def _facets(rows: Iterable[tuple[str, object, int]]) -> dict[str, dict[str, int]]:
    counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, key, count in rows:
        counted[name][str(key)] = count
    return {name: counted[name] for name in FACETS}
