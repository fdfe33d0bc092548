"""Whether what is judged has changed from week to week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.drift import (
    CONFIDENCE,
    TOPIC,
    UNKNOWN,
    drift_alerts,
    drift_of,
    key_name,
    last_week,
    stability_index,
    weekly_drift,
)
from alerts.ledger import Ledger
from configs.settings import DriftSettings
from tests.alerts.town import NOW, catalog

TOWN = catalog()
MONDAY = date(2026, 11, 16)
counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500), max_size=6)


def test_the_index_is_the_formula() -> None:
    index, moved = stability_index({"a": 600, "b": 400}, {"a": 300, "b": 700})
    before, now = (600.5 / 1001, 400.5 / 1001), (300.5 / 1001, 700.5 / 1001)
    assert index == pytest.approx(sum((a - e) * log(a / e) for a, e in zip(now, before, strict=True)))
    assert [key for key, _, _ in moved] == ["a", "b"]


@given(counts, counts)
def test_the_index_is_never_negative_and_the_same_both_ways(before: dict[str, int], now: dict[str, int]) -> None:
    index = stability_index(before, now)[0]
    assert index >= 0
    assert index == pytest.approx(stability_index(now, before)[0])


@given(counts)
def test_the_index_of_equal_mixes_is_nought(mix: dict[str, int]) -> None:
    assert stability_index(mix, mix)[0] == pytest.approx(0)


def test_a_key_that_was_not_there_before_counts() -> None:
    assert stability_index({"a": 1000}, {"a": 500, "new": 500})[0] > 1


def test_few_posts_tell_nothing() -> None:
    assert drift_of(TOPIC, MONDAY, {"a": 299}, {"a": 9000}, 300).index is None
    assert drift_of(TOPIC, MONDAY, {"a": 9000}, {"a": 299}, 300).index is None
    assert drift_of(TOPIC, MONDAY, {"a": 300}, {"a": 300}, 300).index == pytest.approx(0)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 25, 2, tzinfo=UTC), date(2026, 11, 16)),
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), date(2026, 11, 9)),  # Sunday 23:59 in Shanghai
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), date(2026, 11, 16)),  # Monday 00:00
    ],
)
def test_the_last_whole_week_is_that_of_shanghai(now: datetime, monday: date) -> None:
    assert last_week(now) == monday


def fill(ledger: Ledger, week: date, what: str, mix: dict[str, int], part: str = "judge") -> None:
    at = datetime(week.year, week.month, week.day, 4, tzinfo=UTC) + timedelta(days=2)
    with ledger.begin() as tx:
        for key, n in mix.items():
            tx.meters.add(at, part, what, key, n)


def test_a_week_is_held_against_the_four_before_it(ledger: Ledger) -> None:
    for n in range(1, 5):
        fill(ledger, MONDAY - n * timedelta(days=7), TOPIC, {"wages": 100, "ecology": 100})
    fill(ledger, MONDAY - 5 * timedelta(days=7), TOPIC, {"none": 9999})
    fill(ledger, MONDAY, TOPIC, {"wages": 200}, part="judge")
    fill(ledger, MONDAY, TOPIC, {"ecology": 100, "wages": 100}, part="demo")
    fill(ledger, MONDAY + timedelta(days=7), TOPIC, {"none": 9999})
    with ledger.read() as tx:
        found = {one.measure: one for one in weekly_drift(tx, MONDAY, 300)}
    assert (found[TOPIC].posts, found[TOPIC].before) == (400, 800)
    assert found[TOPIC].index == pytest.approx(stability_index({"a": 400, "b": 400}, {"a": 300, "b": 100})[0])
    assert found[CONFIDENCE].index is None
    assert found[UNKNOWN].index is None


def test_duty_staff_are_told_above_the_limit_once_a_week(ledger: Ledger) -> None:
    calm = drift_of(TOPIC, MONDAY, {"wages": 500, "ecology": 500}, {"wages": 2000, "ecology": 2000}, 300)
    wild = drift_of(CONFIDENCE, MONDAY, {"0.3": 900, "0.9": 100}, {"0.3": 400, "0.9": 3600}, 300)
    few = drift_of(UNKNOWN, MONDAY, {"0.3": 9}, {"0.1": 9}, 300)
    alerts = drift_alerts(TOWN, [calm, wild, few], DriftSettings(), NOW)
    (alert,) = alerts
    assert (alert.office, alert.kind, alert.case_id, alert.event_id) == ("duty", "drift", "", "")
    assert "置信度 30%～40% 10% → 90%" in alert.reason
    assert "11月16日至11月22日" in alert.title
    assert "抽查" in alert.reason
    with ledger.begin() as tx:
        assert tx.alerts.add(alerts) == 1
        assert tx.alerts.add(drift_alerts(TOWN, [wild], DriftSettings(), NOW + timedelta(hours=1))) == 0
    assert drift_alerts(TOWN, [wild], DriftSettings(limit=9), NOW) == []


def test_keys_have_words() -> None:
    assert key_name(TOWN, TOPIC, "wages") == TOWN.topic["wages"].short
    assert key_name(TOWN, TOPIC, "unknown_key") == "unknown_key"
    assert key_name(TOWN, UNKNOWN, "0.2") == "生词 20%～30%"
