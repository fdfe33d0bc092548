"""What a crawl is given: how to publish, to mask, to count, and where it keeps how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from configs.catalog import Sheet, Source
from stream.log import Log, Out
from stream.messages import RAW, Post, encode_post

Publish = Callable[[Sequence[Post]], None]
Prepare = Callable[[Post], Post]
Pseudonym = Callable[[str, str], str]
Count = Callable[[str, str, int], None]
Now = Callable[[], datetime]
Stop = Callable[[], bool]
BackfillPolicy = Callable[[Source, datetime, datetime], bool]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Pause = Callable[[float], Awaitable[None]]


class Cursors(Protocol):
    """Where each source's crawl stands: a JSON-able dict, {} for a source never crawled."""

    def load(self, source: str) -> Mapping[str, Any]: ...

    def save(self, source: str, cursor: Mapping[str, Any]) -> None: ...


def is_old(source: Source, published_at: datetime, now: datetime) -> bool:
    """The default policy for history: published longer than the source's `backfill_hours` before `now`."""
    return published_at < now - timedelta(hours=source.backfill_hours)


def to_log(log: Log) -> Publish:
    """Publishes posts to `posts.raw`, keyed by post id; returns when they are durable."""
    return lambda posts: log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])


def utc_now() -> datetime:
    return datetime.now(UTC)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host name as the system knows them; raises OSError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # 1: stream sockets
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Deps:
    """Everything a crawl needs from outside.

    `publish` returns when the posts are durable (see `to_log`); the cursor is saved after it, never before. `prepare`
    masks personal numbers, `pseudonym(source, name)` hides the author: nothing leaves the crawler without either.
    `count(what, reason, n)` counts drops. `sheet` says how spreadsheet headers map to fields (sheet sources need it).
    `resolve` and `pause` stand for DNS and for waiting.
    """

    publish: Publish
    cursors: Cursors
    prepare: Prepare
    pseudonym: Pseudonym
    count: Count
    sheet: Sheet | None = None
    is_backfill: BackfillPolicy = is_old
    user_agent: str = "minsheng/1.0"
    obey_robots: bool = True
    resolve: Resolve = resolve
    pause: Pause = pause
