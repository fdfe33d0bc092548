"""What a process tells of itself on /healthz and /metrics."""

from __future__ import annotations

import json
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import VERSION
from app.monitor import STALLED_AFTER, Metrics, Monitor, Pulse
from app.ports import PORTS
from stream.errors import MinshengError

HOST = "127.0.0.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(Pulse("judge", "embedded", clock))


@pytest.fixture
def serve(metrics: Metrics) -> Iterator[Callable[[], Monitor]]:
    made: list[Monitor] = []

    def start() -> Monitor:
        made.append(Monitor(HOST, free_port(), metrics))
        return made[-1]

    yield start
    for one in made:
        one.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    with closing(HTTPConnection(HOST, port, timeout=5)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def value(text: str, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    raise AssertionError(f"{name} {labels} is not there")


def test_a_process_that_goes_round_is_healthy(metrics: Metrics, serve: Callable[[], Monitor]) -> None:
    metrics.behind("posts.raw", "judge", 17)
    status, body = get(serve().port, "/healthz")
    report = json.loads(body)
    assert status == 200
    assert (report["status"], report["part"], report["version"]) == ("ok", "judge", VERSION)
    assert report["lag"] == {"posts.raw": 17}
    assert report["last_progress"] is None


def test_one_that_waits_for_a_server_is_not_and_says_for_which(metrics: Metrics, serve: Callable[[], Monitor]) -> None:
    port = serve().port
    metrics.pulse.wait("ledger", "案件库暂时不能用")
    status, body = get(port, "/healthz")
    assert (status, json.loads(body)["waiting_for"], json.loads(body)["why"]) == (503, "ledger", "案件库暂时不能用")
    assert value(get(port, "/metrics")[1], "minsheng_waiting", part="judge") == 1
    metrics.pulse.go_on()
    assert get(port, "/healthz")[0] == 200


def test_one_that_does_not_come_round_is_stalled_until_it_does(
    metrics: Metrics, clock: Clock, serve: Callable[[], Monitor]
) -> None:
    port = serve().port
    clock.now += STALLED_AFTER + 1
    status, body = get(port, "/healthz")
    assert (status, json.loads(body)["status"]) == (503, "stalled")
    metrics.pulse.beat()
    assert get(port, "/healthz")[0] == 200


def test_every_number_carries_its_part(metrics: Metrics, clock: Clock, serve: Callable[[], Monitor]) -> None:
    metrics.count("handled", "ok", 3)
    metrics.count("handled", "ok")
    metrics.count("dead", "Poison")
    metrics.behind("posts.raw", "judge", 5)
    metrics.took(0.2)
    metrics.pulse.progress()
    clock.now += 30
    status, text = get(serve().port, "/metrics")
    assert status == 200
    assert value(text, "minsheng_counted_total", part="judge", what="handled", reason="ok") == 4
    assert value(text, "minsheng_counted_total", part="judge", what="dead", reason="Poison") == 1
    assert value(text, "minsheng_lag", part="judge", topic="posts.raw", group="judge") == 5
    assert value(text, "minsheng_batch_seconds_count", part="judge") == 1
    assert value(text, "minsheng_seconds_since_progress", part="judge") == 30
    assert value(text, "minsheng_build_info", part="judge", version=VERSION, profile="embedded") == 1
    assert value(text, "process_resident_memory_bytes") > 1 << 20
    assert value(text, "process_cpu_seconds_total") > 0


def test_the_next_free_port_is_taken(metrics: Metrics, serve: Callable[[], Monitor]) -> None:
    first = serve()
    second = Monitor(HOST, first.port, metrics)
    try:
        assert first.port < second.port < first.port + PORTS
        assert get(second.port, "/healthz")[0] == 200
    finally:
        second.close()


def test_no_port_at_all_is_told_with_a_way_out(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.monitor.PORTS", 1)
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(MinshengError, match=r"monitor\.port"):
            Monitor(HOST, taken.getsockname()[1], metrics)


def test_other_paths_are_not_found_and_a_head_has_no_body(serve: Callable[[], Monitor]) -> None:
    port = serve().port
    assert get(port, "/")[0] == 404
    assert get(port, "/healthz", "HEAD") == (200, "")


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == VERSION
