"""History judged again while everything runs: by a process that is killed and started again, and stopped and started again."""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.corrections import Correction
from alerts.ledger import AlertFilter, CaseFilter
from app.chaos.load import ordinary_posts
from app.wire import House, open_house
from stream.archive import Query
from stream.log import Out
from stream.messages import JUDGED, RAW, Post, encode_post
from tests.flow.running import WITHIN, Running, eventually, start_part
from tests.flow.town_posts import make_posts

pytestmark = pytest.mark.slow

STAGES = {"judge": RAW, "archive": JUDGED, "decide": JUDGED}
POSTS = 3000
OTHER = "fast-other"
FAST = {"JUDGE__MODE": "fast"}  # what the encoder would add is minutes


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    _ = house.log, house.archive, house.ledger
    yield house
    house.close()


@pytest.fixture
def start(house: House) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def make(*arguments: str, **settings: str) -> Running:
        running.append(start_part(house.data, *arguments, **settings))
        return running[-1]

    yield make
    for one in running:
        one.process.kill()
        one.process.wait()


def publish(house: House, posts: list[Post]) -> None:
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])


def all_done(house: House) -> bool:
    return not any(house.log.lag(topic, stage) for stage, topic in STAGES.items())


def choose_another_model(house: House) -> None:
    """The shipped one under another name."""
    folder = house.data / "models" / "other"
    shutil.copytree(house.shipped_model, folder)
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    (folder / "meta.json").write_text(json.dumps(meta | {"name": OTHER}), "utf-8")
    house.models.use("other", "cli:me", datetime.now(UTC))


def models(house: House) -> Counter[str]:
    found: Counter[str] = Counter()
    query = Query(set_aside=None, limit=500)
    while True:
        page = house.archive.search(query)
        found.update(hit.judged.judgement.model.rpartition("+")[2] for hit in page.hits)  # whatever the encoder read
        if not page.next:
            return found
        query = replace(query, after=page.next)


def has_begun(house: House) -> bool:
    """Whether the newest post, of those that were published first, has been judged again."""
    (hit,) = house.archive.search(Query(set_aside=None, limit=1)).hits
    return OTHER in hit.judged.judgement.model


def books(house: House, posts: list[Post]) -> tuple[Any, ...]:
    """What a re-judgement must not touch: the events of these posts, all cases, all alerts."""
    with house.ledger.read() as tx:
        return (
            tx.events.of_posts([post.id for post in posts]),
            tx.cases.find(CaseFilter(limit=10_000)),
            tx.alerts.find(AlertFilter(limit=10_000)),
        )


def test_killed_and_stopped_half_way_it_goes_on_and_nothing_but_the_archive_changes(
    house: House, start: Callable[..., Running]
) -> None:
    now = datetime.now(UTC)
    town = [replace(post, published_at=now - timedelta(hours=1), fetched_at=now) for post in make_posts()]
    posts = [*town, *ordinary_posts(POSTS, 1, now - timedelta(days=2), 1e6)]
    publish(house, posts)
    for stage in STAGES:
        assert start("worker", stage, "--drain", **FAST).process.wait(300) == 0
    corrected = town[0].id
    with house.ledger.begin() as tx:
        tx.corrections.add([Correction(corrected, "topic", "ecology", "wages", "lihua", now)])
    before, total = books(house, posts), len(posts)
    assert before[1]
    assert models(house).total() == total
    choose_another_model(house)
    live = [start("worker", stage, **FAST) for stage in STAGES]
    eventually(lambda: all(part.is_up() for part in live))

    first = start("rejudge", **FAST)
    eventually(lambda: has_begun(house))
    first.process.kill()
    first.process.wait()
    done = models(house)[OTHER]
    assert 0 < done < total
    second = start("rejudge", **FAST)
    eventually(lambda: models(house)[OTHER] > done)
    code, seconds = second.stop()
    assert code in (0, 130)  # 0: it was done before the signal came
    assert seconds < WITHIN
    meanwhile = [replace(post, backfill=True) for post in ordinary_posts(50, 2, now, 1e6)]
    publish(house, meanwhile)  # judged by the live flow; as history they open no case of their own
    assert start("rejudge", **FAST).process.wait(300) == 0
    eventually(lambda: all_done(house) and models(house) == Counter({OTHER: total + 50}))

    found = house.archive.get(corrected)
    assert found is not None
    assert found.judgement.topic == "ecology"
    assert books(house, posts) == before
    assert [part.stop(signal.SIGTERM)[0] for part in live] == [0, 0, 0]
