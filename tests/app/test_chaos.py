"""The load of chaos, and books that notice what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.events import EventIndex
from alerts.ledger import AlertFilter
from alerts.notify.compose import fingerprint
from app.chaos.books import Books, balance
from app.chaos.load import ordinary_posts, planted_posts
from app.chaos.troubles import Trouble, courses, fill, move_clock, nothing
from app.parts import deliver_round
from app.stages import SOURCES, make_stage
from app.wire import House, open_house
from stream.log import Out
from stream.messages import RAW, Post, encode_post
from stream.worker import run_once

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path)}, now=lambda: NOW)
    yield house
    house.close()


def run_flow(house: House, posts: list[Post]) -> None:
    house.log.publish(RAW, [Out(post.id, encode_post(post)) for post in posts])
    counter = house.counter("flow")
    for name in SOURCES:
        stage = make_stage(house, name, counter)
        while run_once(stage, house.log, count=counter):
            pass
    deliver_round(house, NOW + timedelta(minutes=2), counter)


def told(house: House) -> dict[str, set[str]]:
    """As if every sent alert had gone out in one mail of its own."""
    with house.ledger.read() as tx:
        alerts = tx.alerts.find(AlertFilter(states=("sent",), limit=10_000))
    return {fingerprint(alert.id): {alert.id} for alert in alerts}


def test_planted_events_among_ordinary_posts_are_one_event_each(tmp_path: Path) -> None:
    planted = planted_posts(6, 1, NOW)
    posts = [*ordinary_posts(150, 1, NOW, 1e9), *(post for number in zip(*planted, strict=True) for post in number)]
    judging = open_house({"MINSHENG_DATA": str(tmp_path)}).judge()
    events = {one.post.post_id: one.event.id for one in EventIndex(timedelta(days=45)).assign(judging(posts))}

    found = [{events[post.id] for post in event} for event in planted]

    assert [len(one) for one in found] == [1] * 6
    assert len(set.union(*found)) == 6


def test_the_load_is_the_same_for_a_seed_and_no_id_comes_twice() -> None:
    first, again = list(ordinary_posts(50, 7, NOW, 150)), list(ordinary_posts(50, 7, NOW, 150))
    assert first == again != list(ordinary_posts(50, 8, NOW, 150))
    assert len({post.id for post in first}) == 50


def test_books_of_a_calm_run_are_clean(house: House) -> None:
    planted = planted_posts(2, 1, NOW)
    posts = [post for event in planted for post in event] + list(ordinary_posts(20, 1, NOW, 1e9))
    run_flow(house, posts)

    ids = [[post.id for post in event] for event in planted]
    books = balance(house, [post.id for post in posts], ids, told(house))

    assert (books.published, books.archived, books.lost) == (30, 30, 0)
    assert told(house)
    assert books.is_clean({"judge": 0, "archive": 0, "decide": 0})


def test_books_name_what_is_missing_doubled_split_unsent_and_twice(house: House) -> None:
    planted = planted_posts(2, 1, NOW)
    posts = [post for event in planted for post in event]
    run_flow(house, posts)
    mails = told(house)
    first, *_ = mails
    mails[first] |= {"another mail"}
    unsent = mails.popitem()[0]
    mixed = [planted[0][0].id, planted[1][0].id]

    books = balance(house, [post.id for post in posts[1:]] + ["never-published"], [mixed], mails)

    assert books.missing == ["never-published"]
    assert books.doubled == 1  # posts[0] is archived although it was not published
    assert len(books.split) == 1
    assert [fingerprint(one) for one in books.unsent] == [unsent]
    assert [fingerprint(one) for one in books.twice] == [first]


@pytest.mark.parametrize(
    "wrong", [{"missing": ["a"]}, {"undecided": ["a"]}, {"doubled": 1}, {"split": ["a"]}, {"unsent": ["a"]},
              {"twice": ["a"]}, {"lag": 1}, {"dead": {"judge": 2}}],
)  # fmt: skip
def test_one_wrong_figure_makes_the_books_unclean(wrong: dict[str, object]) -> None:
    clean = Books(10, 10, dead={"judge": 1})
    assert clean.is_clean({"judge": 1})
    assert not replace(clean, **wrong).is_clean({"judge": 1})  # type: ignore[arg-type]


def nobody(name: str) -> None:
    """Nobody is told."""


def test_troubles_are_spread_and_one_that_comes_again_does_so_in_its_own_course() -> None:
    a, b = (Trouble(name, nothing, nothing, 1.0) for name in "ab")
    found = courses([a, b, a], 40.0, nobody)
    assert [(one.name, one.times) for one in found] == [("a", [10.0, 30.0]), ("b", [20.0])]


def test_a_trouble_that_blocks_makes_no_other_late() -> None:
    """The first hangs in its beginning until the second has come and gone twice."""
    over, told = threading.Event(), list[str]()
    ends = iter((nothing, over.set))
    blocking = Trouble("blocking", lambda: over.wait(30), nothing, 0.0)
    others = Trouble("others", nothing, lambda: next(ends)(), 0.0)
    found = courses([blocking, others, others], 0.04, told.append)
    for one in found:
        one.start()
    for one in found:
        one.join(30)
    assert over.is_set()
    assert [(one.name, one.begun, one.error) for one in found] == [("blocking", 1, None), ("others", 2, None)]
    assert sorted(told) == ["blocking", "others", "others"]


def test_a_trouble_that_cannot_be_brought_about_is_told() -> None:
    def fail() -> None:
        raise OSError("no server")

    (course,) = courses([Trouble("away", fail, nothing, 0.0)], 0.0, nobody)
    course.start()
    course.join(30)
    assert isinstance(course.error, OSError)


def test_the_clock_adds_up(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    move_clock(clock, 0.0)
    move_clock(clock, 3600.0)
    move_clock(clock, 60.0)
    assert float(clock.read_text()) == 3660.0


def test_a_disk_is_filled_to_the_last_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = 3_000_123

    def write(_: int, data: bytes) -> int:
        nonlocal room
        if len(data) > room:
            raise OSError(28, "no space")
        room -= len(data)
        return len(data)

    monkeypatch.setattr("os.write", write)
    fill(tmp_path / "ballast")
    assert room == 0
