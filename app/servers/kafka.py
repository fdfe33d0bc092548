"""One Kafka broker that is its own controller (KRaft)."""

from __future__ import annotations

from pathlib import Path

from app.ports import answers
from app.servers.jvm import SERVER_OPTIONS, TOOL_OPTIONS
from app.servers.server import HOST, STARTS_WITHIN, Server, free_port
from app.servers.throwaway import Throwaway
from stream.errors import MinshengError

CLUSTER = "bWluc2hlbmctdGhyb3dhdw"  # an identity is 16 bytes in base64; none of these clusters ever meets another
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
"""
LOGGING = """\
<Configuration>
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""


class Kafka(Server):
    def __init__(self, place: Throwaway, java: Path, jars: Path) -> None:
        super().__init__(place, "kafka")
        self.java = java
        self.jars = jars
        self.controller = free_port()

    @property
    def url(self) -> str:
        return f"{HOST}:{self.port}"

    def prepare(self) -> None:
        self.folder.mkdir()
        values = {"host": HOST, "port": self.port, "controller": self.controller, "data": self.folder / "data"}
        Path(self._settings).write_text(SETTINGS.format(**values), encoding="utf-8")
        (self.folder / "log4j2.xml").write_text(LOGGING, encoding="utf-8")
        process = self.spawn(
            self._java(TOOL_OPTIONS, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", self._settings)
        )
        if process.wait(STARTS_WITHIN):
            raise MinshengError(f"kafka 的目录没有建成:\n{self.log_tail()}")

    def command(self) -> list[str]:
        return self._java(SERVER_OPTIONS, "kafka.Kafka", self._settings)

    @property
    def _settings(self) -> str:
        return str(self.folder / "server.properties")

    def _java(self, options: tuple[str, ...], *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.xml'}"
        return [str(self.java), *options, logging, "-cp", f"{self.jars / 'lib'}/*", *arguments]

    def is_ready(self) -> bool:
        return answers(HOST, self.port) and "Kafka Server started" in self.said()
