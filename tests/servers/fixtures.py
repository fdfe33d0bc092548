"""Real servers for tests: each started when a test first asks for it, kept for the session, and skipped by name when it cannot be had.

`kafka_servers`, `elastic_url` and `postgres_url` tell where they are; `kafka_server`, `elastic_server` and `postgres_server` are the
servers themselves, to stop, kill, pause and start again. A test that does so leaves its server running for the others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from app.servers.cluster import Packages, find_packages
from app.servers.elastic import Elastic
from app.servers.jars import elastic_home, kafka_jars
from app.servers.java import find_java
from app.servers.kafka import Kafka
from app.servers.postgres import Postgres, find_postgres
from app.servers.server import Server
from app.servers.throwaway import Throwaway
from stream.errors import MinshengError

S = TypeVar("S", bound=Server)
T = TypeVar("T")
WANTED = "no server: "  # begins the reason of such a skip


def say(line: str) -> None:
    """pytest shows it when the start fails."""
    print(line)


@contextmanager
def running(make: Callable[[Throwaway], S]) -> Iterator[S]:
    """Skips the test when the server's programs cannot be had; one that does not start is a failure."""
    place = Throwaway()
    try:
        server = found(lambda: make(place))
        server.start()
        yield server
        server.stop()
    finally:
        place.end()


def found(make: Callable[[], T]) -> T:
    """What `make` gives, or a skip, or under NEED_SERVERS=1 a failure."""
    try:
        return make()
    except MinshengError as error:
        if os.environ.get("NEED_SERVERS") == "1":
            pytest.fail(f"{WANTED}{error}", pytrace=False)
        pytest.skip(f"{WANTED}{error}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names every file whose tests were skipped for want of a server, and why."""
    lacking: Counter[tuple[str, str]] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if WANTED in reason:
            lacking[report.nodeid.partition("::")[0], reason.partition(WANTED)[2]] += 1
    for (file, reason), tests in sorted(lacking.items()):
        terminalreporter.write_line(f"SKIPPED {file} ({tests} tests), no server: {reason}", yellow=True)


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Kafka]:
    with running(lambda place: Kafka(place, find_java(os.environ), kafka_jars(os.environ, say))) as server:
        yield server


@pytest.fixture(scope="session")
def elastic_server() -> Iterator[Elastic]:
    def make(place: Throwaway) -> Elastic:
        java = find_java(os.environ)
        return Elastic(place, java, elastic_home(os.environ, java, say))

    with running(make) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with running(lambda place: Postgres(place, find_postgres(os.environ))) as server:
        yield server


@pytest.fixture(scope="session")
def kafka_servers(kafka_server: Kafka) -> str:
    """host:port of a Kafka broker."""
    return kafka_server.url


@pytest.fixture(scope="session")
def elastic_url(elastic_server: Elastic) -> str:
    return elastic_server.url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Postgres) -> str:
    """Of a database `minsheng` whose owner may make others."""
    return postgres_server.url


@pytest.fixture(scope="session")
def packages() -> Packages:
    """The programs of all three servers."""
    return found(lambda: find_packages(os.environ, say))
