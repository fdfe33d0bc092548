"""A loopback HTTP server that speaks enough of Elasticsearch to write to, and does wrong on command."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
JSON = "application/vnd.elasticsearch+json;compatible-with=9"


class FakeElastic:
    """Takes every document. `script` holds what to answer to the next bulk requests in place of that: a status and a body,
    or a function of the list of ids. `asked` is each request as (method, path), `auth` each Authorization header."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[Answer | Callable[[list[str]], Answer]] = []
        self.asked: list[tuple[str, str]] = []
        self.auth: set[str] = set()
        self.written: list[str] = []
        self.product = "Elasticsearch"
        self.login = ""
        self.months: set[str] = set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fake.auth.add(self.headers.get("authorization", ""))
                status, said = fake.answer(self.command, self.path.partition("?")[0], body)
                content = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("X-Elastic-Product", fake.product)
                self.send_header("content-type", "text/html" if isinstance(said, bytes) else JSON)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = respond

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.http.server_port}"

    def expect(self, user: str, password: str) -> None:
        self.login = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        self.asked.append((method, path))
        if self.login and self.login not in self.auth:
            return 401, {"error": {"type": "security_exception", "reason": "missing authentication"}}
        if path == "/_bulk":
            return self.bulk(body)
        if path.startswith("/_alias"):
            return (200, {month: {} for month in self.months}) if self.months else (404, {"error": "missing"})
        if method == "PUT" and path.startswith("/posts-"):
            self.months.add(path[1:])
        return 200, {"acknowledged": True, "index_templates": [{"index_template": {"version": 10**6}}]}

    def bulk(self, body: bytes) -> Answer:
        ids = [json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]]
        if self.script:
            step = self.script.pop(0)
            return step(ids) if callable(step) else step
        self.written += ids
        return items(ids)


def items(ids: list[str], **bad: Answer) -> Answer:
    """The answer to a bulk of these ids; `bad` gives the status and the type of an error for some."""
    said = [{"index": item(*bad.get(id_, (201, "")))} for id_ in ids]
    return 200, {"errors": bool(bad), "items": said}


def item(status: int, kind: str) -> dict[str, Any]:
    return {"status": status} | ({"error": {"type": kind, "reason": f"{kind} happened"}} if kind else {})


@contextmanager
def serving(fake: FakeElastic) -> Iterator[FakeElastic]:
    thread = threading.Thread(target=fake.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        fake.http.shutdown()
        fake.http.server_close()
        thread.join()
