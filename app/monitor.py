"""What a process tells of itself: /healthz and /metrics on a port of its own. Names and numbers, never a text.

The dashboard is Streamlit's process and answers on its own port: GET /_stcore/health is 200 while it serves.
"""

from __future__ import annotations

import json
import logging
import platform
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app import VERSION
from app.ports import PORTS
from stream.errors import MinshengError

STALLED_AFTER = 60.0  # seconds without coming round
PATIENCE = 5.0  # seconds that a client gets for its request
BATCH_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

logger = logging.getLogger(__name__)

Clock = Callable[[], float]


class Pulse:
    """How the loop of a process fares: written by the loop, read by whoever asks."""

    def __init__(self, part: str, profile: str, clock: Clock = time.monotonic) -> None:
        self.part = part
        self.profile = profile
        self.started = datetime.now(UTC)
        self.lag: dict[str, int] = {}
        self.waiting_for = ""
        self.why = ""
        self._clock = clock
        self._round = self._progress = clock()
        self._progressed: datetime | None = None

    def beat(self) -> None:
        """The loop came round."""
        self._round = self._clock()

    def progress(self) -> None:
        """Something was handled, sent or visited."""
        self._progress, self._progressed = self._clock(), datetime.now(UTC)

    def wait(self, what: str, why: str) -> None:
        self.waiting_for, self.why = what, why

    def go_on(self) -> None:
        self.waiting_for = self.why = ""

    @property
    def idle_seconds(self) -> float:
        return self._clock() - self._progress

    @property
    def state(self) -> str:
        if self.waiting_for:
            return "waiting"
        return "stalled" if self._clock() - self._round > STALLED_AFTER else "ok"

    def report(self) -> dict[str, object]:
        return {
            "status": self.state,
            "part": self.part,
            "version": VERSION,
            "profile": self.profile,
            "started": self.started.isoformat(timespec="seconds"),
            "last_progress": self._progressed and self._progressed.isoformat(timespec="seconds"),
            "seconds_since_round": round(self._clock() - self._round, 1),
            "lag": dict(self.lag),
            "waiting_for": self.waiting_for,
            "why": self.why,
        }


class Metrics:
    """The numbers of one process, labelled with its part."""

    def __init__(self, pulse: Pulse) -> None:
        self.pulse = pulse
        self.registry = registry = CollectorRegistry()
        part = ("part",)
        self._counted = Counter(
            "minsheng_counted", "Handled, dropped, sent … and why", ("part", "what", "reason"), registry=registry
        )
        self._lag = Gauge("minsheng_lag", "Records not yet committed", (*part, "topic", "group"), registry=registry)
        self._took = Histogram(
            "minsheng_batch_seconds",
            "From a batch in hand to its commit",
            part,
            registry=registry,
            buckets=BATCH_SECONDS,
        )
        self._drift = Gauge(
            "minsheng_drift", "Population stability index of last week", (*part, "measure"), registry=registry
        )
        waiting = Gauge("minsheng_waiting", "1 while a server is waited for", part, registry=registry)
        waiting.labels(pulse.part).set_function(lambda: float(bool(pulse.waiting_for)))
        idle = Gauge("minsheng_seconds_since_progress", "Since something was handled", part, registry=registry)
        idle.labels(pulse.part).set_function(lambda: pulse.idle_seconds)
        build = {"version": VERSION, "python": platform.python_version(), "profile": pulse.profile}
        Info("minsheng_build", "What runs", part, registry=registry).labels(pulse.part).info(build)
        ProcessCollector(registry=registry)

    def count(self, what: str, reason: str, n: int = 1) -> None:
        self._counted.labels(self.pulse.part, what, reason).inc(n)

    def took(self, seconds: float) -> None:
        self._took.labels(self.pulse.part).observe(seconds)

    def behind(self, topic: str, group: str, lag: int) -> None:
        self._lag.labels(self.pulse.part, topic, group).set(lag)
        self.pulse.lag[topic] = lag

    def drifted(self, measure: str, index: float) -> None:
        """Not a number where a week has too few posts."""
        self._drift.labels(self.pulse.part, measure).set(index)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


class Monitor:
    """Serves until closed, from a thread of its own. `port` is the one it got."""

    def __init__(self, host: str, port: int, metrics: Metrics) -> None:
        """Takes the next free port when another process has this one. Raises MinshengError when none can be had."""
        self._server = _listen(host, port, metrics)
        self.port = int(self._server.server_address[1])
        if self.port != port:
            logger.info("port %d is taken; /healthz and /metrics are on %d", port, self.port)
        threading.Thread(target=self._server.serve_forever, name="monitor", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    metrics: Metrics


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE
    server: _Server

    def do_GET(self) -> None:
        metrics, path = self.server.metrics, self.path.partition("?")[0]
        if path == "/healthz":
            report = metrics.pulse.report()
            status = HTTPStatus.OK if report["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, "application/json; charset=utf-8", json.dumps(report, ensure_ascii=False).encode())
        elif path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, metrics.text())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/healthz /metrics\n")

    do_HEAD = do_GET

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Who looks is not worth a line."""


def _listen(host: str, port: int, metrics: Metrics) -> _Server:
    for one in range(port, min(port + PORTS, 65536)):
        try:
            server = _Server((host, one), _Handler)
        except OSError as error:
            why = error
            continue
        server.metrics = metrics
        return server
    last = min(port + PORTS - 1, 65535)
    raise MinshengError(f"监控端口 {host}:{port} 到 {last} 都不能用: {why.strerror}；请在设置 monitor.port 里换一个")
