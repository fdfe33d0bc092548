"""One Elasticsearch node: the server's core with its HTTP transport and none of its other modules."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from app.servers.jvm import SERVER_OPTIONS
from app.servers.server import HOST, Server, free_port
from app.servers.throwaway import Throwaway

LOGGING = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


class Elastic(Server):
    def __init__(self, place: Throwaway, java: Path, home: Path) -> None:
        super().__init__(place, "elastic")
        self.java = java
        self.home = home
        self.transport = free_port()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        for name in ("config", "tmp"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "config/jvm.options").touch()
        (self.folder / "config/log4j2.properties").write_text(LOGGING, encoding="utf-8")

    def command(self) -> list[str]:
        options = [
            *SERVER_OPTIONS,
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            f"-Des.nativelibs.path={self.home / 'lib/platform'}",
            "--enable-native-access=ALL-UNNAMED",
        ]
        settings = [f"{name}={value}" for name, value in self._settings().items()]
        classes = f"{self.home / 'classes'}:{self.home / 'lib'}/*"
        return [str(self.java), *options, "-cp", classes, "Launcher", str(self.folder / "config"), *settings]

    def _settings(self) -> dict[str, object]:
        return {
            "path.home": self.home,
            "path.data": self.folder / "data",
            "path.logs": self.folder / "logs",
            "cluster.name": "minsheng",
            "node.name": "minsheng",
            "discovery.type": "single-node",
            "network.host": HOST,
            "http.port": self.port,
            "transport.port": self.transport,
            "cluster.routing.allocation.disk.threshold_enabled": "false",  # a full disk of the machine is not ours to judge
        }

    def is_ready(self) -> bool:
        connection = HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_cluster/health")
            answer = connection.getresponse()
            return answer.status == 200 and json.loads(answer.read())["status"] in ("green", "yellow")
        except (OSError, HTTPException, ValueError, KeyError):
            return False
        finally:
            connection.close()
