"""Index a month anew, with the template that is shipped now, while others go on reading and writing.

The new index is filled from the bodies of the old one in the order in which they were written there, again and again,
until little is left. Only for the last of it are writes to that month held back (a writer waits and tries again), for a
second or two; then both aliases are led to the new index in one step, and the old one is gone. Searches see the old
index until that moment and the new one from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stream.elastic_bulk import Copy, delete, write
from stream.elastic_client import Server
from stream.elastic_docs import batches, make_doc, read_body
from stream.elastic_indices import Months
from stream.errors import MinshengError

Json = dict[str, Any]

CHUNK = 1000
FEW = 500  # written since the last round: few enough to hold writes back while they are copied
ROUNDS = 20


def reindex(server: Server, months: Months, month: str, *, restart: bool = False) -> int:
    """How many posts the new index holds.

    `restart` throws away what an earlier call left that did not end; without it such a rest is a MinshengError, as it
    may be the work of another process.
    """
    old = months.look().get(month)
    if old is None:
        raise MinshengError(f"归档没有月份 {month}，有: {'、'.join(sorted(months.known())) or '还没有'}")
    new = months.index(month, months.generation(old) + 1)
    if restart:
        months.drop(new)
        _hold_writes(server, old, False)
    if not months.make(month, months.generation(old) + 1, in_use=False):
        raise MinshengError(
            f"索引 {new} 已在: 别处正在重建，或上次没有做完；确认没有别的重建在运行后，加 --restart 重做"
        )
    try:
        return _Move(server, months, month, old, new).run()
    except BaseException:
        _hold_writes(server, old, False)
        months.drop(new)
        raise


class _Move:
    """The posts of one month on their way from an index to the next."""

    def __init__(self, server: Server, months: Months, month: str, old: str, new: str) -> None:
        self.server, self.months, self.month, self.old, self.new = server, months, month, old, new
        self.done: dict[int, int] = {}  # shard -> number of the last write that was copied

    def run(self) -> int:
        for _ in range(ROUNDS):
            if self.copy("global_checkpoint") <= FEW:
                break
        if self.count(self.old) < self.count(self.new):
            self.drop_deleted()
        _hold_writes(self.server, self.old, True)
        self.copy("max_seq_no")
        if self.count(self.old) < self.count(self.new):
            self.drop_deleted()
        posts = self.count(self.new)
        if posts != self.count(self.old):
            raise MinshengError(f"索引 {self.new} 有 {posts} 条，与 {self.old} 不等，没有换上；请再运行一次")
        self.months.switch(self.month, self.old, self.new)
        return posts

    def copy(self, upto: str) -> int:
        """Copy what was written since the last call; returns how many.

        `upto` is the number in the statistics of a shard up to which everything is in the index (writes run side by
        side, so a later one may be seen before an earlier one): "max_seq_no" only where nobody writes.
        """
        shards = self.server.ask(self.server.es.indices.stats, index=self.old, metric="docs", level="shards")
        ends = {
            int(number): copy["seq_no"][upto]
            for number, copies in shards["indices"][self.old]["shards"].items()
            for copy in copies
            if copy["routing"]["primary"]
        }
        self.refresh(self.old)
        return sum(self.copy_shard(shard, end) for shard, end in ends.items())

    def copy_shard(self, shard: int, end: int) -> int:
        copied, last = 0, self.done.get(shard, -1)
        while True:
            since = {"range": {"_seq_no": {"gt": last, "lte": end}}}
            rows = self.rows(self.old, query=since, sort=["_seq_no"], preference=f"_shards:{shard}", source=True)
            if not rows:
                self.done[shard] = end
                return copied
            for docs in batches(make_doc(read_body(row)) for row in rows):
                write(self.server, docs, self.months.next_alias, self.refuse)
            copied, last = copied + len(rows), rows[-1]["sort"][0]

    def drop_deleted(self) -> None:
        """Take out of the new index what was deleted from the old one after it was copied."""
        for rows in self.pages(self.new):
            ids = [row["_id"] for row in rows]
            alive = {row["_id"] for row in self.rows(self.old, query={"terms": {"_id": ids}}, source=False)}
            copies = [Copy(one["_id"], self.new, one["_seq_no"], one["_primary_term"]) for one in rows]
            delete(self.server, [copy for copy in copies if copy.id not in alive])

    def pages(self, index: str) -> Iterator[Sequence[Json]]:
        request: Json = {"query": {"match_all": {}}, "sort": ["id"], "source": False, "seq_no_primary_term": True}
        while rows := self.rows(index, **request):
            yield rows
            request["search_after"] = rows[-1]["sort"]

    def rows(self, index: str, **request: Any) -> list[Json]:
        ask, search = self.server.ask, self.server.es.search
        answer = ask(search, index=index, size=CHUNK, allow_partial_search_results=False, **request)
        rows: list[Json] = answer["hits"]["hits"]
        return rows

    def count(self, index: str) -> int:
        self.refresh(index)
        return int(self.server.ask(self.server.es.count, index=index)["count"])

    def refresh(self, index: str) -> None:
        self.server.ask(self.server.es.indices.refresh, index=index)

    def refuse(self, months: set[str]) -> None:
        raise MinshengError(f"索引 {self.new} 被删掉了；请看是不是别处也在重建")


def _hold_writes(server: Server, index: str, held: bool) -> None:
    """`held` returns when no write is under way any more; a writer is told 403 until writes are let go on."""
    if held:
        server.ask(server.es.indices.add_block, index=index, block="write")
    else:
        settings = {"index.blocks.write": None}
        server.ask(server.es.indices.put_settings, index=index, settings=settings, ignore_unavailable=True)
