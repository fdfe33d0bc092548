"""What every archive must do. A backend's test module imports this class and gives it one fixture:

`archive`: an open, empty Archive in which what `upsert` wrote is found when it returns.

Where an empty one is dear it gives `texts` too, one for all tests.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from stream.archive import Archive, Page, Query, Sort
from stream.errors import MinshengError
from stream.messages import Judged, Judgement, Place, Post, Reason, Scored
from tests.contract.queries import QUERIES, TEXTS, Row

A = TypeVar("A", bound=Archive)
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)  # Wednesday, 12:00 in Shanghai


def judged(
    name: str = "a",
    title: str = "关于小区停水的投诉",
    text: str = "我们小区已经停水三天了，物业一直没有答复。",
    at: datetime = NOON,
    **facts: Any,
) -> Judged:
    """A judged post of invented content; `facts` are topic, office, sentiment, intent, severity, source, kind, region,
    set_aside and needs_human."""
    region = facts.get("region", "330106")
    post = Post(
        id=name,
        source=facts.get("source", "board"),
        kind=facts.get("kind", "message"),
        title=title,
        text=text,
        published_at=at,
        fetched_at=at + timedelta(minutes=5),
        url=f"https://town.example/{name}",
        region="330100",
        counts={"likes": 3},
    )
    judgement = Judgement(
        post_id=name,
        topics=(Scored(facts.get("topic", "housing"), 0.8), Scored("ecology", 0.1)),
        office=Scored(facts.get("office", "zhujian"), 0.7),
        sentiment=Scored(facts.get("sentiment", "neg"), 0.9),
        intent=Scored(facts.get("intent", "complain"), 0.6),
        severity=facts.get("severity", 2),
        severity_score=1.75,
        place=Place(region, "浙江省", "杭州市", "西湖区", basis="text") if region else Place(),
        model="fast-1",
        reasons=(Reason("topic:housing", "停水", "text", 6, 8, 0.5),),
        set_aside=facts.get("set_aside", ""),
        needs_human=facts.get("needs_human", False),
    )
    return Judged(post, judgement)


def ids(page: Page) -> list[str]:
    return [hit.judged.post.id for hit in page.hits]


def found(archive: Archive, **query: Any) -> list[str]:
    return sorted(ids(archive.search(Query(**query))))


def with_texts(archive: A) -> A:
    archive.upsert([judged(name, title, text) for name, (title, text) in TEXTS.items()])
    return archive


def walk(archive: Archive, query: Query) -> list[str]:
    """The ids of all pages in order."""
    seen: list[str] = []
    while True:
        page = archive.search(query)
        seen += ids(page)
        if not page.next:
            return seen
        query = replace(query, after=page.next)


class ArchiveContract:
    # --- keeping -------------------------------------------------------------------------------------------------

    def test_gives_back_what_was_written(self, archive: Archive) -> None:
        one = judged("a", at=NOON + timedelta(microseconds=123456))
        archive.upsert([one])
        assert archive.get("a") == one

    def test_an_unknown_post_is_none(self, archive: Archive) -> None:
        assert archive.get("nobody") is None

    def test_writing_nothing_is_allowed(self, archive: Archive) -> None:
        archive.upsert([])
        assert archive.search(Query()) == Page((), 0)

    def test_the_same_posts_again_change_nothing(self, archive: Archive) -> None:
        posts = [judged("a"), judged("b", text="工地拖欠工资")]
        archive.upsert(posts)
        before = archive.search(Query(text="工资", facets=True)), archive.search(Query())
        archive.upsert(posts)
        assert (archive.search(Query(text="工资", facets=True)), archive.search(Query())) == before

    def test_a_changed_text_is_found_by_its_new_words_alone(self, archive: Archive) -> None:
        archive.upsert([judged("a", title="旧题", text="河水发黑"), judged("b", text="河水清澈")])
        archive.upsert([judged("a", title="新题", text="路灯不亮")])
        assert found(archive, text="河水") == ["b"]
        assert found(archive, text="旧题") == []
        assert found(archive, text="路灯") == ["a"]
        assert archive.search(Query()).total == 2

    def test_a_changed_judgement_moves_the_post(self, archive: Archive) -> None:
        archive.upsert([judged("a", topic="housing")])
        archive.upsert([judged("a", topic="wages")])
        assert found(archive, topics=("housing",)) == []
        assert found(archive, topics=("wages",), text="停水") == ["a"]

    def test_of_a_post_twice_in_one_call_the_last_stays(self, archive: Archive) -> None:
        archive.upsert([judged("a", text="先写的"), judged("a", text="后写的")])
        assert found(archive, text="后写") == ["a"]
        assert found(archive, text="先写") == []

    def test_purge_takes_what_is_older_and_its_words(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON - timedelta(days=n)) for n in range(5)])
        assert archive.purge(NOON - timedelta(days=2)) == 2
        assert found(archive) == found(archive, text="停水") == ["0", "1", "2"]
        assert archive.get("4") is None
        assert archive.purge(NOON - timedelta(days=2)) == 0

    def test_a_purged_post_may_come_again(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b")])
        archive.purge(NOON + timedelta(days=1))
        archive.upsert([judged("a", text="路灯不亮")])
        assert found(archive, text="路灯") == ["a"]
        assert found(archive, text="三天") == []

    # --- finding words -------------------------------------------------------------------------------------------

    @pytest.fixture
    def texts(self, archive: Archive) -> Archive:
        """It holds TEXTS, and is only read."""
        return with_texts(archive)

    @pytest.mark.parametrize("row", QUERIES, ids=lambda row: row.why)
    def test_words(self, texts: Archive, row: Row) -> None:
        assert found(texts, text=row.query) == sorted(row.finds)

    @pytest.mark.parametrize("row", QUERIES, ids=lambda row: row.why)
    def test_words_in_histograms(self, texts: Archive, row: Row) -> None:
        counted = sum(bucket.count for bucket in texts.histogram(Query(text=row.query), "day"))
        assert counted == len(row.finds)

    def test_highlights_are_offsets_into_the_original(self, archive: Archive) -> None:
        archive.upsert([judged("a", title="ＫＴＶ噪声", text="楼下KTV每晚噪声扰民，ktv老板说：没有噪声！")])
        (hit,) = archive.search(Query(text="ktv 噪声")).hits
        post = hit.judged.post
        assert [post.title[start:end] for start, end in hit.title_spans] == ["ＫＴＶ噪声"]
        assert [post.text[start:end] for start, end in hit.text_spans] == ["KTV", "噪声", "ktv", "噪声"]

    def test_nothing_is_highlighted_without_words(self, archive: Archive) -> None:
        archive.upsert([judged("a")])
        (hit,) = archive.search(Query()).hits
        assert (hit.title_spans, hit.text_spans) == ((), ())

    # --- filters -------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("query", "fact", "other"),
        [
            ({"topics": ("wages", "safety")}, {"topic": "wages"}, {"topic": "housing"}),
            ({"offices": ("renshe",)}, {"office": "renshe"}, {"office": "zhujian"}),
            ({"sentiments": ("pos",)}, {"sentiment": "pos"}, {"sentiment": "neg"}),
            ({"intents": ("help",)}, {"intent": "help"}, {"intent": "complain"}),
            ({"sources": ("forum-a",)}, {"source": "forum-a"}, {"source": "board"}),
            ({"kinds": ("hotline", "news")}, {"kind": "news"}, {"kind": "message"}),
            ({"severity_min": 3}, {"severity": 3}, {"severity": 2}),
            ({"region": "330106"}, {"region": "330106"}, {"region": "330109"}),
            ({"region": "330100"}, {"region": "330109"}, {"region": "330203"}),
            ({"region": "330000"}, {"region": "331102"}, {"region": "320102"}),
            ({"region": "330100"}, {"region": "330100"}, {"region": "330000"}),
            ({"region": "330100"}, {"region": "330106"}, {"region": ""}),
            ({"set_aside": True}, {"set_aside": "advert"}, {"set_aside": ""}),
            ({"set_aside": False}, {"set_aside": ""}, {"set_aside": "advert"}),
            ({"needs_human": True}, {"needs_human": True}, {"needs_human": False}),
            ({"needs_human": False}, {"needs_human": False}, {"needs_human": True}),
            ({"ids": ("yes", "absent")}, {}, {}),
        ],
        ids=str,
    )
    def test_a_filter(
        self, archive: Archive, query: dict[str, Any], fact: dict[str, Any], other: dict[str, Any]
    ) -> None:
        archive.upsert([judged("yes", **fact), judged("no", **other)])
        assert found(archive, **query) == ["yes"]
        assert found(archive, **query, text="停水") == ["yes"]
        assert found(archive, **query, text="没有这个词") == []

    def test_what_was_set_aside_is_shown_when_asked(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b", set_aside="template")])
        assert found(archive) == ["a"]
        assert found(archive, set_aside=None) == ["a", "b"]

    def test_since_is_included_and_until_is_not(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON + timedelta(microseconds=n)) for n in range(4)])
        query = {"since": NOON + timedelta(microseconds=1), "until": NOON + timedelta(microseconds=3)}
        assert found(archive, **query) == ["1", "2"]

    def test_odd_values_filter_like_any_other(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b'; DROP TABLE post; --", source="%")])
        assert found(archive, sources=("%",)) == ["b'; DROP TABLE post; --"]
        assert found(archive, topics=("' OR 1=1 --", "*")) == []
        assert found(archive, region="33%") == []

    # --- order and pages -----------------------------------------------------------------------------------------

    def test_newest_and_oldest(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON + timedelta(hours=n * 7 % 5)) for n in range(5)])
        assert ids(archive.search(Query(sort="newest"))) == ["2", "4", "1", "3", "0"]
        assert ids(archive.search(Query(sort="oldest"))) == ["0", "3", "1", "4", "2"]

    def test_severity_then_newest(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), severity=1 + n % 2, at=NOON + timedelta(hours=n)) for n in range(4)])
        assert ids(archive.search(Query(sort="severity"))) == ["3", "1", "2", "0"]

    def test_relevance_puts_the_title_and_frequent_words_first(self, archive: Archive) -> None:
        rest = "其余都是一样长的一段话，讲的是别的事情，凑足字数而已。"
        archive.upsert(
            [
                judged("none", title="楼道照明", text="路灯。" + rest),
                judged("once", title="楼道照明", text="电梯。" + rest),
                judged("title", title="电梯故障", text="电梯。" + rest),
            ]
        )
        assert ids(archive.search(Query(text="电梯", sort="relevance"))) == ["title", "once"]

    def test_relevance_without_words_means_newest(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON + timedelta(hours=n)) for n in range(3)])
        assert walk(archive, Query(sort="relevance", limit=2)) == ["2", "1", "0"]

    @pytest.mark.parametrize("sort", ["newest", "oldest", "relevance", "severity"])
    @pytest.mark.parametrize("text", ["", "停水"])
    def test_pages_show_every_post_once(self, archive: Archive, sort: Sort, text: str) -> None:
        archive.upsert([judged(f"p{n:02d}", at=NOON + timedelta(hours=n % 3), severity=1 + n % 4) for n in range(23)])
        query = Query(text=text, sort=sort, limit=5)
        seen = walk(archive, query)
        assert Counter(seen) == Counter(f"p{n:02d}" for n in range(23))
        assert seen == ids(archive.search(replace(query, limit=100)))

    def test_a_later_page_still_counts_all(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON + timedelta(hours=n)) for n in range(5)])
        first = archive.search(Query(limit=2))
        second = archive.search(Query(limit=2, after=first.next))
        assert (first.total, second.total) == (5, 5)

    def test_new_posts_do_not_shift_the_pages(self, archive: Archive) -> None:
        archive.upsert([judged(str(n), at=NOON + timedelta(hours=n)) for n in range(4)])
        first = archive.search(Query(limit=2))
        archive.upsert([judged("new", at=NOON + timedelta(days=1))])
        assert ids(archive.search(Query(limit=2, after=first.next))) == ["1", "0"]

    def test_the_last_full_page_has_no_next(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b")])
        assert archive.search(Query(limit=2)).next == ""

    def test_a_limit_of_zero_only_counts(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b")])
        assert archive.search(Query(limit=0)) == Page((), 2)

    @pytest.mark.parametrize("after", ["x", "%%%", "bnVsbA==", "W10=", "中文"])
    def test_a_mark_that_is_none_is_refused_in_plain_words(self, archive: Archive, after: str) -> None:
        with pytest.raises(MinshengError, match="翻页标记"):
            archive.search(Query(after=after))

    def test_a_mark_of_another_order_is_refused(self, archive: Archive) -> None:
        archive.upsert([judged("a"), judged("b")])
        mark = archive.search(Query(limit=1)).next
        with pytest.raises(MinshengError, match="第一页"):
            archive.search(Query(limit=1, sort="severity", after=mark))

    # --- counts --------------------------------------------------------------------------------------------------

    def test_facets_count_all_matches(self, archive: Archive) -> None:
        archive.upsert(
            [
                judged("a", topic="wages", severity=4, region="330106"),
                judged("b", topic="wages", severity=2, region=""),
                judged("c", topic="housing", severity=2, kind="forum"),
                judged("d", topic="housing", set_aside="advert"),
            ]
        )
        facets = archive.search(Query(text="停水", facets=True, limit=1)).facets
        assert dict(facets["topic"]) == {"wages": 2, "housing": 1}
        assert dict(facets["severity"]) == {"4": 1, "2": 2}
        assert dict(facets["kind"]) == {"message": 2, "forum": 1}
        assert dict(facets["region"]) == {"330106": 2, "": 1}
        assert set(facets) == {"topic", "sentiment", "severity", "source", "kind", "office", "region", "intent"}

    def test_facets_are_left_out_unless_asked_for(self, archive: Archive) -> None:
        archive.upsert([judged("a")])
        assert archive.search(Query()).facets == {}

    def test_days_are_cut_in_shanghai(self, archive: Archive) -> None:
        midnight = datetime(2026, 11, 17, 16, 0, tzinfo=UTC)  # the 18th begins in Shanghai
        archive.upsert(
            [
                judged("before", at=midnight - timedelta(microseconds=1)),
                judged("first", at=midnight),
                judged("last", at=midnight + timedelta(days=1, microseconds=-1)),
            ]
        )
        buckets = archive.histogram(Query(), "day")
        assert [(bucket.start, bucket.key, bucket.count) for bucket in buckets] == [
            (midnight - timedelta(days=1), "", 1),
            (midnight, "", 2),
        ]

    def test_weeks_begin_on_monday_in_shanghai(self, archive: Archive) -> None:
        monday = datetime(2026, 11, 15, 16, 0, tzinfo=UTC)
        archive.upsert([judged("sunday", at=monday - timedelta(seconds=1)), judged("monday", at=monday), judged("now")])
        buckets = archive.histogram(Query(), "week")
        assert [(bucket.start, bucket.count) for bucket in buckets] == [(monday - timedelta(days=7), 1), (monday, 2)]

    def test_hours_leave_empty_ones_out(self, archive: Archive) -> None:
        archive.upsert(
            [judged("a"), judged("b", at=NOON + timedelta(minutes=59)), judged("c", at=NOON + timedelta(hours=3))]
        )
        buckets = archive.histogram(Query(), "hour")
        assert [(bucket.start, bucket.count) for bucket in buckets] == [(NOON, 2), (NOON + timedelta(hours=3), 1)]

    def test_a_histogram_splits_and_filters(self, archive: Archive) -> None:
        archive.upsert(
            [
                judged("a", topic="wages", severity=3),
                judged("b", topic="housing"),
                judged("c", topic="wages", source="forum-a"),
                judged("d", topic="wages", set_aside="advert"),
            ]
        )
        by_topic = archive.histogram(Query(), "day", "topic")
        assert [(bucket.key, bucket.count) for bucket in by_topic] == [("housing", 1), ("wages", 2)]
        by_severity = archive.histogram(Query(topics=("wages",)), "day", "severity")
        assert [(bucket.key, bucket.count) for bucket in by_severity] == [("2", 1), ("3", 1)]

    def test_a_histogram_does_not_care_for_pages(self, archive: Archive) -> None:
        archive.upsert([judged(str(n)) for n in range(5)])
        (bucket,) = archive.histogram(Query(limit=2, sort="oldest"), "day")
        assert bucket.count == 5
