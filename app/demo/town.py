"""The demo town: a small site on loopback that shows what of a schedule is published by now.

In a process: `town = Town(build(1, anchor), lambda: datetime.now(UTC)); town.start(); ...; town.stop()`.
By itself: `python -m app.demo.town --state DIR --port N` reads `DIR/town.json` (anchor: ISO time; simulated_now: ISO
time, or null for the wall clock) and again whenever the file changes; the anchor and the pauses of an earlier demo are
taken once, at the start.
"""

from __future__ import annotations

import json
import logging
import os
from argparse import ArgumentParser
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.demo import pages
from app.demo.schedule import TownPost, build, put_off
from app.demo.sheet import workbook
from stream.errors import MinshengError

HTML = "text/html; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_DAYS = 30
FEED_ITEMS = 40
SEED = 1

log = logging.getLogger(__name__)


class Shelf:
    """The posts of one source, oldest first, and which of them are visible at a time."""

    def __init__(self, posts: Sequence[TownPost]) -> None:
        self.posts = sorted(posts, key=lambda post: (post.published_at, post.key))
        self._times = [post.published_at for post in self.posts]

    def visible(self, now: datetime) -> int:
        """How many posts are published by `now`; they are the first ones."""
        return bisect_right(self._times, now)

    def page(self, now: datetime, page: int, size: int) -> tuple[list[TownPost], bool]:
        """Page `page` (1 is the newest), newest first, and whether an older page follows."""
        end = self.visible(now) - (page - 1) * size
        start = max(end - size, 0)
        return self.posts[start : max(end, 0)][::-1], start > 0

    def since(self, now: datetime, start: datetime) -> list[TownPost]:
        return self.posts[bisect_right(self._times, start) : self.visible(now)]


class Site:
    """The town as a function: a path at a time gives status, content type and body."""

    def __init__(self, schedule: Sequence[TownPost]) -> None:
        by_source: dict[str, list[TownPost]] = defaultdict(list)
        threads: dict[str, list[TownPost]] = defaultdict(list)
        for post in schedule:
            by_source[post.source].append(post)
            threads[post.thread].append(post)
        self._shelves = {source: Shelf(by_source[source]) for source in pages.SITE}
        self._threads = {key: Shelf(posts) for key, posts in threads.items() if key}
        self._by_path = {post.path: post for post in schedule if post.path and "#" not in post.path}
        self._sheet: tuple[object, bytes] = (None, b"")
        self._lock = Lock()

    def answer(self, target: str, now: datetime, base: str) -> tuple[int, str, bytes]:
        """`target` as in a request line; `base` is the site's own address, for the feed."""
        parts = urlsplit(target)
        if parts.path == pages.SHEET_PATH:
            return 200, XLSX, self.sheet(now)
        if parts.path == "/robots.txt":
            return 200, "text/plain; charset=utf-8", pages.ROBOTS.encode()
        if parts.path == "/rss.xml":
            items, _ = self._shelves["feed"].page(now, 1, FEED_ITEMS)
            return 200, "application/rss+xml; charset=utf-8", pages.rss(items, base, now).encode()
        html = self._html(parts.path, _page(parts.query), now)
        return (200, HTML, html.encode()) if html else (404, HTML, pages.missing().encode())

    def sheet(self, now: datetime) -> bytes:
        """The spreadsheet, made anew only when a row or an answer has come (or the oldest day has gone)."""
        rows = self._shelves["hotline"].since(now, now - timedelta(days=SHEET_DAYS))
        state = (len(rows), rows[-1].key if rows else "", sum(pages.answered(post, now) for post in rows))
        with self._lock:
            if self._sheet[0] != state:
                self._sheet = (state, workbook(rows[::-1], now))
            return self._sheet[1]

    def _html(self, path: str, page: int, now: datetime) -> str:
        if path == "/":
            return pages.home()
        if path == "/board/":
            posts, more = self._shelves["board"].page(now, page, pages.PER_PAGE)
            return pages.board_list(posts, page, more, now)
        if path == "/news/":
            posts, more = self._shelves["news"].page(now, page, pages.PER_PAGE)
            return pages.news_list(posts, page, more)
        if path == "/forum/":
            return self._forum(page, now)
        if path == "/hotline/":
            return pages.hotline_home()
        return self._detail(path, now)

    def _detail(self, path: str, now: datetime) -> str:
        post = self._by_path.get(path)
        if post is None or post.published_at > now:
            return ""
        if post.source == "board":
            return pages.board_detail(post, now)
        if post.source == "forum":
            shelf = self._threads[post.thread]
            return pages.forum_thread(shelf.posts[: shelf.visible(now)])
        return pages.article(post)

    def _forum(self, page: int, now: datetime) -> str:
        """Threads by last activity: walks back from the newest post until the page is full."""
        forum, wanted = self._shelves["forum"], page * pages.PER_PAGE
        seen: dict[str, datetime] = {}
        for index in range(forum.visible(now) - 1, -1, -1):
            post = forum.posts[index]
            seen.setdefault(post.thread, post.published_at)
            if len(seen) > wanted:
                break
        threads = list(seen.items())[wanted - pages.PER_PAGE : wanted]
        rows = [(self._threads[key].posts[0], last, self._threads[key].visible(now) - 1) for key, last in threads]
        return pages.forum_list(rows, page, len(seen) > wanted)


class Town:
    """The town as a server on 127.0.0.1. `port` 0 takes a free one; see `.port` after `start`."""

    def __init__(self, schedule: Sequence[TownPost], now: Callable[[], datetime], port: int = 0) -> None:
        self.site = Site(schedule)
        self.now = now
        self.port = port
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    def start(self) -> Town:
        """Serve in a thread of its own; raises MinshengError when the port is taken."""
        try:
            server = _Server(("127.0.0.1", self.port), _handler(self))
        except OSError as error:
            raise MinshengError(
                f"演示小城无法使用端口 {self.port}: {error.strerror}；请关闭占用它的程序，或换一个端口"
            ) from error
        self.port, self._server = server.server_port, server
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="demo-town", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=3)
        self._server = self._thread = None

    def wait(self) -> None:
        """Until somebody stops it."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=1)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class StateClock:
    """The town's time as `town.json` says: simulated while it names a time, else the wall clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._state: dict[str, Any] = {}
        self.now()
        if "anchor" not in self._state:
            raise MinshengError(f"{path}: 缺少 anchor (历史的终点，ISO 时间)；请由 demo 命令重新生成")
        self.anchor = _time(self._state["anchor"])
        self.pauses = tuple((_time(start), _time(end)) for start, end in self._state.get("pauses", ()))

    def now(self) -> datetime:
        stamp = os.stat(self.path).st_mtime_ns if self.path.exists() else 0
        if stamp != self._read:
            self._reload(stamp)
        simulated = self._state.get("simulated_now")
        return _time(simulated) if simulated else datetime.now(UTC)

    def _reload(self, stamp: int) -> None:
        try:
            self._state = json.loads(self.path.read_text(encoding="utf-8"))
            self._read = stamp
        except (
            OSError,
            ValueError,
        ) as error:  # written at this very moment: the last good state stands, the next call reads again
            log.warning("%s 暂时无法读取: %s", self.path, error)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


def _handler(town: Town) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body leave in one packet
        timeout = 30

        def do_GET(self) -> None:
            status, kind, body = town.site.answer(self.path, town.now(), town.base)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-cache")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            log.debug("town %s", args)

    return Handler


def _page(query: str) -> int:
    page = parse_qs(query).get("page", ["1"])[0]
    return int(page) if page.isdecimal() and 0 < int(page) < 10_000 else 1


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(prog="app.demo.town", description="演示小城")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(argv)
    clock = StateClock(given.state / "town.json")
    town = Town(put_off(build(SEED, clock.anchor), clock.pauses), clock.now, given.port).start()
    log.info("town at %s", town.base)
    try:
        town.wait()
    except KeyboardInterrupt:
        town.stop()


if __name__ == "__main__":
    main()
