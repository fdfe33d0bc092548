"""The look at the drift: on the metrics, and to the duty room once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path

import pytest

from alerts.drift import TOPIC
from alerts.ledger import AlertFilter
from app.drifting import DriftWatch
from app.monitor import Metrics, Pulse
from app.parts import deliver_round
from app.stages import make_stage
from app.wire import House, open_house
from stream.log import Out
from stream.messages import RAW, Post, encode_post
from stream.worker import ignore, run_once

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    yield house
    house.close()


def fill(house: House, weeks_ago: int, **mix: int) -> None:
    with house.ledger.begin() as tx:
        for key, n in mix.items():
            tx.meters.add(NOW - weeks_ago * WEEK, "judge", TOPIC, key, n)


def test_a_changed_mix_is_measured_and_told_once_to_the_duty_room(house: House) -> None:
    for n in (2, 3, 4, 5):
        fill(house, n, wages=200, ecology=200)
    fill(house, 1, wages=390, ecology=10)
    told: dict[str, float] = {}
    watch = DriftWatch(house, told.__setitem__)
    watch.look(NOW)
    DriftWatch(house, told.__setitem__).look(NOW + timedelta(hours=2))
    assert told["topic"] > 0.25
    assert isnan(told["confidence"])
    with house.ledger.read() as tx:
        (alert,) = tx.alerts.find(AlertFilter())
    assert (alert.office, alert.kind) == ("duty", "drift")
    assert deliver_round(house, NOW + timedelta(minutes=2), ignore) == 1
    (mail,) = house.outbox.glob("*.eml")
    assert "duty@" in mail.read_text(encoding="utf-8")


def test_it_is_looked_at_every_hour(house: House) -> None:
    watch = DriftWatch(house, lambda measure, index: None)
    assert watch.is_due(NOW)
    watch.look(NOW)
    assert not watch.is_due(NOW + timedelta(minutes=59))
    assert watch.is_due(NOW + timedelta(minutes=60))
    assert watch.is_due(NOW - timedelta(minutes=1))  # a clock was set back


def test_the_index_stands_on_metrics() -> None:
    metrics = Metrics(Pulse("deliver", "embedded"))
    metrics.drifted("topic", 0.31)
    assert 'minsheng_drift{measure="topic",part="deliver"} 0.31' in metrics.text().decode()


def test_the_judging_stage_counts_what_it_judged(house: House) -> None:
    counted: list[tuple[str, str, int]] = []
    stage = make_stage(house, "judge", lambda *count: counted.append(count))
    texts = ("虚构工地拖欠农民工工资三个月没有人管", "虚构河道的水发黑发臭，附近居民受不了")
    posts = [Post(f"p{n}", "b", "message", "", text, NOW, NOW) for n, text in enumerate(texts)]
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])
    run_once(stage, house.log)
    assert sum(n for what, _, n in counted if what == TOPIC) == 2
    assert {what for what, _, _ in counted} >= {"judged_topic", "judged_confidence", "judged_unknown"}
