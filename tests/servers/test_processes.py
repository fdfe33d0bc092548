"""The parts as processes on real servers: two that decide share the counties, one dies, a server goes away; all stop in time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.ledger import CaseFilter, EventFilter
from app.servers.elastic import Elastic
from app.servers.server import Server
from app.wire import House, open_house
from stream.archive import Query
from stream.dead import list_dead
from stream.log import Out
from stream.messages import JUDGED, RAW, Post, encode_post
from tests.flow.running import WITHIN, Running, eventually, free_port, processes_of, start_part
from tests.flow.town_posts import WAGES, make_posts
from tests.servers.fresh import fresh_database

pytestmark = pytest.mark.slow

LONG = 180.0
STAGES = {"judge": RAW, "archive": JUDGED, "decide": JUDGED}


@pytest.fixture
def settings(kafka_servers: str, elastic_url: str, postgres_url: str) -> Iterator[dict[str, str]]:
    """Topics, indices and a database of its own."""
    name = uuid.uuid4().hex[:8]
    with fresh_database(postgres_url) as ledger:
        yield {
            "PROFILE": "distributed",
            "KAFKA__SERVERS": kafka_servers,
            "KAFKA__PREFIX": f"p{name}.",
            "ELASTIC__URLS": elastic_url,
            "ELASTIC__PREFIX": f"p{name}",
            "LEDGER__URL": ledger,
        }


@pytest.fixture
def house(settings: dict[str, str], tmp_path: Path) -> Iterator[House]:
    environment = {f"MINSHENG_{name}": value for name, value in settings.items()}
    house = open_house({**environment, "MINSHENG_DATA": str(tmp_path / "data")})
    house.data.mkdir()
    yield house
    house.close()


@pytest.fixture
def start(house: House, settings: dict[str, str]) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def make(*arguments: str, **more: str) -> Running:
        running.append(start_part(house.data, *arguments, **settings, **more))
        return running[-1]

    yield make
    for one in running:
        one.process.kill()
        one.process.wait()


def publish(house: House, posts: Sequence[Post]) -> None:
    now = datetime.now(UTC)
    news = [replace(post, published_at=now - timedelta(hours=1), fetched_at=now) for post in posts]
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in news])


def all_done(house: House, archived: int) -> bool:
    if any(house.log.lag(topic, stage) for stage, topic in STAGES.items()):
        return False
    return house.archive.search(Query(set_aside=None)).total == archived


def about_wages(house: House) -> list[int]:
    """The sizes of the events that the wages' tellings went to, and the number of their cases."""
    with house.ledger.read() as tx:
        events = [event for event in tx.events.find(EventFilter(limit=500)) if "云栖雅苑" in event.title]
        cases = [case for case in tx.cases.find(CaseFilter(limit=500)) if "云栖雅苑" in case.title]
    return [*(event.posts for event in events), len(cases)]


def test_two_deciders_one_killed_one_server_away_and_nothing_lost_or_doubled(
    house: House, start: Callable[..., Running], elastic_server: Elastic
) -> None:
    parts = {stage: start("worker", stage) for stage in STAGES}
    second, deliver = start("worker", "decide"), start("deliver")
    running = [*parts.values(), second, deliver]
    eventually(lambda: all(part.is_up() for part in running), LONG)
    posts = make_posts()
    publish(house, posts[:3])
    eventually(lambda: all_done(house, 3), LONG)

    second.process.kill()  # its partitions go to the other, which takes up the events that it knew
    publish(house, posts[3:6])
    eventually(lambda: all_done(house, 6), LONG)
    third = start("worker", "decide")
    parts["decide"].process.kill()

    elastic_server.pause()
    try:
        publish(house, posts[6:])
        status = eventually(lambda: parts["archive"].health()[1].get("waiting_for"), LONG)
        assert status == "archive"
        assert parts["archive"].health()[0] == 503
    finally:
        elastic_server.resume()
    eventually(lambda: all_done(house, len(posts)), LONG)
    eventually(lambda: list(house.outbox.glob("*.eml")), LONG)
    eventually(parts["archive"].is_up, LONG)

    assert about_wages(house) == [len(WAGES), 1]
    assert [list_dead(house.log, stage) for stage in STAGES] == [[], [], []]
    ends = {part.log.name: part.stop() for part in (parts["judge"], parts["archive"], third, deliver)}
    print({name: round(seconds, 1) for name, (_, seconds) in ends.items()})
    assert {code for code, _ in ends.values()} == {0}
    assert max(seconds for _, seconds in ends.values()) < WITHIN


def test_run_supervises_every_part_against_the_servers(house: House, start: Callable[..., Running]) -> None:
    whole = start("run", DASHBOARD__PORT=str(free_port()))
    publish(house, make_posts())
    eventually(lambda: all_done(house, len(make_posts())), LONG)
    eventually(lambda: list(house.outbox.glob("*.eml")), LONG)
    code, seconds = whole.stop()
    assert (code, seconds < WITHIN) == (0, True)
    assert not processes_of(house.data)


def is_ready(part: Running) -> bool:
    return "is ready" in part.log.read_text("utf-8")


@pytest.mark.parametrize(
    ("stage", "server"), [("judge", "kafka_server"), ("archive", "elastic_server"), ("decide", "postgres_server")]
)
def test_a_stage_stops_in_time_while_its_server_hangs(
    house: House, start: Callable[..., Running], stage: str, server: str, request: pytest.FixtureRequest
) -> None:
    hung: Server = request.getfixturevalue(server)
    part = start("worker", stage)
    feeding = start("worker", "judge") if stage != "judge" else part
    eventually(lambda: is_ready(part), LONG)
    eventually(lambda: is_ready(feeding), LONG)  # one still at its start asks the archive, and would feed nobody
    if (
        stage == "judge"
    ):  # nothing can be published while Kafka hangs; the others must meet their server with work to do
        publish(house, make_posts()[:5])
    hung.pause()
    try:
        if stage != "judge":
            publish(house, make_posts()[:5])
        eventually(lambda: part.health()[1].get("seconds_since_round", 0) > 2 or part.health()[0] == 503, LONG)
        code, seconds = part.stop()
    finally:
        hung.resume()
    print(stage, round(seconds, 1))
    assert (code, seconds < WITHIN) == (0, True)
