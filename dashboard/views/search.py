"""检索: every archived post by words and filters; never by who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import streamlit as st

from alerts.model import Case, User
from dashboard import data
from dashboard.desk import Desk, today
from dashboard.markup import facet_list, post_card
from dashboard.text import INTENT, SENTIMENT, SEVERITY, region_name, source_name, topic_name
from dashboard.views.parts import choose, link, nothing, place_choice, words
from dashboard.views.shown import note_view
from stream.archive import Hit, Page, Query

PER_PAGE = 20
SORTS = {"relevance": "最相关", "newest": "最新", "oldest": "最早", "severity": "严重程度"}
DAYS = {1: "近 1 天", 3: "近 3 天", 7: "近 7 天", 30: "近 30 天", 0: "不限"}
ASIDE = {"no": "不含搁置", "only": "只看搁置", "all": "全部"}
FACETS = {
    "topic": "事项",
    "severity": "严重程度",
    "region": "地区",
    "source": "来源",
    "sentiment": "情感",
    "intent": "诉求",
}
TRAIL = "search-trail"  # the marks of the pages gone through, and the query they belong to


def show(desk: Desk, user: User) -> None:
    st.title("检索")
    query = _filters(desk)
    trail = _trail(query)
    page, events, cases = data.search(desk, replace(query, after=trail[-1]))
    note_view(desk, user, "search", query.text or "（无词语）", _said(query))
    found, facets = st.columns([3, 1], gap="large")
    with found:
        st.caption(f"共 {page.total:,} 条" + (f"，第 {len(trail)} 页" if len(trail) > 1 else ""))
        if not page.hits:
            nothing("没有找到。可减少词语、放宽条件；多个词语之间用空格，须同时出现；整句请加引号。")
        for hit in page.hits:
            _hit(desk, hit, events.get(hit.judged.post.id, ""), cases)
        _pager(page, trail)
    with facets:
        _facets(desk, page)


def _filters(desk: Desk) -> Query:
    topics = {topic.key: topic.short for topic in desk.catalog.topics}
    sources = {source.key: source.name for source in desk.catalog.sources}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = words("词语", "search-text", "如 拖欠工资 工地", width=280)
        topic = choose("事项", {"": "全部", **topics}, "search-topic", width=120)
        region = place_choice(desk, "search")
        severity = choose(
            "严重程度", {n: f"{SEVERITY[n]}及以上" if n < 4 else SEVERITY[4] for n in SEVERITY}, "search-severity"
        )
        source = choose("来源", {"": "全部", **sources}, "search-source", width=170)
        days = choose("时间", DAYS, "search-days", width=110, default=30)
        aside = choose("搁置", ASIDE, "search-aside", width=120)
        sort = choose("排序", SORTS, "search-sort", width=120)
    return Query(
        text=text,
        topics=(topic,) if topic else (),
        region=region,
        severity_min=severity,
        sources=(source,) if source else (),
        since=today(desk.now()) - timedelta(days=days - 1) if days else None,
        set_aside={"no": False, "only": True}.get(aside),
        sort=sort,
        limit=PER_PAGE,
        facets=True,
    )


def _said(query: Query) -> str:
    """The filters of a search, for the audit."""
    severity = f"严重程度≥{query.severity_min}" if query.severity_min > 1 else ""
    return " ".join(part for part in (*query.topics, query.region, *query.sources, severity) if part)


def _trail(query: Query) -> list[str]:
    """Marks from the first page ("") to the one shown; another query starts anew."""
    kept: tuple[Query | None, list[str]] = st.session_state.get(TRAIL, (None, [""]))
    if kept[0] != query:
        kept = (query, [""])
        st.session_state[TRAIL] = kept
    return kept[1]


def _pager(page: Page, trail: list[str]) -> None:
    with st.container(horizontal=True):
        st.button("上一页", key="search-back", disabled=len(trail) == 1, on_click=_back, args=(trail,))
        st.button("下一页", key="search-on", disabled=not page.next, on_click=trail.append, args=(page.next,))


def _back(trail: list[str]) -> None:
    trail.pop()


def _hit(desk: Desk, hit: Hit, event_id: str, cases: Mapping[str, Case]) -> None:
    post = hit.judged.post
    with st.container(key=f"row-hit-{post.id}"):
        st.html(
            post_card(
                desk.catalog,
                hit.judged,
                hit.title_spans,
                hit.text_spans,
                near_copy=bool(hit.judged.judgement.near_copy_of),
            )
        )
        with st.container(horizontal=True):
            link("post", "改正研判", {"id": post.id})
            if event_id:
                link("triage", "所属事件", {"event": event_id})
                if case := cases.get(event_id):
                    link("case", f"案件 {case.number}", {"id": case.id})


def _facets(desk: Desk, page: Page) -> None:
    names: dict[str, Callable[[str], str]] = {
        "topic": lambda key: topic_name(desk.catalog, key),
        "severity": lambda key: SEVERITY.get(int(key), key),
        "region": lambda key: region_name(desk.catalog, key),
        "source": lambda key: source_name(desk.catalog, key),
        "sentiment": lambda key: SENTIMENT.get(key, key),
        "intent": lambda key: INTENT.get(key, key),
    }
    if not page.hits:
        return
    st.html("".join(facet_list(title, page.facets.get(field, {}), names[field]) for field, title in FACETS.items()))
