"""History judged again on real servers, while a server is away for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.ledger import CaseFilter
from app.chaos.load import ordinary_posts
from app.servers.elastic import Elastic
from app.wire import House
from stream.log import Out
from stream.messages import RAW, encode_post
from tests.flow.running import Running, eventually
from tests.flow.test_rejudge import FAST, OTHER, choose_another_model, models
from tests.flow.town_posts import make_posts
from tests.servers.test_processes import LONG, STAGES, all_done, house, publish, settings, start

__all__ = ["house", "settings", "start"]  # fixtures

pytestmark = pytest.mark.slow

POSTS = 250


def test_it_waits_for_a_server_and_then_goes_on_where_it_was(
    house: House, start: Callable[..., Running], elastic_server: Elastic
) -> None:
    publish(house, make_posts())
    more = ordinary_posts(POSTS, 1, datetime.now(UTC) - timedelta(days=2), 1e6)
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in more])
    for stage in STAGES:
        assert start("worker", stage, "--drain", **FAST).process.wait(LONG) == 0
    total = len(make_posts()) + POSTS
    eventually(lambda: all_done(house, total), LONG)
    with house.ledger.read() as tx:
        cases = tx.cases.find(CaseFilter(limit=500))
    assert cases
    choose_another_model(house)

    first = start("rejudge")
    eventually(lambda: models(house)[OTHER] > 0, LONG)
    elastic_server.pause()
    try:
        eventually(lambda: first.health()[1].get("waiting_for") == "archive", LONG)
        first.process.kill()
        first.process.wait()
        second = start("rejudge")
        eventually(lambda: second.health()[1].get("waiting_for") == "archive", LONG)
    finally:
        elastic_server.resume()
    assert second.process.wait(LONG) == 0
    eventually(lambda: models(house) == Counter({OTHER: total}), LONG)
    with house.ledger.read() as tx:
        assert tx.cases.find(CaseFilter(limit=500)) == cases
