"""Merging and splitting on the page of an event, and what is said of its growth."""

from __future__ import annotations

from alerts.ledger import EventFilter
from alerts.predict import Forecast, Step, forecast
from app.wire import House
from dashboard import data
from dashboard.views.event_actions import forecast_words
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import desk_of
from tests.dashboard.test_views import open_page, run, text


def press(at: object, label: str) -> None:
    next(one for one in at.button if one.label == label).click()  # type: ignore[attr-defined]
    run(at)  # type: ignore[arg-type]


def events_of(house: House) -> dict[str, tuple[int, str]]:
    with house.ledger.read() as tx:
        found = [tx.events.get(f"ev-{key}") for key in ("wages", "noise", "accused", "nasty")]
    return {one.id: (one.posts, one.merged_into) for one in found if one}


def test_the_chance_to_grow_is_shown_with_its_record(full: House) -> None:
    said = text(open_page(full, "triage", event="ev-noise"))
    assert "明显增长的可能" in said
    assert "过去这样说的" in said


def test_words_of_a_forecast() -> None:
    assert forecast_words(Forecast(0.12, Step(0.1, 0.2, 532, 54))) == (
        "3 天内明显增长的可能 12%（过去这样说的 532 次里 54 次成真），仅供排序参考"
    )
    assert "过去没有这样说过" in forecast_words(Forecast(0.99, None))


def test_an_event_is_merged_into_the_one_with_the_case(full: House) -> None:
    at = open_page(full, "triage", event="ev-accused")
    at.text_input(key="merge-typed-ev-accused").input("ev-wages")
    at.text_area(key="merge-reason-ev-accused").input("同一工地的工资")
    press(at, "归并")
    assert "已归并" in text(at)
    assert events_of(full)["ev-accused"][1] == "ev-wages"
    assert events_of(full)["ev-wages"][0] == 6
    assert "ev-wages" in at.query_params["event"]


def test_a_case_number_names_its_event(full: House) -> None:
    with full.ledger.read() as tx:
        case = tx.cases.by_event("ev-wages")
    assert case is not None
    at = open_page(full, "triage", event="ev-accused")
    at.text_input(key="merge-typed-ev-accused").input(case.number)
    at.text_area(key="merge-reason-ev-accused").input("同一工地的工资")
    press(at, "归并")
    assert events_of(full)["ev-accused"][1] == "ev-wages"


def test_nothing_is_merged_without_a_reason_or_a_name(full: House) -> None:
    at = open_page(full, "triage", event="ev-accused")
    press(at, "归并")
    assert "请选择另一事件" in text(at)
    at.text_input(key="merge-typed-ev-accused").input("ev-wages")
    press(at, "归并")
    assert "请写明理由" in text(at)
    assert events_of(full)["ev-accused"][1] == ""


def test_posts_are_split_off(full: House) -> None:
    at = open_page(full, "triage", event="ev-noise")
    at.multiselect(key="split-posts-ev-noise").select("noise-1")
    at.text_area(key="split-reason-ev-noise").input("说的是另一家店")
    press(at, "拆出")
    assert "已拆出" in text(at)
    assert events_of(full)["ev-noise"][0] == 2
    with full.ledger.read() as tx:
        assert tx.events.of_posts(["noise-1"]) == {"noise-1": "ev-noise-1"}


def test_a_merged_event_says_where_it_went(full: House) -> None:
    at = open_page(full, "triage", event="ev-accused")
    at.text_input(key="merge-typed-ev-accused").input("ev-wages")
    at.text_area(key="merge-reason-ev-accused").input("同一工地的工资")
    press(at, "归并")
    said = text(open_page(full, "triage", event="ev-accused"))
    assert "已并入另一事件" in said
    assert "立案并派单" not in said
    assert "同一工地的工资" in text(open_page(full, "triage", event="ev-wages"))


def test_events_are_ordered_by_the_chance_to_grow(full: House) -> None:
    rows = data.events(desk_of(full), EventFilter(sort="growth"))
    chances = [forecast(row.event, NOW).chance for row in rows]
    assert chances == sorted(chances, reverse=True)
    assert len(rows) == 5
