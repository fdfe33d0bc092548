"""The servers keep port and data over restarts, and nothing of them outlives who started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from app.runner import part_environment
from app.servers.alive import is_alive, mark_of
from app.servers.elastic import Elastic
from app.servers.kafka import Kafka
from app.servers.leash import leashed
from app.servers.postgres import Postgres
from app.servers.server import Server
from app.servers.throwaway import PREFIX, Throwaway
from stream.errors import MinshengError

pytestmark = pytest.mark.slow

# Starts a server that only sleeps, tells its folder and the numbers of the server and the keeper, and waits.
OWNER = """
import signal, sys, time
from app.servers.server import Server
from app.servers.throwaway import Throwaway

class Sleeper(Server):
    url = "none"
    def prepare(self): self.folder.mkdir()
    def command(self): return ["sleep", "600"]
    def is_ready(self): return True

place = Throwaway()
server = Sleeper(place, "sleeper")
server.start()
if "paused" in sys.argv:
    server.pause()
print(place.path, server.pid, place._keeper.pid, flush=True)
time.sleep(600)
"""


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return False


class Owner:
    """A process that holds one server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process = process
        folder, server, keeper = process.stdout.readline().split()
        self.folder, self.keeper = Path(folder), int(keeper)
        self.server = mark_of(int(server))

    def left_nothing(self) -> bool:
        return not is_alive(self.server) and not self.folder.exists()


@contextmanager
def owner(tmp_path: Path, *arguments: str) -> Iterator[Owner]:
    """Its throwaway folder lies under `tmp_path`."""
    environment = part_environment({**os.environ, "TMPDIR": str(tmp_path)})
    command = [sys.executable, "-c", OWNER, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield Owner(process)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_and_its_folder_go_with_whoever_holds_them(tmp_path: Path, number: signal.Signals) -> None:
    with owner(tmp_path) as one:
        assert is_alive(one.server)
        assert one.folder.is_dir()
        one.process.send_signal(number)
        assert eventually(one.left_nothing)


def test_a_paused_server_goes_too(tmp_path: Path) -> None:
    with owner(tmp_path, "paused") as one:
        one.process.kill()
        assert eventually(one.left_nothing)


def test_the_server_goes_even_when_the_keeper_is_killed_first_and_the_next_one_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if leashed(["x"], signal.SIGKILL) == ["x"]:
        pytest.skip("this needs util-linux' setpriv")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with owner(tmp_path) as one, owner(tmp_path) as living:
        os.kill(one.keeper, signal.SIGKILL)
        one.process.kill()
        assert eventually(lambda: not is_alive(one.server))
        assert one.folder.exists()
        one.process.wait()
        Throwaway().end()
        assert not one.folder.exists()
        assert living.folder.exists(), "a folder whose owner lives is not swept"
    assert eventually(lambda: not list(tmp_path.glob(f"{PREFIX}*")))


def test_a_server_that_does_not_start_tells_the_end_of_its_log() -> None:
    class Broken(Server):
        url = "none"

        def prepare(self) -> None:
            self.folder.mkdir()

        def command(self) -> list[str]:
            return ["sh", "-c", "echo the disk is upside down; exit 3"]

        def is_ready(self) -> bool:
            return False

    place = Throwaway()
    try:
        with pytest.raises(MinshengError, match=r"(?s)broken 没有启动成功.*the disk is upside down"):
            Broken(place, "broken").start()
    finally:
        place.end()
    assert not place.path.exists()


def test_postgres_comes_back_with_its_data(postgres_server: Postgres) -> None:
    url = postgres_server.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('民声')")
    for away in (postgres_server.kill, postgres_server.stop):
        away()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        postgres_server.start()
        assert postgres_server.url == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchone() == ("民声",)
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE kept")


def test_a_paused_postgres_answers_again_when_it_goes_on(postgres_server: Postgres) -> None:
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        postgres_server.pause()
        try:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(postgres_server.url, connect_timeout=2)
        finally:
            postgres_server.resume()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_elastic_comes_back_with_its_data(elastic_server: Elastic) -> None:
    with Elasticsearch(elastic_server.url) as client:
        client.index(index="kept", id="1", document={"word": "民声"}, refresh=True)
        elastic_server.kill()
        elastic_server.start()
        assert eventually(lambda: serves(client, "kept"))
        assert client.get(index="kept", id="1")["_source"] == {"word": "民声"}
        client.indices.delete(index="kept")


def serves(client: Elasticsearch, index: str) -> bool:
    try:
        return bool(client.cluster.health(index=index, wait_for_status="yellow", timeout="1s")["status"] != "red")
    except (ApiError, ConnectionTimeout):
        return False


def test_kafka_comes_back_with_its_data(kafka_server: Kafka) -> None:
    url, part = kafka_server.url, TopicPartition("kept", 0)
    with_admin(url, lambda admin: admin.create_topics([NewTopic("kept", 1, 1)]))
    producer = KafkaProducer(bootstrap_servers=url, acks="all")
    producer.send("kept", "民声".encode()).get(20)
    producer.close()
    kafka_server.kill()
    kafka_server.start()
    consumer = KafkaConsumer(bootstrap_servers=kafka_server.url, auto_offset_reset="earliest")
    try:
        consumer.assign([part])
        assert eventually(lambda: [record.value for record in consumer.poll(500).get(part, [])] == ["民声".encode()])
    finally:
        consumer.close()
        with_admin(url, lambda admin: admin.delete_topics(["kept"]))


def with_admin(url: str, use: Callable[[KafkaAdminClient], object]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=url)
    try:
        use(admin)
    finally:
        admin.close()
