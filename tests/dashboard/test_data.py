"""What the pages are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from alerts.cases import act
from alerts.ledger import AlertFilter, CaseFilter, EventFilter
from app.wire import House
from dashboard import data
from dashboard.text import region_name
from stream.archive import Query
from stream.messages import Place
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import DAY, HOUR, case_of, desk_of


def test_the_figures_count_what_is_there(full: House) -> None:
    n = data.numbers(desk_of(full))
    assert (n.open_cases, n.overdue, n.due_soon, n.grave) == (2, 1, 1, 1)
    assert (n.waiting_alerts, n.failed_alerts) == (1, 1)
    assert n.new_events == 4  # all but the wages, which began six days ago
    assert n.posts_today == 6  # set-aside ones included: 3 noise, accused, nasty, advert


def test_an_empty_store_has_figures_of_zero(empty: House) -> None:
    desk = desk_of(empty)
    assert set(vars(data.numbers(desk)).values()) == {0}
    assert data.trend(desk) == []
    assert data.spread(desk) == ({}, {}, 0)
    assert data.urgent_cases(desk) == []


def test_places_outside_the_area_count_apart(full: House) -> None:
    desk = desk_of(full)
    known = desk.archive.search(Query(limit=1)).hits[0].judged
    place = Place("320106", "江苏省", "南京市", "鼓楼区", basis="text")
    away = replace(
        known,
        post=replace(known.post, id="away", published_at=NOW),
        judgement=replace(known.judgement, post_id="away", place=place),
    )
    before = data.spread(desk)[1]
    desk.archive.upsert([away])
    assert Counter(data.spread(desk)[1]) - Counter(before) == {data.OUTSIDE: 1}
    assert region_name(desk.catalog, "320106") == "南京市鼓楼区"


def test_late_comes_before_soon_and_each_case_comes_once(full: House) -> None:
    found = data.urgent_cases(desk_of(full))
    assert [(one.case.event_id, one.why) for one in found] == [("ev-wages", "overdue"), ("ev-river", "due_soon")]


def test_an_objection_is_urgent(full: House) -> None:
    case = case_of(full.ledger, "river")
    with full.ledger.begin() as tx:
        tx.cases.save(*act(replace(case), "object", "duty", NOW, "不归我们管"))
    desk = desk_of(full)
    assert data.numbers(desk).objected == 1
    assert {one.why for one in data.urgent_cases(desk)} == {"overdue", "objected"}  # its clocks stand still


def test_a_source_is_well_or_failed_or_silent(full: House) -> None:
    states = {one.key: (one.state, one.reason) for one in data.source_health(desk_of(full))}
    assert states["board"] == ("ok", "")
    assert states["forum"] == ("failed", "列表页结构变了")
    assert states["silent"][0] == "silent"


def test_sources_that_never_ran_say_so(empty: House) -> None:
    assert {one.state for one in data.source_health(desk_of(empty))} == {"never"}


def test_heat_is_what_is_left_of_it_now(full: House) -> None:
    rows = data.events(desk_of(full), EventFilter(sort="heat"))
    heats = [row.heat for row in rows]
    assert heats == sorted(heats, reverse=True)
    assert rows[0].event.id == "ev-river"  # fewer posts than the wages, but fresh and grave
    assert next(row for row in rows if row.event.id == "ev-wages").heat < 5 * 2.5 * 1.25


def test_pages_of_events_cover_all_of_them_once(full: House) -> None:
    desk = desk_of(full)
    pages = [data.events(desk, EventFilter(sort="heat", limit=2, offset=offset)) for offset in (0, 2, 4)]
    ids = [row.event.id for page in pages for row in page]
    assert len(ids) == len(set(ids)) == data.count_events(desk, EventFilter()) == 5


def test_an_event_brings_its_posts_copies_and_case(full: House) -> None:
    detail = data.event_detail(desk_of(full), "ev-wages")
    assert detail is not None
    assert len(detail.posts) == 5
    assert detail.posts[0].post.id == "wages-0"  # the representative comes first
    assert detail.near_copies == 1
    assert detail.case
    assert detail.case.office == "renshe"
    assert data.event_detail(desk_of(full), "ev-none") is None


def test_days_without_posts_are_shown(full: House) -> None:
    event = data.event_detail(desk_of(full), "ev-noise")
    assert event is not None
    gappy = replace(event.event, daily={"2026-11-20": 2, "2026-11-23": 1})
    assert [n for _, n in data.daily(gappy)] == [2, 0, 0, 1]
    assert data.daily(replace(gappy, daily={})) == []


def test_an_accused_office_is_not_suggested(full: House) -> None:
    desk = desk_of(full)
    detail = data.event_detail(desk, "ev-accused")
    assert detail is not None
    assert detail.accused == {"renshe"}
    assert not data.suggestion(desk, detail).lead.startswith("renshe")


def test_a_case_is_found_by_id_and_by_number(full: House) -> None:
    desk, case = desk_of(full), case_of(full.ledger, "wages")
    for name in (case.id, case.number):
        detail = data.case_detail(desk, name)
        assert detail is not None
        assert [action.verb for action in detail.actions] == ["open", "accept"]
        assert len(detail.alerts) == 4
    assert data.case_detail(desk, "MS-0") is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (CaseFilter(open=True), {"ev-wages", "ev-river"}),
        (CaseFilter(open=True, overdue_at=NOW), {"ev-wages"}),
        (CaseFilter(offices=("huanjing",)), {"ev-river"}),
        (CaseFilter(states=("accepted",)), {"ev-wages"}),
        (CaseFilter(text="死鱼"), {"ev-river"}),
    ],
)
def test_cases_are_filtered(full: House, wanted: CaseFilter, expected: set[str]) -> None:
    desk = desk_of(full)
    assert {case.event_id for case in data.cases(desk, wanted)} == expected
    assert data.count_cases(desk, wanted) == len(expected)


def test_a_search_leads_to_event_and_case(full: House) -> None:
    page, events, cases = data.search(desk_of(full), Query(text="死鱼", facets=True))
    assert page.total == 3
    assert {events[hit.judged.post.id] for hit in page.hits} == {"ev-river"}
    assert cases["ev-river"].office == "huanjing"


def test_the_trend_counts_by_area_and_leaves_adverts_out(full: House) -> None:
    rows = data.trend(desk_of(full))
    assert sum(n for _, _, n in rows) == 13
    assert {area for _, area, _ in rows} == {"工资拖欠", "生态环境"}


def test_alerts_come_with_their_cases(full: House) -> None:
    found, cases = data.alerts(desk_of(full), AlertFilter(states=("failed",)))
    assert [alert.why_not for alert in found] == ["对方服务器拒收"]
    assert cases[found[0].case_id].event_id == "ev-wages"


def test_the_next_clock_is_the_open_one_that_ends_first(full: House) -> None:
    case = case_of(full.ledger, "wages")
    clock = data.next_clock(case)
    assert clock is not None
    assert clock.due_at == NOW - DAY
    assert data.is_overdue(case, NOW)
    assert not data.is_overdue(case, NOW - 2 * DAY)
    assert not data.is_due_soon(case, NOW - 2 * DAY)
    assert data.is_due_soon(case, NOW - DAY - HOUR)
