from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.baseline import level_of, surge, usual
from alerts.ledger import AlertFilter, Ledger, SourceRun
from alerts.ledger.tallies import Tally, pack_words, words_of
from alerts.model import Alert
from alerts.rules_tick import tick_rules
from configs.catalog import Calendar, Match, Rule
from tests.alerts.town import HOUR, NOW, catalog

DAY, WEEK = 24 * HOUR, timedelta(days=7)
SPIKE = Rule(key="spike", name="突增", kind="spike", by=("topic", "county"), posts=5, window_hours=24, weeks=8, alike=1)
MOOD = Rule(key="mood", name="情绪", kind="sentiment", by=("topic",), posts=5, window_hours=24, weeks=8, deviations=3)
WORD = Rule(key="word", name="新词", kind="new_term", posts=3, alike=2, window_hours=72, weeks=8)
SILENT = Rule(key="silent", name="中断", kind="source_silent", posts=4, window_hours=6, weeks=8)


class Desk:
    """A ledger with posts that a test puts there, and the rules it asks for."""

    def __init__(self, ledger: Ledger, *rules: Rule) -> None:
        self.ledger, self.catalog, self.n = ledger, catalog(rules=rules), 0

    def post(self, at: datetime, count: int = 1, **changes: Any) -> None:
        with self.ledger.begin() as tx:
            tx.tallies.add([self._tally(at, **changes) for _ in range(count)])

    def _tally(self, at: datetime, **changes: Any) -> Tally:
        self.n += 1
        base = Tally(f"p{self.n}", at, "wages", "330106", "board", 2, True, f"ev-{self.n}")
        return replace(base, **changes)

    def weeks(self, count: int = 1, weeks: int = 8, **changes: Any) -> None:
        """So many posts at this hour in each of the past weeks; the first one makes the history long enough."""
        self.post(NOW - (weeks + 1) * WEEK, topic="")
        for n in range(1, weeks + 1):
            self.post(NOW - n * WEEK - HOUR, count, **changes)

    def tick(self, now: datetime = NOW) -> list[Alert]:
        """The alerts that are new."""
        before = {one.id for one in self.alerts}
        tick_rules(self.ledger, self.catalog, now)
        return [one for one in self.alerts if one.id not in before]

    @property
    def alerts(self) -> list[Alert]:
        with self.ledger.read() as tx:
            return tx.alerts.find(AlertFilter(limit=1000))


# ---- what is usual --------------------------------------------------------------------------------


def test_a_few_odd_weeks_do_not_move_what_is_usual() -> None:
    assert usual([2, 2, 3, 2, 40, 3, 2, 2]).limit(3) == usual([2, 2, 3, 2, 3, 3, 2, 2]).limit(3)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=26), st.floats(0.1, 10))
def test_the_limit_is_never_within_the_noise_of_counting(counts: list[int], deviations: float) -> None:
    before = usual(counts)
    assert before.limit(deviations) >= before.median + deviations * (before.median + 1) ** 0.5 - 1e-9


def test_a_share_stands_out_only_with_enough_posts() -> None:
    assert surge(2, 2, 500, 1000) < 2
    assert surge(20, 20, 500, 1000) > 4
    assert surge(0, 0, 5, 10) == 0


@pytest.mark.parametrize(("count", "level"), [(5, 1), (9, 1), (10, 2), (20, 3), (4, 1)])
def test_each_doubling_is_a_level(count: int, level: int) -> None:
    assert level_of(count, 5) == level


# ---- spikes ---------------------------------------------------------------------------------------


def test_a_spike_tells_figure_baseline_and_posts_once(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1)
    desk.post(NOW - HOUR, 7)
    (alert,) = desk.tick()
    assert (alert.kind, alert.office, alert.case_id) == ("spike", "duty", "")
    assert (alert.figures["posts"], alert.figures["usual"], alert.figures["weeks"]) == (7, 1, 8)
    assert len(alert.posts) == 7
    assert "7 条" in alert.reason
    assert "中位数 1 条" in alert.reason
    assert desk.tick(NOW + 10 * HOUR) == []


def test_what_is_usual_at_this_hour_is_no_spike(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(7)
    desk.post(NOW - HOUR, 8)
    assert desk.tick() == []


def test_groups_are_counted_apart(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1)
    desk.post(NOW - HOUR, 4)
    desk.post(NOW - HOUR, 4, region="330109")
    assert desk.tick() == []
    desk.post(NOW, 4, region="330109")
    assert ["county=330109" in one.id for one in desk.tick(NOW + HOUR)] == [True]


@pytest.mark.parametrize(
    "changes",
    [{"live": False}, {"near_copy": True}, {"topic": ""}, {"severity": 1}, {"topic": "ecology"}],
    ids=["back-filled", "copies", "chatter", "too mild", "another topic"],
)
def test_what_does_not_count_sets_nothing_off(ledger: Ledger, changes: dict[str, Any]) -> None:
    rule = SPIKE.model_copy(update={"match": Match(topics=("wages",), severity_min=2)})
    desk = Desk(ledger, rule)
    desk.weeks(1)
    desk.post(NOW - HOUR, 9, **changes)
    desk.post(NOW - HOUR)
    assert desk.tick() == []


def test_late_posts_count_as_history_and_set_nothing_off(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1)
    desk.post(NOW - HOUR)
    desk.post(NOW - 3 * DAY, 20)
    assert desk.tick() == []
    desk.post(NOW - 3 * DAY + WEEK, 7)  # the same hours a week on: twenty were there, of which one late week is no rule
    with ledger.read() as tx:
        assert tx.tallies.total(NOW - 4 * DAY, NOW - 2 * DAY) == 20


def test_the_window_ends_with_the_newest_post_not_with_the_clock(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1)
    desk.post(NOW - HOUR, 7)
    assert len(desk.tick(NOW + 2 * DAY)) == 1


def test_without_weeks_of_history_nothing_is_unusual(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1, weeks=3)
    desk.post(NOW - HOUR, 30)
    assert desk.tick() == []


def test_a_week_in_which_nothing_came_in_is_no_week(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.post(NOW - 9 * WEEK, topic="")
    for n in (1, 2, 3, 4):
        desk.post(NOW - n * WEEK - HOUR, 6)
    desk.post(NOW - HOUR, 9)  # with four empty weeks the median would be 3 and nine a spike
    assert desk.tick() == []


def test_a_doubling_is_told_again_and_so_is_the_next_episode(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.weeks(1)
    desk.post(NOW - HOUR, 7)
    assert len(desk.tick()) == 1
    desk.post(NOW, 14)
    assert len(desk.tick(NOW + HOUR)) == 1
    desk.post(NOW + WEEK, 7)
    assert len(desk.tick(NOW + WEEK + HOUR)) == 1
    assert len({one.id for one in desk.alerts}) == 3


def test_a_rule_may_ask_that_posts_are_about_one_event(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE.model_copy(update={"alike": 3}))
    desk.weeks(1)
    desk.post(NOW - HOUR, 7)
    assert desk.tick() == []
    desk.post(NOW, 3, event_id="ev-x")
    (alert,) = desk.tick(NOW + HOUR)
    assert alert.figures["alike"] == 3
    assert alert.posts[:3] == ("p17", "p18", "p19")


def test_all_posts_may_be_one_group_also_where_none_of_them_counted_before(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE.model_copy(update={"by": (), "match": Match(topics=("wages",))}))
    desk.weeks(1, topic="ecology")
    desk.post(NOW - HOUR, 6)
    assert [one.title for one in desk.tick()] == ["全部信息: 信息突增"]


def test_two_windows_tell_of_one_event_once(ledger: Ledger) -> None:
    longer = SPIKE.model_copy(update={"key": "days", "window_hours": 72})
    desk = Desk(ledger, SPIKE, longer)
    desk.weeks(1)
    desk.post(NOW - HOUR, 7, event_id="ev-x")
    assert [one.id.split(":")[1] for one in desk.tick()] == ["spike"]
    desk.post(NOW + DAY, event_id="ev-x")
    assert desk.tick(NOW + DAY + HOUR) == []
    desk.post(NOW + DAY + HOUR, 12, event_id="ev-y")
    assert len(desk.tick(NOW + DAY + 2 * HOUR)) == 1


def test_two_groups_tell_of_one_event_once(ledger: Ledger) -> None:
    wider = SPIKE.model_copy(update={"key": "wider", "by": ("topic",)})
    desk = Desk(ledger, SPIKE, wider)
    desk.weeks(1)
    desk.post(NOW - HOUR, 7, event_id="ev-x")
    assert [one.id.split(":")[1] for one in desk.tick()] == ["spike"]


def test_an_event_whose_place_is_not_always_told_is_one_burst_by_topic(ledger: Ledger) -> None:
    wider = SPIKE.model_copy(update={"key": "wider", "by": ("topic",)})
    desk = Desk(ledger, SPIKE, wider)
    desk.weeks(1)
    for region in ("", "330106", "330109"):
        desk.post(NOW - HOUR, 3, event_id="ev-x", region=region)
    assert [one.id.split(":")[1] for one in desk.tick()] == ["wider"]


def test_a_rule_that_is_off_tells_nothing(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE.model_copy(update={"enabled": False}))
    desk.weeks(1)
    desk.post(NOW - HOUR, 9)
    assert desk.tick() == []


def test_the_lead_of_the_route_may_be_told(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE.model_copy(update={"to": "lead"}))
    desk.weeks(1)
    desk.post(NOW - HOUR, 9)
    assert [one.office for one in desk.tick()] == ["renshe"]


# ---- sentiment, words -----------------------------------------------------------------------------


def test_a_surge_of_negative_posts(ledger: Ledger) -> None:
    desk = Desk(ledger, MOOD)
    desk.weeks(5, negative=False)
    desk.post(NOW - HOUR, 6)
    (alert,) = desk.tick()
    assert (alert.kind, alert.figures["negative"], alert.figures["usual_share"]) == ("sentiment", 6, 0.0)


SERIOUS = MOOD.model_copy(update={"match": Match(severity_min=3), "deviations": 2, "alike": 2})


def test_where_all_is_negative_serious_posts_may_still_stand_out(ledger: Ledger) -> None:
    desk = Desk(ledger, MOOD, SERIOUS.model_copy(update={"key": "serious"}))
    desk.weeks(5)
    desk.post(NOW - HOUR, 2)
    desk.post(NOW - HOUR, 4, severity=3, event_id="ev-x")
    (alert,) = desk.tick()
    figures = alert.figures
    assert (alert.id.split(":")[1], figures["posts"], figures["negative"], figures["alike"]) == ("serious", 6, 4, 4)
    assert "6 条中严重程度 3 级及以上的负面 4 条" in alert.reason
    assert "过去 8 周 40 条中占 0%" in alert.reason
    assert alert.posts == ("p44", "p45", "p46", "p47")


def test_serious_posts_of_which_no_two_are_alike_are_no_surge(ledger: Ledger) -> None:
    desk = Desk(ledger, SERIOUS)
    desk.weeks(5)
    desk.post(NOW - HOUR, 6, severity=3)
    assert desk.tick() == []


def test_a_surge_does_not_tell_what_a_spike_has_told(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE.model_copy(update={"by": ("topic",)}), SERIOUS)
    desk.weeks(1, severity=1)
    desk.post(NOW - HOUR, 7, severity=3, event_id="ev-x")
    assert [one.kind for one in desk.tick()] == ["spike"]


def test_what_was_always_negative_is_no_surge(ledger: Ledger) -> None:
    desk = Desk(ledger, MOOD)
    desk.weeks(5)
    desk.post(NOW - HOUR, 6)
    assert desk.tick() == []


def test_a_new_word_in_several_events(ledger: Ledger) -> None:
    desk = Desk(ledger, WORD)
    desk.weeks(2, words=pack_words(["工资", "工地"]))
    desk.post(NOW - HOUR, 2, words=pack_words(["工资", "跳闸"]), event_id="ev-x")
    assert desk.tick() == []
    desk.post(NOW - HOUR, 2, words=pack_words(["工资", "跳闸"]), event_id="ev-y")
    (alert,) = desk.tick(NOW + HOUR)
    assert (alert.title, alert.figures["posts"], alert.figures["events"]) == ("新词出现: 跳闸", 4, 2)
    assert "此前 8 周没有出现过" in alert.reason
    assert len(alert.posts) == 4
    desk.post(NOW, words=pack_words(["跳闸"]))
    assert desk.tick(NOW + 2 * HOUR) == []


@pytest.mark.parametrize(("before", "told"), [(1, [1]), (2, [])])
def test_a_word_that_was_rare_may_rise(ledger: Ledger, before: int, told: list[int]) -> None:
    desk = Desk(ledger, WORD.model_copy(update={"factor": 4}))
    desk.weeks(1)
    desk.post(NOW - 3 * WEEK, before, words="|跳闸|")
    for event in ("ev-x", "ev-y"):
        desk.post(NOW - HOUR, 2, words="|跳闸|", event_id=event)
    found = desk.tick()
    assert [one.figures["usual"] for one in found] == told
    assert all("此前 8 周只有 1 条" in one.reason for one in found)


def test_a_word_with_an_event_of_its_own_for_every_post_tells_nothing(ledger: Ledger) -> None:
    desk = Desk(ledger, WORD)
    desk.weeks(2, words="|工资|")
    desk.post(NOW - HOUR, 6, words="|附近|")
    assert desk.tick() == []


def test_two_words_of_the_same_posts_are_told_once(ledger: Ledger) -> None:
    desk = Desk(ledger, WORD)
    desk.weeks(2, words="|工资|")
    for event in ("ev-x", "ev-y"):
        desk.post(NOW - HOUR, 2, words="|跳闸|停电|", event_id=event)
    assert len(desk.tick()) == 1


def test_a_word_of_one_event_is_its_own_news(ledger: Ledger) -> None:
    desk = Desk(ledger, WORD)
    desk.weeks(2, words="|工资|")
    desk.post(NOW - HOUR, 5, words="|跳闸|", event_id="ev-one")
    assert desk.tick() == []


def test_packed_words_come_apart_again() -> None:
    assert words_of(pack_words(["甲|乙", "丙"])) == ["甲乙", "丙"]
    assert words_of(pack_words([])) == []


# ---- sources --------------------------------------------------------------------------------------


def test_a_silent_source_is_told_once_and_its_return_too(ledger: Ledger) -> None:
    desk = Desk(ledger, SILENT)
    desk.weeks(6)
    desk.post(NOW - 8 * HOUR)
    with ledger.begin() as tx:
        tx.meters.source_run(SourceRun("board", NOW, False, 0, 0, "对方暂停服务"))
    (alert,) = desk.tick()
    assert (alert.kind, alert.figures["usual"]) == ("source_silent", 6)
    assert "对方暂停服务" in alert.reason
    assert desk.tick(NOW + HOUR) == []
    desk.post(NOW + HOUR, live=False)
    assert desk.tick(NOW + 2 * HOUR) == []
    desk.post(NOW + 2 * HOUR)
    assert [one.kind for one in desk.tick(NOW + 3 * HOUR)] == ["source_recovered"]
    assert desk.tick(NOW + 4 * HOUR) == []


def test_a_source_that_is_quiet_at_these_hours_is_not_silent(ledger: Ledger) -> None:
    desk = Desk(ledger, SILENT)
    desk.weeks(1)
    desk.post(NOW - 8 * HOUR)
    assert desk.tick() == []


def test_a_public_holiday_is_not_waited_for(ledger: Ledger) -> None:
    desk = Desk(ledger, SILENT)
    desk.catalog = catalog(rules=(SILENT,), calendar=Calendar(holidays=(NOW.date(),)))
    desk.weeks(6)
    desk.post(NOW - 8 * HOUR)
    assert desk.tick() == []


# ---- the tables are bounded -----------------------------------------------------------------------


def test_what_no_rule_looks_at_any_more_is_let_go(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    desk.post(NOW - 40 * WEEK, words="|旧词|")
    desk.post(NOW - 20 * DAY)
    desk.tick()
    with ledger.read() as tx:
        assert tx.tallies.begins() is not None
        assert tx.tallies.total(NOW - 50 * WEEK, NOW) == 1
        assert tx.tallies.last_posts() == {}
        assert tx.tallies.first_day() == ""


def test_posts_are_counted_once_however_often_they_are_noted(ledger: Ledger) -> None:
    desk = Desk(ledger, SPIKE)
    one = Tally("p", NOW - HOUR, "wages", "330106", "board", 2, True, "ev")
    for _ in range(3):
        with ledger.begin() as tx:
            tx.tallies.add([one])
        tick_rules(ledger, desk.catalog, NOW, timedelta())
    with ledger.read() as tx:
        assert tx.tallies.total(NOW - DAY, NOW) == 1
