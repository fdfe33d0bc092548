"""The three servers together."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.servers.elastic import Elastic
from app.servers.jars import Say, elastic_home, kafka_jars, need_maven
from app.servers.java import find_java
from app.servers.kafka import Kafka
from app.servers.missing import Missing
from app.servers.postgres import Postgres, find_postgres
from app.servers.server import Server
from app.servers.throwaway import Throwaway

T = TypeVar("T")


@dataclass(frozen=True)
class Packages:
    """Where on this machine the programs lie."""

    java: Path
    kafka: Path
    elastic: Path
    postgres: Path


def find_packages(env: Mapping[str, str], say: Say) -> Packages:
    """Fetches what is not cached. Raises Missing that names everything this machine lacks."""
    if sys.platform != "linux":
        raise Missing("一次性的服务器只能在 Linux 上运行。")
    lacks: list[str] = []
    java = _or_note(lambda: find_java(env), lacks)
    postgres = _or_note(lambda: find_postgres(env), lacks)
    _or_note(lambda: need_maven(env), lacks)
    if lacks or java is None or postgres is None:
        raise Missing("\n".join(lacks))
    return Packages(java, kafka_jars(env, say), elastic_home(env, java, say), postgres)


def _or_note(find: Callable[[], T], lacks: list[str]) -> T | None:
    try:
        return find()
    except Missing as missing:
        lacks.append(str(missing))
        return None


class Cluster:
    """Kafka, Elasticsearch and PostgreSQL in one throwaway folder.

    Each of `servers` can be stopped, killed, paused and started again; it keeps its port and data until `end`.
    """

    def __init__(self, packages: Packages, also: tuple[Path, ...] = ()) -> None:
        self.place = Throwaway(also)
        self.servers: dict[str, Server] = {
            "elastic": Elastic(
                self.place, packages.java, packages.elastic
            ),  # first: it starts beside Kafka's formatting
            "kafka": Kafka(self.place, packages.java, packages.kafka),
            "postgres": Postgres(self.place, packages.postgres),
        }

    def start(self, say: Say) -> None:
        """Starts all at once; returns when all serve."""
        began = time.monotonic()
        for server in self.servers.values():
            server.launch()
        for server in self.servers.values():
            server.wait()
            say(f"{server.name} 已就绪: {server.url} ({time.monotonic() - began:.1f} 秒)")

    def settings(self) -> dict[str, str]:
        """The environment under which the product uses them."""
        return {
            "MINSHENG_PROFILE": "distributed",
            "MINSHENG_KAFKA__SERVERS": self.servers["kafka"].url,
            "MINSHENG_ELASTIC__URLS": self.servers["elastic"].url,
            "MINSHENG_LEDGER__URL": self.servers["postgres"].url,
        }

    def end(self) -> None:
        """Ends the servers and deletes all of them."""
        self.place.end()
        for server in self.servers.values():
            server.kill()


@contextmanager
def running_cluster(env: Mapping[str, str], say: Say) -> Iterator[Cluster]:
    """Servers that run as long as the block. Raises Missing, or MinshengError when one does not start."""
    cluster = Cluster(find_packages(env, say))
    try:
        cluster.start(say)
        yield cluster
    finally:
        cluster.end()
