"""The servers themselves: they keep port and data over restarts, and nothing of them outlives who started them."""

import psycopg

from app.servers.elastic import Elastic
from app.servers.kafka import Kafka
from app.servers.postgres import Postgres


def test_postgres_comes_back_with_its_data(postgres_server: Postgres) -> None:
    url = postgres_server.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('民声')")
    postgres_server.kill()
    postgres_server.start()
    assert postgres_server.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("民声",)
        connection.execute("DROP TABLE kept")


def test_elastic_starts(elastic_server: Elastic) -> None:
    assert elastic_server.is_ready()


def test_kafka_starts(kafka_server: Kafka) -> None:
    assert kafka_server.is_ready()
