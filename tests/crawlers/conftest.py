"""A site on loopback made of tests/fixtures/site and whatever a test puts in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from configs.catalog import Sheet, Source
from crawlers.deps import Deps
from crawlers.health import SourceResult
from crawlers.run import crawl_once
from stream.messages import Post

SITE = Path(__file__).parents[1] / "fixtures" / "site"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
SHEET = Sheet(
    columns={
        "id": ("工单编号", "编号", "序号"),
        "title": ("标题", "主题"),
        "text": ("诉求内容", "内容"),
        "author": ("来电人",),
        "published_at": ("来电时间", "时间"),
        "reply": ("答复内容",),
        "reply_at": ("答复时间",),
        "reply_office": ("承办单位",),
        "likes": ("点赞数",),
    }
)

Answer = tuple[int, Mapping[str, str], bytes]


class Site:
    """`put` replaces a path: a body, a status with headers, or a list of answers given one after another."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.hits: list[str] = []
        self.agents: set[str] = set()
        self.cookies: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def put(self, path: str, *bodies: str | bytes, status: int = 200, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        names.setdefault("Content-Type", "text/html; charset=utf-8")
        self.answers[path] = [(status, names, b.encode() if isinstance(b, str) else b) for b in bodies or ("",)]

    def then(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def answer(self, path: str) -> Answer:
        if path in self.answers:
            left = self.answers[path]
            return left.pop(0) if len(left) > 1 else left[0]
        name = path.split("?", 1)[0]
        file = SITE / (name.lstrip("/") + ("index.html" if name.endswith("/") else ""))
        if not file.is_file():
            return 404, {"Content-Type": "text/html"}, b"<h1>404</h1>"
        kind = "application/xml" if file.suffix == ".xml" else "text/html"
        return 200, {"Content-Type": kind}, file.read_bytes()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.hits.append(self.path)
            site.agents.add(self.headers.get("User-Agent", ""))
            site.cookies += self.headers.get_all("Cookie", [])
            status, headers, body = site.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


class MemoryCursors(dict[str, Mapping[str, Any]]):
    def load(self, source: str) -> Mapping[str, Any]:
        return self.get(source, {})

    def save(self, source: str, cursor: Mapping[str, Any]) -> None:
        self[source] = cursor


@dataclass
class World:
    """A crawl's surroundings: what it published, counted and remembered, and how to run it."""

    site: Site
    posts: list[Post] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    cursors: MemoryCursors = field(default_factory=MemoryCursors)
    waits: list[float] = field(default_factory=list)
    now: datetime = NOW
    names: dict[str, Sequence[str]] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def source(self, kind: str, path: str, **changes: Any) -> Source:
        plain = {"key": kind, "name": kind, "kind": kind, "url": self.site.url(path), "publishes": "message"}
        return Source.model_validate({**plain, "delay": 0, "allow_loopback": True, **changes})

    def crawl(self, *sources: Source) -> list[SourceResult]:
        return crawl_once(sources, self.deps(), lambda: self.now)

    def deps(self) -> Deps:
        given: dict[str, Any] = {
            "publish": self.posts.extend,
            "cursors": self.cursors,
            "prepare": lambda post: post,
            "pseudonym": lambda source, name: f"{source}-{len(name)}",
            "count": self._count,
            "sheet": SHEET,
            "user_agent": "minsheng-test/1",
            "resolve": self._resolve,
            "pause": self._pause,
        }
        return Deps(**{**given, **self.changes})

    def _count(self, what: str, reason: str, n: int) -> None:
        self.counts[what, reason] += n

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        if host not in self.names:
            raise OSError(f"no such host {host}")
        return self.names[host]

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def world(site: Site) -> World:
    return World(site)
