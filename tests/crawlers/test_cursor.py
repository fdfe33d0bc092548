from __future__ import annotations

import json
from datetime import timedelta

from crawlers import cursor as module
from crawlers.cursor import Cursor
from tests.crawlers.conftest import NOW

URL = "http://board.example/1"


def test_it_survives_being_saved_as_json() -> None:
    cursor = Cursor({})
    cursor.visited(URL, "已回复", NOW, NOW, follow=False)
    cursor.took("p1", "d1", NOW)
    cursor.failed("http://board.example/2", "m", "今天")
    cursor.complete = True
    again = Cursor(json.loads(json.dumps(cursor.dump(), sort_keys=True)))
    assert not again.wants(URL, "已回复", NOW)
    assert (again.digest_of("p1"), again.published_at("p1")) == ("d1", NOW)
    assert (again.owed, again.complete) == ({"http://board.example/2": [1, "m", "今天"]}, True)


def test_the_address_counts_not_how_it_is_written() -> None:
    cursor = Cursor({})
    cursor.visited(URL, "1", NOW, NOW, follow=True)
    assert not cursor.wants(URL + "?utm_source=x#top", "1", NOW)
    assert cursor.wants(URL, "2", NOW)


def test_it_stays_bounded_and_forgets_what_is_longest_out_of_sight() -> None:
    cursor = Cursor({})
    for number in range(module.MOST_ITEMS + 10):
        cursor.took(f"p{number}", "d", NOW)
    cursor.saw("p3")
    kept = Cursor(cursor.dump())
    assert len(kept.items) == module.MOST_ITEMS
    assert kept.digest_of("p3") == "d"
    assert kept.digest_of("p4") == ""


def test_a_page_is_tried_three_times() -> None:
    cursor = Cursor({})
    assert [cursor.failed(URL, "", "") for _ in range(3)] == [True, True, False]
    assert cursor.owed == {}


def test_a_young_page_keeps_the_list_open() -> None:
    cursor = Cursor({})
    cursor.visited(URL, "1", NOW, NOW - timedelta(days=2), follow=True)
    assert cursor.is_young(URL, NOW)
    assert not cursor.is_young(URL, NOW + timedelta(days=2))
