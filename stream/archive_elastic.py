"""The archive of the distributed profile: Elasticsearch, one index for each month of `published_at` in Shanghai.

A post is written under its id into the index of its month, so a replay changes nothing. When its month changed since it
was last written, its copy in the other month is deleted at once: after every write, the other months are asked for the
same ids. Of two copies the one that was fetched last stays, whoever looks, so that two writers never delete each
other's.

What one object wrote, it finds: by id at once, and in searches because they make visible first what it wrote since.
Others find it within a second (the server's refresh interval), so a writer that never searches does not pay for that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from elasticsearch import ApiError

from stream.archive import Bucket, Interval, Page, Query, Split
from stream.elastic_bulk import Copy, delete, write
from stream.elastic_client import PAUSES, Server, reason, said
from stream.elastic_docs import Doc, batches, fetched_at, is_id, is_over, make_doc, read_body
from stream.elastic_indices import Months
from stream.elastic_query import between, count_request, histogram_request, page_request, read_facets, read_histogram
from stream.elastic_reindex import reindex
from stream.errors import MinshengError
from stream.fields import highlight, is_hopeless, read_mark, sort_of, write_mark
from stream.messages import Judged
from stream.terms import Finder

Json = dict[str, Any]

CHUNK = 2000  # hits of one answer; the server gives at most 10,000


class ElasticArchive:
    """See `stream/archive.py`. Any number of processes may read and write; threads may share one object.

    Args:
        urls, user, password, api_key, ca_file, timeout, pauses: see `stream/elastic_client.py`.
        templates: folder of posts.json, the index template.
        prefix: name of the alias of all months.
        shards, replicas: of a month's index when it is made.
    """

    def __init__(
        self,
        urls: str,
        *,
        templates: Path,
        prefix: str = "minsheng-posts",
        shards: int = 1,
        replicas: int = 0,
        user: str = "",
        password: str = "",
        api_key: str = "",
        ca_file: str = "",
        timeout: float = 30,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._server = Server(
            urls, user=user, password=password, api_key=api_key, ca_file=ca_file, timeout=timeout, pauses=pauses
        )
        self.months = Months(self._server, templates, prefix, shards, replicas)
        self._unseen: set[str] = set()  # months with writes that no search sees yet
        self._lock = threading.Lock()

    def upsert(self, judged: Sequence[Judged]) -> None:
        """Raises Poison for a post that can never be written, Unavailable when the server is away.

        After either, some may be written; give the others again.
        """
        latest = {one.post.id: one for one in judged}
        for docs in batches(map(make_doc, latest.values())):
            try:
                write(self._server, docs, self.months.alias, self.months.open_all)
            finally:
                self._written(doc.month for doc in docs)
            self._drop_moved(docs)

    def get(self, post_id: str) -> Judged | None:
        copies = self._copies(post_id, self.months.known()) or self._copies(post_id, self.months.look())
        return read_body(max(copies, key=fetched_at)) if copies else None

    def search(self, query: Query) -> Page:
        """Raises MinshengError when `after` is no mark of this query's order."""
        mark = read_mark(query)
        if is_hopeless(query):
            return Page((), 0, facets=read_facets({}) if query.facets else {})
        self._show_written()
        limit = max(query.limit, 0)
        answer = self._search(page_request(query, min(limit + 1, CHUNK), mark) | count_request(query))
        rows = answer["hits"]["hits"]
        while len(rows) % CHUNK == 0 and 0 < len(rows) <= limit:
            request = page_request(query, min(limit + 1 - len(rows), CHUNK), rows[-1]["sort"])
            more = self._search(request | {"track_total_hits": False})["hits"]["hits"]
            if not more:
                break
            rows += more
        shown = rows[:limit]
        following = write_mark(sort_of(query), tuple(shown[-1]["sort"])) if shown and len(rows) > limit else ""
        finder = Finder(query.text)
        hits = tuple(highlight(read_body(row), finder) for row in shown)
        return Page(hits, answer["hits"]["total"]["value"], following, read_facets(answer) if query.facets else {})

    def histogram(self, query: Query, by: Interval, split: Split = "") -> list[Bucket]:
        if is_hopeless(query):
            return []
        self._show_written()
        found: list[Bucket] = []
        after: Json | None = None
        while True:
            buckets, after = read_histogram(self._search(histogram_request(query, by, split, after)))
            found += buckets
            if after is None:
                return found

    def reindex(self, month: str, *, restart: bool = False) -> int:
        """Index a month anew with the shipped template, while others read and write; see `stream/elastic_reindex.py`."""
        return reindex(self._server, self.months, month, restart=restart)

    def purge(self, before: datetime) -> int:
        """Whole months are dropped at once; of the month that is cut, the posts one by one."""
        self._show_written()
        gone = 0
        for month, index in self.months.look().items():
            if is_over(month, before):
                gone += self._server.ask(self._server.es.count, index=index, ignore_unavailable=True)["count"]
                self.months.drop(index)
            else:
                gone += self._purge_from(month, before)
        return gone

    def close(self) -> None:
        self._server.close()

    def _search(self, request: Json, index: str = "") -> Json:
        """An archive without any index is an empty one; an answer that lacks a part of the posts is none."""
        try:
            answer: Json = self._server.ask(
                self._server.es.search,
                through=(400,),
                index=index or self.months.prefix,
                ignore_unavailable=True,
                allow_no_indices=True,
                allow_partial_search_results=False,
                **request,
            )
        except ApiError as error:
            raise MinshengError(f"归档不能回答这个查询: {reason(said(error))}；请改短或去掉一些条件") from None
        return answer

    def _written(self, months: Iterable[str]) -> None:
        with self._lock:
            self._unseen.update(months)

    def _show_written(self) -> None:
        with self._lock:  # held while the server refreshes, so that no other thread searches too early
            self._refresh(self._unseen)
            self._unseen.clear()

    def _refresh(self, months: Iterable[str]) -> None:
        names = [self.months.alias(month) for month in months]
        if names:
            self._server.ask(self._server.es.indices.refresh, index=names, ignore_unavailable=True)

    def _drop_moved(self, docs: Sequence[Doc]) -> None:
        """Leave one copy of each post that was just written, whatever month another lies in."""
        known = self.months.look().keys()
        for month in {doc.month for doc in docs}:
            if not known - {month}:
                continue
            self._refresh(known - {month})
            ids = [doc.id for doc in docs if doc.month == month]
            elsewhere = {"bool": {"filter": [{"terms": {"_id": ids}}], "must_not": [self._within(month)]}}
            request: Json = {"query": elsewhere, "size": len(ids), "source": False, "filter_path": "hits.hits._id"}
            answer = self._search(request | {"track_total_hits": False})
            for hit in answer.get("hits", {}).get("hits", ()):
                self._settle(hit["_id"], month)

    def _within(self, month: str) -> Json:
        return {"term": {"_index": self.months.alias(month)}}

    def _settle(self, post_id: str, month: str) -> None:
        """Delete all copies of a post but the one fetched last; of equally old ones that of this month stays.

        A copy that was written again, or whose index gave way to a new one, is looked at again.
        """
        while len(copies := self._copies(post_id, self.months.look())) > 1:
            copies.sort(key=lambda copy: (fetched_at(copy), self.months.month(copy["_index"]) == month))
            old = [Copy(post_id, one["_index"], one["_seq_no"], one["_primary_term"]) for one in copies[:-1]]
            delete(self._server, old)
            self._written(self.months.month(copy.index) for copy in old)

    def _copies(self, post_id: str, months: Iterable[str]) -> list[Json]:
        """The documents of a post as they are this moment, seen by searches or not; commonly one."""
        if not is_id(post_id):
            return []
        for seconds in (*self._server.pauses, None):
            docs = [{"_index": self.months.alias(month), "_id": post_id} for month in months]
            found = self._server.ask(self._server.es.mget, docs=docs)["docs"] if docs else ()
            failed = [doc["error"] for doc in found if "error" in doc]
            if not failed:
                return [doc for doc in found if doc["found"]]
            if seconds is None:
                raise self._server.away(f"不能读信息 {post_id}: {reason(failed[0])}")
            time.sleep(seconds)
            months = self.months.look()  # one was dropped or gave way to a new index
        raise AssertionError("unreachable")

    def _purge_from(self, month: str, before: datetime) -> int:
        gone = 0
        request: Json = {"query": between(None, before), "size": CHUNK, "sort": ["at", "id"], "source": False}
        request |= {"track_total_hits": False, "seq_no_primary_term": True}
        while rows := self._search(request, self.months.alias(month))["hits"]["hits"]:
            gone += delete(
                self._server, [Copy(row["_id"], row["_index"], row["_seq_no"], row["_primary_term"]) for row in rows]
            )
            self._written([month])
            request["search_after"] = rows[-1]["sort"]
        return gone
