"""How likely an event is to grow, and how such sayings are held against what came."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.predict import FEATURES, SPAN, Forecaster, Step, forecast, has_grown, load_forecaster
from alerts.predict_train import Look, area, back_test, fit, look_back, score
from tests.alerts.telling import DAY, START, tell
from tests.alerts.town import HOUR, NOW, event

TODAY = {"2026-11-25": 12}


def test_a_busy_event_is_likelier_to_grow_than_one_that_fell_silent() -> None:
    busy = event(posts=12, daily=TODAY, severity=3)
    assert forecast(busy, NOW).chance > 2 * forecast(busy, NOW + 10 * DAY).chance


def test_what_is_said_comes_with_how_it_went_before() -> None:
    said = forecast(event(posts=1, daily={"2026-11-25": 1}), NOW)
    assert said.record is not None
    assert said.record.low <= said.chance < said.record.high
    assert 0 <= said.record.true <= said.record.said


def test_the_shipped_weights_fit_the_features() -> None:
    using = load_forecaster()
    assert len(using.weights) == len(using.mean) == len(using.spread) == len(FEATURES)
    assert sum(step.said for step in using.record) > 5000
    rates = [step.true / step.said for step in using.record]
    assert rates == sorted(rates)  # what was said to be likelier came true more often


def test_a_chance_that_was_never_said_has_no_record() -> None:
    using = Forecaster([0.0] * 6, [1.0] * 6, [0.0] * 6, 0.0, (Step(0.0, 0.1, 10, 1),))
    assert forecast(event(), NOW, using).record is None


@given(posts=st.integers(1, 10_000), hours=st.integers(0, 10_000), severity=st.integers(1, 4))
def test_a_chance_is_a_chance(posts: int, hours: int, severity: int) -> None:
    one = event(posts=posts, daily={"2026-11-25": posts}, severity=severity)
    assert 0 < forecast(one, NOW + hours * HOUR).chance < 1


@pytest.mark.parametrize(
    ("posts", "later", "grown"), [(1, 1, True), (2, 1, False), (2, 2, True), (9, 3, True), (9, 2, False), (1, 0, False)]
)
def test_what_growing_is(posts: int, later: int, grown: bool) -> None:
    assert has_grown(posts, later) is grown


def test_a_look_knows_nothing_of_what_comes_later() -> None:
    text = "临栖雅苑二期停工半年不交房，合同写明六月交房，开发商电话没有人接，请督促复工。"
    told = [tell(f"p{n}", "临栖雅苑二期不交房", text, day=day) for n, day in enumerate((0, 1, 30))]
    looks = look_back([*told, tell("end", "桂花弄路灯不亮", "桂花弄的路灯坏了", day=60)])
    assert [look.at for look in looks[:3]] == [START, START + DAY, START + 2 * DAY]
    assert [look.grew for look in looks[:2]] == [True, False]
    alone = look_back([told[0], tell("end", "桂花弄路灯不亮", "桂花弄的路灯坏了", day=60)])
    assert alone[0].values == looks[0].values
    assert alone[0].grew is False
    assert all(look.at <= START + 60 * DAY - SPAN for look in looks)


def test_weights_find_what_makes_events_grow() -> None:
    rng = random.Random(2)
    looks = []
    for number in range(3000):
        fresh = rng.uniform(0, 3)
        grew = rng.random() < fresh / 4
        looks.append(Look(START + timedelta(hours=number), (fresh, rng.random(), 2.0, 1.0, 0.0, 0.0), grew))
    found = back_test(looks)
    assert found.auc > 0.65
    assert found.brier < 0.97 * found.brier_base
    assert fit(looks).weights[0] > 0.3
    for step in found.record:  # calibrated: what came true lies within or near the step
        if step.said > 100:
            assert step.low - 0.06 < step.true / step.said < step.high + 0.06


def test_scores() -> None:
    said, grew = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert area(said, grew) == 0.75
    assert area(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    perfect = score(grew.astype(float), np.full(4, 0.5), grew)
    assert (perfect.brier, perfect.brier_base) == (0, 0.25)
    assert sum(step.said for step in perfect.record) == 4


def test_the_same_event_later_is_looked_at_anew() -> None:
    one = event(posts=6, daily=TODAY)
    assert forecast(replace(one, posts=7), NOW) != forecast(one, NOW + DAY)
