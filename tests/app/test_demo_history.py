"""The replay of the demo's history: in simulated time, and resumable without doubling anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.ledger import AlertFilter, CaseFilter
from app.demo.history import SHORT, STEP, TownState, replay
from app.demo.schedule import HISTORY
from app.demo.town import StateClock
from app.wire import House, open_house
from stream.archive import Query
from stream.log import Out
from stream.messages import RAW, Post, encode_post, post_id

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
DAYS = 3
START = NOW - timedelta(days=DAYS)
TEXTS = (
    ("瓯海区云栖雅苑工地拖欠工资", "我们三十多个工友在瓯海区云栖雅苑工地干了四个月，包工头一直不发工资，请帮我们讨回血汗钱。"),
    ("云栖雅苑工地欠薪", "瓯海区云栖雅苑工地劳务公司拖欠四个月工资，多次讨要没有结果，要求尽快支付。"),
    ("云栖雅苑工地讨薪", "瓯海区云栖雅苑项目拖欠农民工工资，从七月拖到现在，求助劳动监察。"),
    ("龙湾区小区停车费", "龙湾区海棠湾小区物业停车费涨价，没有公示，要求核实收费标准。"),
    ("请问医保卡怎么补办", "您好，请问医保卡丢了在哪里补办，需要带什么材料？谢谢。"),
    ("瑞安市河道有异味", "瑞安市莘塍街道南边的小河发黑发臭，怀疑有人偷排污水，请环保部门查一下。"),
)  # fmt: skip
AT = [START + timedelta(hours=2 + 10 * index) for index in range(len(TEXTS))]


class Stopped(BaseException):
    """The process is gone in the midst of the replay."""


class Town:
    """A fake crawl: publishes what is out by the state's time and was not published yet, as a cursor would have it."""

    def __init__(self, house: House, state: TownState) -> None:
        self.house, self.state = house, state
        self.times: list[datetime] = []
        self.die_at = 0

    def crawl(self) -> None:
        now = self.state.clock()
        self.times.append(now)
        with self.house.ledger.read() as tx:
            seen = int(tx.meters.cursor("town").get("seen", 0))
        out = sum(at <= now for at in AT)
        self.house.log.publish(RAW, [_out(index, now) for index in range(seen, out)])
        if len(self.times) == self.die_at:
            raise Stopped
        with self.house.ledger.begin() as tx:
            tx.meters.save_cursor("town", {"seen": out})


def _out(index: int, now: datetime) -> Out:
    title, text = TEXTS[index]
    name = post_id("town", str(index))
    return Out("330300", encode_post(Post(name, "board", "message", title, text, AT[index], now, region="330300")))


@contextmanager
def opened(folder: Path, anchor: datetime = NOW) -> Iterator[Town]:
    """A house on the state's clock, as each start of the demo opens it."""
    path = folder / "town.json"
    if not path.exists():
        TownState(path, anchor, anchor - timedelta(days=DAYS)).save()
    state = TownState.open(path, NOW + timedelta(hours=1))
    house = open_house({"MINSHENG_DATA": str(folder)}, now=state.clock)
    try:
        yield Town(house, state)
    finally:
        house.log.close()
        house.ledger.close()


def run(town: Town, stop: Callable[[], bool] = lambda: False) -> list[tuple[datetime, int]]:
    told: list[tuple[datetime, int]] = []
    replay(town.house, town.state, town.crawl, lambda at, posts: told.append((at, posts)), stop)
    return told


def outcome(house: House) -> dict[str, Any]:
    archived = house.archive.search(Query(set_aside=None, limit=100)).hits
    with house.ledger.read() as tx:
        cases = tx.cases.find(CaseFilter(limit=100))
        return {
            "posts": {hit.judged.post.id for hit in archived},
            "events": {post: tx.events.of_posts([post]) for post in sorted(hit.judged.post.id for hit in archived)},
            "cases": sorted((case.id, case.number, case.state, case.opened_at, case.office) for case in cases),
            "actions": {case.id: [(one.verb, one.at) for one in tx.cases.actions(case.id)] for case in cases},
            "alerts": {alert.id: (alert.state, alert.sent_at) for alert in tx.alerts.find(AlertFilter(limit=1000))},
            "mails": sorted(file.name for file in house.outbox.glob("*.eml")),
        }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with opened(tmp_path_factory.mktemp("whole")) as town:
        run(town)
        return outcome(town.house)


def test_the_clock_is_simulated_and_ends_with_the_wall_clock(tmp_path: Path) -> None:
    with opened(tmp_path) as town:
        told = run(town)
        assert [at for at, _ in told] == town.times == [START + STEP * (day + 1) for day in range(DAYS)]
        assert sum(posts for _, posts in told) == len(TEXTS)
        assert town.state.simulated_now is None
        assert abs(town.state.clock() - datetime.now(UTC)) < timedelta(minutes=1)
        with town.house.ledger.read() as tx:
            (first, *_) = tx.cases.find(CaseFilter(topics=("wages",)))
            alerts = tx.alerts.find(AlertFilter(limit=1000))
        assert START < first.opened_at <= NOW
        assert all(START < alert.created_at <= NOW and START < (alert.sent_at or NOW) <= NOW for alert in alerts)
        assert any(alert.state == "sent" for alert in alerts)


def test_the_offices_answer_in_simulated_time(whole: dict[str, Any]) -> None:
    verbs = Counter(verb for actions in whole["actions"].values() for verb, _ in actions)
    assert verbs["open"] == len(whole["cases"]) > 0
    assert verbs["accept"] > 0
    assert all(START < at <= NOW for actions in whole["actions"].values() for _, at in actions)


@pytest.mark.parametrize("steps", range(1, DAYS))
def test_a_replay_that_was_stopped_goes_on_and_doubles_nothing(
    tmp_path: Path, steps: int, whole: dict[str, Any]
) -> None:
    with opened(tmp_path) as town:
        run(town, lambda: len(town.times) >= steps)
        assert len(town.times) == steps
        assert town.state.simulated_now is not None
    with opened(tmp_path) as town:
        run(town)
        assert town.times[0] == START + STEP * (steps + 1), "what was done is not crawled again"
        assert outcome(town.house) == whole


@pytest.mark.parametrize("die_at", range(1, DAYS + 1))
def test_a_replay_that_died_in_a_crawl_doubles_nothing(tmp_path: Path, die_at: int, whole: dict[str, Any]) -> None:
    with opened(tmp_path) as town:
        town.die_at = die_at
        with pytest.raises(Stopped):
            run(town)
    with opened(tmp_path) as town:
        run(town)
        assert town.state.simulated_now is None
        after = outcome(town.house)
    assert after["posts"] == whole["posts"]
    assert after["events"] == whole["events"]
    # Only the ids: what a dying crawl had published is decided in the next step, a simulated day later.
    assert [case[0] for case in after["cases"]] == [case[0] for case in whole["cases"]]
    assert {verbs.count("open") for verbs in ([verb for verb, _ in one] for one in after["actions"].values())} == {1}
    assert after["alerts"].keys() >= {name for name in whole["alerts"] if name.startswith("new_case")}


def test_a_finished_replay_does_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as town:
        run(town)
    with opened(tmp_path) as town:
        assert run(town) == []
        assert town.times == []


def test_without_a_file_the_history_ends_now(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "town.json"
    state = TownState.open(path, NOW)
    assert (state.anchor, state.simulated_now) == (NOW, NOW - HISTORY)
    again = TownState.open(path, NOW + timedelta(days=5))
    assert (again.anchor, again.simulated_now) == (NOW, NOW - HISTORY), "it was saved"


@pytest.mark.parametrize("time", [None, NOW - timedelta(days=1)])
def test_the_state_is_kept(tmp_path: Path, time: datetime | None) -> None:
    path = tmp_path / "town.json"
    TownState(path, NOW, time).save()
    state = TownState.open(path, NOW + timedelta(days=5))
    assert (state.anchor, state.simulated_now) == (NOW, time)
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_town_says_goes_on_where_the_demo_stopped(tmp_path: Path) -> None:
    path, hour = tmp_path / "town.json", timedelta(hours=1)
    state = TownState.open(path, NOW)
    state.wake(NOW - 9 * hour, NOW + 99 * hour)
    assert state.pauses == (), "a replay goes on by itself"
    state.simulated_now = None
    state.wake(NOW + hour, NOW + hour + SHORT)
    assert state.pauses == (), "nobody notices"
    state.wake(NOW + hour, NOW + 9 * hour)
    state.wake(NOW + hour, NOW + 12 * hour)  # stopped again before the first visit
    state.wake(NOW + 14 * hour, NOW + 90 * hour)
    spans = ((1, 9), (9, 12), (14, 90))
    expected = tuple((NOW + start * hour, NOW + end * hour) for start, end in spans)
    assert state.pauses == TownState.open(path, NOW).pauses == StateClock(path).pauses == expected


def test_a_demo_that_was_replayed_only_begins_its_live_posts_at_the_next_start(tmp_path: Path) -> None:
    state = TownState(tmp_path / "town.json", NOW, None)
    state.wake(None, NOW + timedelta(days=3))
    assert state.pauses == ((NOW, NOW + timedelta(days=3)),)


BROKEN = (b"", b"{", b"[]", b"null", b'{"anchor": "now"}', b'{"anchor": 5, "simulated_now": null}', b"\xff\xfe")


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_starts_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "town.json"
    path.write_bytes(content)
    state = TownState.open(path, NOW)
    assert (state.anchor, state.simulated_now) == (NOW, NOW - HISTORY)
    assert TownState.open(path, NOW + timedelta(days=5)).anchor == NOW
